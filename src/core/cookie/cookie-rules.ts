import { combineChunks, createChunks, receivedNames } from '../../wire/cookie-chunks.ts'
import { type CookieAttributes, serializeCookie, serializeDeletion } from '../../wire/set-cookie.ts'

/** The option `cookie`. */
export interface CookieOptions {
  /** The name without prefix, default `sid`. `__Host-` or `__Secure-` is put in front where the rules of the browsers allow it. */
  readonly name?: string
  /** Default `/`. */
  readonly path?: string
  /** Shares the cookie with all subdomains of this name. Left out on loopback, where browsers would refuse it. */
  readonly domain?: string
  /**
   * `'auto'` (default): Secure over HTTPS, none needed on loopback, no cookie at all over other plain HTTP. `true`: always Secure,
   * whatever scheme is seen; for servers behind a proxy that ends TLS.
   */
  readonly secure?: true | 'auto'
  /** Default `true`: scripts in the page cannot read the cookie. */
  readonly httpOnly?: boolean
  /** Default `'lax'`. `'none'` needs `secure: true`. */
  readonly sameSite?: 'lax' | 'strict' | 'none'
  /** A cookie jar of its own for each site that embeds this one; needs `secure: true` and `sameSite: 'none'`. */
  readonly partitioned?: boolean
  readonly priority?: 'low' | 'medium' | 'high'
}

/** What browsers take for one cookie, its name and attributes included. */
const COOKIE_BYTES = 4096
/** The longest `Max-Age` there is: 400 days. */
const LONGEST_AGE = 34_560_000

/** What a `Cookie` header has under our name. */
export interface CookieMatch {
  /** The different values. */
  readonly values: readonly string[]
  /** The names of all that is ours, pieces of a value too, whatever is in them. */
  readonly names: readonly string[]
}

/** The one cookie a request may carry, and how to read, set and delete it. What one cookie cannot hold travels in several. */
export class Cookie {
  readonly name: string
  readonly #attributes: CookieAttributes
  /** How long the value of one cookie may be. */
  readonly #room: number

  constructor(name: string, attributes: CookieAttributes) {
    this.name = name
    this.#attributes = attributes
    this.#room = COOKIE_BYTES - serializeCookie(`${name}.9`, '.9', attributes, LONGEST_AGE).length
  }

  read(header: unknown): CookieMatch {
    return { values: combineChunks(header, this.name), names: receivedNames(header, this.name) }
  }

  /**
   * `left` is what remains of the absolute lifetime in milliseconds; `undefined` for a cookie that ends with the browser. Of the names the
   * browser `sent` those that are not needed any more are deleted.
   */
  set(value: string, left: number | undefined, sent: readonly string[]): string[] {
    const age = left === undefined ? undefined : Math.max(1, Math.ceil(left / 1000))
    const pieces = createChunks(this.name, value, this.#room)
    const names = new Set(pieces.map(([name]) => name))
    return [
      ...pieces.map(([name, piece]) => serializeCookie(name, piece, this.#attributes, age)),
      ...this.delete(sent.filter((name) => !names.has(name))),
    ]
  }

  delete(names: readonly string[]): string[] {
    return names.map((name) => serializeDeletion(name, this.#attributes))
  }
}

/** Which cookie is used over which connection; `undefined` where none can be set safely. */
export interface CookieRules {
  /** Whether it never left the machine is asked only where that decides. */
  over(connection: { readonly secure: boolean; readonly loopback: boolean }): Cookie | undefined
}

/** Makes the rules of valid options. */
export function cookieRules(options: CookieOptions): CookieRules {
  const { path = '/', domain, secure: always = 'auto', httpOnly = true, sameSite = 'lax', partitioned, priority } = options
  const common = {
    path,
    httpOnly,
    sameSite,
    ...(partitioned === true ? { partitioned } : {}),
    ...(priority === undefined ? {} : { priority }),
  }
  const bare = bareName(options)
  const prefix = domain === undefined && path === '/' ? '__Host-' : '__Secure-'
  const secured = new Cookie(prefix + bare, { ...common, secure: true, ...(domain === undefined ? {} : { domain }) })
  const local = new Cookie(bare, { ...common, secure: false })
  return { over: (connection) => (always === true || connection.secure ? secured : connection.loopback ? local : undefined) }
}

/**
 * Which ids lead to which rows: those of another cookie lead elsewhere, so that a visitor's id is worthless in the cookie of the
 * administration, although both keep their rows in one table. The default cookie has no scope.
 */
export function scopeOf(options: CookieOptions = {}): string {
  const { path = '/', domain = '' } = options
  const scope = `${bareName(options)} ${path} ${domain} `
  return scope === 'sid /  ' ? '' : scope
}

/** The name of the cookie without what browsers treat as a prefix. */
function bareName({ name = 'sid' }: CookieOptions): string {
  return name.replace(PREFIX, '')
}

/** What browsers treat as a prefix, in any case. */
export const PREFIX: RegExp = /^__(?:host|secure)-/i
