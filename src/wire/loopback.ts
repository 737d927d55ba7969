const FORWARDED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'x-forwarded-server']

/** What of a request tells whether it came from this machine to this machine. */
export interface Arrival {
  /** The raw `Host` or `:authority`. */
  readonly host: string | undefined
  /** Looks a request header up by its lower-case name. */
  readonly header: (name: string) => unknown
  /** The address at the other end of the connection, where the runtime tells. */
  readonly peer?: string | undefined
  /** `NODE_ENV`. */
  readonly environment?: string | undefined
}

/**
 * Whether a request over plain HTTP surely never left this machine, so that its cookie needs no `Secure`. Everything must speak for it:
 * the host name, the peer where it is known, no trace of a proxy, and not production.
 */
export function isLoopback({ host, header, peer, environment }: Arrival): boolean {
  if (environment === 'production' || !isLoopbackHost(host)) return false
  if (peer !== undefined && !isLoopbackAddress(peer)) return false
  return FORWARDED.every((name) => header(name) === undefined || header(name) === null)
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
