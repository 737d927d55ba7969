/** What of a request tells whether it came from this machine to this machine. */
export interface Arrival {
  /** Every name the request gives this server: the raw `Host`, `:authority`, the host of its URL. */
  readonly hosts: readonly (string | undefined)[]
  /** The names of the request headers, in lower case. */
  readonly headers: Iterable<string>
  /** The address at the other end of the connection, where the runtime tells. */
  readonly peer?: string | undefined
  /** `NODE_ENV`. */
  readonly environment?: string | undefined
}

/**
 * Whether a request over plain HTTP surely never left this machine, so that its cookie needs no `Secure`. Everything must speak for it:
 * the host name, the peer where it is known, no trace of a proxy, and not production.
 */
export function isLoopback({ hosts, headers, peer, environment }: Arrival): boolean {
  if (environment === 'production' || hosts.length === 0 || !hosts.every(isLoopbackHost)) return false
  if (peer !== undefined && !isLoopbackAddress(peer)) return false
  for (const name of headers) if (OF_PROXY.test(name)) return false
  return true
}

/** What proxies add, those that do not say `X-Forwarded-For` too. Not `CF-Connecting-IP`: Workers see it in development as well. */
const OF_PROXY =
  /^(?:forwarded|via|x-forwarded(?:-.*)?|x-original-.*|x-real-ip|x-client-ip|x-cluster-client-ip|x-url-scheme|fastly-client-ip|true-client-ip|front-end-https)$/

const LOCALHOST = /^(?:(?:[a-z\d-]+\.)*localhost|127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\])(?::\d+)?$/i

function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && LOCALHOST.test(host)
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || LOCALHOST.test(address.replace(/^::ffff:/i, ''))
}
