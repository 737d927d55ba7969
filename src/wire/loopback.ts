/** The parts of a request that show whether it was sent from this machine. */
export interface RequestSource {
  /** Every host name in the request: the raw `Host`, `:authority`, the host of its URL. */
  readonly hosts: readonly (string | undefined)[]
  /** The names of the request headers, in lower case. */
  readonly names: Iterable<string>
  /** The value of a header, by its lower-case name. */
  readonly header: (name: string) => string | undefined
  /** The remote address of the connection, if the runtime provides it. */
  readonly peer?: string | undefined
  /** `NODE_ENV`. */
  readonly environment?: string | undefined
}

/**
 * Why a plain HTTP request does not count as sent from this machine; `undefined` when it does, so
 * that its cookie needs no `Secure`. All of these must hold: `NODE_ENV` is not `production`, every
 * host name is local, the peer is local where it is known, and no header says otherwise.
 */
export function whyNotLoopback({ hosts, names, header, peer, environment }: RequestSource): string | undefined {
  if (environment === 'production') return 'NODE_ENV is production'
  if (hosts.length === 0) return 'it names no host'
  for (const host of hosts) if (!isLoopbackHost(host)) return `its host is ${quote(host)}`
  if (peer !== undefined && !isLoopbackAddress(peer)) return `its peer is ${quote(peer)}`
  const isFromAnotherSite = header('sec-fetch-site') === 'cross-site'
  for (const name of names) {
    if (!MAY_MATTER.test(name)) continue
    const value = header(name) ?? ''
    if (PAGE.test(name)) {
      if (!isFromAnotherSite && !isLocalUrl(value)) return `its header \`${name}\` names ${quote(URL.parse(value)?.origin)}`
    } else if (isFromElsewhere(name, value)) return `its header \`${name}\` is ${quote(value)}`
  }
  return undefined
}

/** Whether the address is one of this machine. */
export function isLoopbackAddress(address: string): boolean {
  const [, bare = address] = /^\[([^\]]*)\](?::\d+)?$/.exec(address) ?? []
  return bare === '::1' || (bare !== '' && LOOPBACK_HOST.test(bare.replace(/^::ffff:/i, '')))
}

const LOOPBACK_HOST = /^(?:(?:[a-z\d-]+\.)*localhost|127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[::1\])(?::\d+)?$/i

function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK_HOST.test(host)
}

/** Decides whether the value of a header is compatible with a request from this machine. */
type Judge = (value: string) => boolean

const isLocalScheme = (scheme: string): boolean => /^(?:http|ws)$/i.test(scheme)

const each =
  (isLocal: Judge): Judge =>
  (value) =>
    value.split(',').every((item) => isLocal(item.trim()))

/** Whether a value of `X-Forwarded-Proto` says that the browser has used HTTPS. */
export function isForwardedHttps(proto = ''): boolean {
  return /^\s*https\s*(?:,|$)/i.test(proto)
}

/** Passes over most headers quickly. */
const MAY_MATTER = /^(?:x-|fastly-|true-|front-|forwarded$|via$|origin$|referer$)/

/**
 * Development servers (Next, Vite) send forwarding headers with local values, so the values decide.
 * A forwarding header that is not in this list is not from this machine, whatever its value is.
 * `CF-Connecting-IP` is none of them, because Workers receive it in development too.
 */
const FORWARDING: readonly (readonly [RegExp, Judge])[] = [
  [
    /^(?:x-forwarded-for|x-original-forwarded-for|x-real-ip|x-client-ip|x-cluster-client-ip|fastly-client-ip|true-client-ip)$/,
    each(isLoopbackAddress),
  ],
  [/^(?:x-forwarded-host|x-forwarded-server|x-original-host)$/, each(isLoopbackHost)],
  [/^(?:x-forwarded-(?:proto|protocol|scheme)|x-original-proto|x-url-scheme)$/, each(isLocalScheme)],
  [/^(?:x-forwarded-port|x-original-port)$/, each((port) => /^\d+$/.test(port) && port !== '443')],
  [/^(?:x-forwarded-ssl|front-end-https)$/, each((flag) => /^off$/i.test(flag))],
  [/^forwarded$/, each(isLocalElement)],
  [/^via$/, each((hop) => isLoopbackHost(hop.split(/\s+/)[1]))],
  [/^x-forwarded(?:-.*)?$|^x-original-/, () => false],
]

function isFromElsewhere(name: string, value: string): boolean {
  const isLocal = FORWARDING.find(([names]) => names.test(name))?.[1]
  return isLocal !== undefined && !isLocal(value)
}

/**
 * The page that sends a request, as its browser states it. It shows how this server is reached,
 * unless the page is of another site, such as that of a provider of logins.
 */
const PAGE = /^(?:origin|referer)$/

/** `null`, and what is not a URL with a host, say nothing. */
function isLocalUrl(url: string): boolean {
  const { protocol, host } = URL.parse(url) ?? { protocol: '', host: '' }
  return protocol !== 'https:' && (host === '' || isLoopbackHost(host))
}

/** An element of `Forwarded`: `for="[::1]:3000";host=localhost;proto=http`. */
function isLocalElement(element: string): boolean {
  return element.split(';').every((pair) => {
    const [, name = '', value = ''] = /^\s*([^=\s]+)\s*=\s*"?([^"]*)"?\s*$/.exec(pair) ?? []
    return JUDGE_OF_PAIR[name.toLowerCase()]?.(value) ?? false
  })
}

const JUDGE_OF_PAIR: Readonly<Record<string, Judge | undefined>> = {
  for: isLoopbackAddress,
  by: isLoopbackAddress,
  host: isLoopbackHost,
  proto: isLocalScheme,
}

/** A value from the client, for an error message. */
function quote(value: string | undefined): string {
  return value === undefined ? 'missing' : JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value)
}
