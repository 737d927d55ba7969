import { isDate } from '../../core/base/realms.ts'
import { type CookieAttributes, serializeCookie } from '../../wire/set-cookie.ts'

/** The properties of `req.session.cookie` that become attributes of `Set-Cookie`. */
export interface CookieData {
  /** The time that the cookie was given, in milliseconds; `null` if it ends with the browser. */
  originalMaxAge: number | null
  partitioned: boolean | undefined
  priority: string | undefined
  expires: Date | null | false | undefined
  secure: boolean | 'auto' | undefined
  httpOnly: boolean | undefined
  domain: string | undefined
  path: string | undefined
  sameSite: boolean | string | undefined
}

type Expires = Date | null | false | undefined

/**
 * `req.session.cookie`: the lifetime of the session and the attributes of its cookie, in the form
 * of express-session. Times are milliseconds.
 *
 * @throws TypeError when the options are not an object, or `maxAge` is neither a number nor a Date.
 */
export class Cookie {
  /** The path below which browsers send the cookie. Default `/`. */
  path: string | undefined = '/'
  /** The value of `expires`. */
  _expires: Expires = null
  /**
   * The lifetime that was set last, in milliseconds; `null` if the cookie ends with the browser.
   */
  originalMaxAge: number | null = null
  /** Whether scripts in the page cannot read the cookie. Default `true`. */
  httpOnly: boolean | undefined = true
  /** Whether each site that embeds this one gets a separate cookie. */
  declare partitioned: boolean | undefined
  /** Which cookies Chromium keeps when there are too many: `low`, `medium` or `high`. */
  declare priority: string | undefined
  /** Whether the cookie is sent over HTTPS only. Over plain HTTP it is then not set. */
  declare secure: boolean | 'auto' | undefined
  /** The domain with whose subdomains the cookie is shared. */
  declare domain: string | undefined
  /** `lax`, `strict` or `none`; `true` is `strict`. */
  declare sameSite: boolean | string | undefined

  constructor(options?: object) {
    if (!options) return
    if (typeof options !== 'object') throw new TypeError('argument options must be a object')
    const { originalMaxAge } = options as { originalMaxAge?: number | null }
    for (const name in options) if (name !== 'data') Reflect.set(this, name, Reflect.get(options, name))
    if (originalMaxAge !== undefined && originalMaxAge !== null) this.originalMaxAge = originalMaxAge
  }

  /** When the cookie expires. `null` and `false` end it with the browser. */
  get expires(): Expires {
    return this._expires
  }

  set expires(date: Expires) {
    this._expires = date
    const { maxAge } = this
    this.originalMaxAge = typeof maxAge === 'number' ? maxAge : null
  }

  /** The remaining time in milliseconds; that of `expires` where it is no date. */
  get maxAge(): number | null | undefined {
    const expires = this._expires
    return isDate(expires) ? expires.valueOf() - Date.now() : (expires as null | undefined)
  }

  set maxAge(time: number | Date | null | undefined) {
    if (time && typeof time !== 'number' && !isDate(time)) throw new TypeError('maxAge must be a number or Date')
    this.expires = typeof time === 'number' ? new Date(Date.now() + time) : time
    if (typeof time === 'number') this.originalMaxAge = time
  }

  /** The attributes as plain data. */
  get data(): CookieData {
    const { originalMaxAge, partitioned, priority, _expires, secure, httpOnly, domain, path, sameSite } = this
    return { originalMaxAge, partitioned, priority, expires: _expires, secure, httpOnly, domain, path, sameSite }
  }

  /** Prints a `Set-Cookie` with these attributes. */
  serialize(name: string, value: string): string {
    return serializeCookie(name, encodeURIComponent(value), attributesOf(this))
  }

  /** Returns `data`. */
  toJSON(): CookieData {
    return this.data
  }
}

/** The attributes of `Set-Cookie` for a cookie of a session. */
export function attributesOf(cookie: Pick<CookieData, Exclude<keyof CookieData, 'originalMaxAge'>>): CookieAttributes {
  const { path = '/', domain, secure, httpOnly, sameSite, partitioned, priority, expires } = cookie
  const site = sameSite === true ? 'strict' : sameSite ? (String(sameSite).toLowerCase() as 'lax') : undefined
  return {
    path,
    secure: Boolean(secure),
    httpOnly: Boolean(httpOnly),
    ...(domain && { domain }),
    ...(site && { sameSite: site }),
    ...(partitioned && { partitioned }),
    ...(priority && { priority: priority.toLowerCase() as 'low' }),
    ...(expires && { expires }),
  }
}

/**
 * The attributes that the application has set for the cookie of one session, as they are stored.
 */
export function attributesIn(text: string | undefined): Partial<CookieAttributes> {
  try {
    return text === undefined ? {} : JSON.parse(text)
  } catch {
    return {}
  }
}
