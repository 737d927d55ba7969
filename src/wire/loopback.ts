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
  for (const name of headers) if (isOfProxy(name)) return false
  return true
}

function isOfProxy(name: string): boolean {
  return name === 'forwarded' || name === 'via' || name.startsWith('x-forwarded-')
}

function isLoopbackHost(host: string | undefined): boolean {
  if (host === undefined) return false
  const name = host.replace(/:\d*$/, '').toLowerCase()
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || isLoopbackV4(name)
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || isLoopbackV4(address.replace(/^::ffff:/i, ''))
}

function isLoopbackV4(address: string): boolean {
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address)
}
