import { combineChunks, createChunks, receivedNames } from '../../wire/cookie-chunks.ts'
import { type CookieAttributes, serializeCookie } from '../../wire/set-cookie.ts'
import { ConfigError } from '../base/errors.ts'
import { formatValue } from '../base/format.ts'
import { cookieHeader, type IncomingRequest } from './incoming-request.ts'
import type { Carrier, CookieToSet, Issue, Presented, Refused, Transport } from './transport.ts'

/** The option `cookie`. */
export interface CookieOptions {
  /**
   * The name without a prefix. Default `sid`. `__Host-` or `__Secure-` is added where the rules of
   * browsers allow it.
   */
  readonly name?: string
  /** Default `/`. */
  readonly path?: string
  /**
   * Shares the cookie with all subdomains of this name. Left out on loopback, where browsers would
   * refuse it.
   */
  readonly domain?: string
  /**
   * `'auto'` (default): Secure over HTTPS, not Secure on loopback, and no cookie at all over other
   * plain HTTP. `true`: always Secure, whatever scheme the server sees; for servers behind a proxy
   * that terminates TLS.
   */
  readonly secure?: true | 'auto'
  /** Default `true`: scripts in the page cannot read the cookie. */
  readonly httpOnly?: boolean
  /** Default `'lax'`. `'none'` needs `secure: true`. */
  readonly sameSite?: 'lax' | 'strict' | 'none'
  /**
   * Gives each site that embeds this one a separate cookie jar; needs `secure: true` and `sameSite:
   * 'none'`.
   */
  readonly partitioned?: boolean
  /** Which cookies Chromium keeps when there are too many. */
  readonly priority?: 'low' | 'medium' | 'high'
}

/** Browsers accept this many bytes per cookie, name and attributes included. */
const COOKIE_BYTES = 4096
/** The longest `Max-Age` that browsers accept, in seconds: 400 days. */
const MAX_AGE = 34_560_000

/** Carries the token in a cookie, and in several where one cannot hold it. */
export class CookieCarrier implements Carrier {
  readonly name: string
  readonly #attributes: CookieAttributes
  readonly #maxLength: number

  constructor(name: string, attributes: CookieAttributes) {
    this.name = name
    this.#attributes = attributes
    this.#maxLength = maxLength(name, attributes)
  }

  read(request: IncomingRequest): Presented {
    const header = cookieHeader(request, this.name)
    return { tokens: combineChunks(header, this.name), names: receivedNames(header, this.name) }
  }

  /** Cookies that the browser sent for an earlier, longer token are deleted. */
  issue(token: string, { lifetime, attributes: own }: Issue, { names }: Presented): CookieToSet[] {
    const attributes = own === undefined ? this.#attributes : { ...this.#attributes, ...own }
    const length = own === undefined ? this.#maxLength : maxLength(this.name, attributes)
    const maxAge = lifetime === undefined ? undefined : Math.max(1, Math.ceil(lifetime / 1000))
    const cookies: CookieToSet[] = createChunks(this.name, token, length).map(([name, value]) => ({
      name,
      value,
      attributes,
      maxAge,
    }))
    const unused = names.filter((name) => !cookies.some((cookie) => cookie.name === name))
    return unused.length === 0 ? cookies : [...cookies, ...this.#delete(unused)]
  }

  clear({ names }: Presented): CookieToSet[] {
    return this.#delete(names)
  }

  #delete(names: readonly string[]): CookieToSet[] {
    return names.map((name) => ({ name, value: undefined, attributes: this.#attributes }))
  }
}

/** The maximum length of the value of one cookie with these attributes. */
function maxLength(name: string, attributes: CookieAttributes): number {
  return COOKIE_BYTES - serializeCookie(`${name}.9`, '.9', attributes, MAX_AGE).length
}

/**
 * The transport of checked options: a prefixed, Secure cookie over HTTPS, a plain one on loopback,
 * and none over other plain HTTP.
 */
export function cookieTransport(options: CookieOptions): Transport {
  const { path = '/', domain, secure: always = 'auto', httpOnly = true, sameSite = 'lax', partitioned, priority } = options
  const common = {
    path,
    httpOnly,
    sameSite,
    ...(partitioned === true ? { partitioned } : {}),
    ...(priority === undefined ? {} : { priority }),
  }
  const name = nameWithoutPrefix(options)
  const prefix = domain === undefined && path === '/' ? '__Host-' : '__Secure-'
  const secured = new CookieCarrier(prefix + name, { ...common, secure: true, ...(domain === undefined ? {} : { domain }) })
  const local = new CookieCarrier(name, { ...common, secure: false })
  return {
    vary: 'Cookie',
    carrierFor(request) {
      const carrier = always === true || request.secure ? secured : request.loopback ? local : undefined
      if (carrier === undefined) return insecure(request)
      return isOutside(path, request) && carrier.read(request).names.length === 0 ? outsidePath(path, request.path) : carrier
    },
  }
}

/**
 * Whether the browser would not send the cookie with such a request. A request that brings the
 * cookie is inside, whatever path a proxy left of it.
 */
function isOutside(path: string, request: IncomingRequest): boolean {
  const { path: requested } = request
  if (path === '/' || requested === undefined || isBelow(path, requested)) return false
  const prefix = request.header('x-forwarded-prefix')
  return prefix === undefined || !isBelow(path, withPrefix(prefix, requested))
}

function isBelow(path: string, requested: string): boolean {
  return requested === path || requested.startsWith(path.endsWith('/') ? path : `${path}/`)
}

/**
 * The path before the proxy shortened it. Of several proxies the first one is nearest to the
 * client.
 */
function withPrefix(prefix: string, requested: string): string {
  return prefix.replace(/,.*/s, '').trim().replace(/\/$/, '') + requested
}

/**
 * Returns the scope of a cookie. Ids of one scope are not valid in another: an id of the visitors'
 * cookie does not open a session in the cookie of the administration, although both keep their rows
 * in one table. The scope of the default cookie is empty.
 */
export function scopeOf(options: CookieOptions = {}): string {
  const { path = '/', domain = '' } = options
  const scope = `${nameWithoutPrefix(options)} ${path} ${domain} `
  return scope === 'sid /  ' ? '' : scope
}

function nameWithoutPrefix({ name = 'sid' }: CookieOptions): string {
  return name.replace(PREFIX, '')
}

/** The prefixes that browsers recognize, in upper or lower case. */
export const PREFIX: RegExp = /^__(?:host|secure)-/i

function outsidePath(path: string, requested: string | undefined): Refused {
  const message = `The session cookie was not set: the option \`cookie.path\` is ${formatValue(path)}, so browsers would not send the cookie back to ${formatValue(requested)}, and every request would make another session. Write to the session below that path only, or set \`cookie: { path: '/' }\`. A proxy that shortens paths has to send the header X-Forwarded-Prefix.`
  return { reason: 'outside-path', error: () => new ConfigError(message) }
}

function insecure(request: IncomingRequest): Refused {
  const message = `The session cookie was not set, because ${plainHttp(request)} Browsers accept that on http://localhost too.`
  return { reason: 'insecure', error: () => new ConfigError(message) }
}

/** Why no token is sent over this connection, and what to do. */
export function plainHttp({ remedy, whyNotLoopback = '`loopback` of the request is false' }: IncomingRequest): string {
  const trust = remedy === undefined ? '' : `${remedy} if a proxy terminates TLS and sends forwarding headers, or `
  return `the request used plain HTTP and is not local: ${whyNotLoopback}. Use HTTPS; ${trust}\`cookie: { secure: true }\` behind a proxy that terminates TLS.`
}
