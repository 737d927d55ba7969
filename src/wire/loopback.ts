/** The parts of a request that show whether it was sent from this machine. */
export interface RequestSource {
  /** Every host name in the request: the raw `Host`, `:authority`, the host of its URL. */
  readonly hosts: readonly (string | undefined)[]
  /** The names of the request headers, in lower case. */
  readonly headers: Iterable<string>
  /** The remote address of the connection, if the runtime provides it. */
  readonly peer?: string | undefined
  /** `NODE_ENV`. */
  readonly environment?: string | undefined
}

/**
 * Whether a plain HTTP request was sent from this machine, so that its cookie needs no `Secure`.
 * All of these must hold: every host name is local, the peer is local or unknown, no header of a
 * proxy is present, and `NODE_ENV` is not `production`.
 */
export function isLoopback({ hosts, headers, peer, environment }: RequestSource): boolean {
  if (environment === 'production' || hosts.length === 0 || !hosts.every(isLoopbackHost)) return false
  if (peer !== undefined && !isLoopbackAddress(peer)) return false
  for (const name of headers) if (PROXY_HEADER.test(name)) return false
  return true
}

/**
 * Headers of proxies, including those that do not send `X-Forwarded-For`. `CF-Connecting-IP` is
 * missing on purpose: Workers receive it in development too.
 */
const PROXY_HEADER =
  /^(?:forwarded|via|x-forwarded(?:-.*)?|x-original-.*|x-real-ip|x-client-ip|x-cluster-client-ip|x-url-scheme|fastly-client-ip|true-client-ip|front-end-https)$/

const LOOPBACK_HOST = /^(?:(?:[a-z\d-]+\.)*localhost|127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\])(?::\d+)?$/i

function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK_HOST.test(host)
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || LOOPBACK_HOST.test(address.replace(/^::ffff:/i, ''))
}
