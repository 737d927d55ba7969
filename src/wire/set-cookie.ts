import { stringifySetCookie } from 'cookie'

/**
 * The attributes of every `Set-Cookie` of one cookie. A deletion needs them too, or the browser
 * deletes another cookie.
 */
export interface CookieAttributes {
  /** The path below which browsers send the cookie. */
  readonly path: string
  /** The domain whose hosts get the cookie. If left out, the host that set it. */
  readonly domain?: string
  /** Whether browsers send it over HTTPS only. */
  readonly secure: boolean
  /** Whether scripts of the page cannot read it. */
  readonly httpOnly: boolean
  /** Which requests of other sites have the cookie: top-level navigations, none, or all. */
  readonly sameSite?: 'lax' | 'strict' | 'none'
  /** Set when each site that embeds this one has a separate cookie jar. */
  readonly partitioned?: boolean
  /** Which cookies Chromium keeps when there are too many. */
  readonly priority?: 'low' | 'medium' | 'high'
  /** For clients that expect `Expires`; `maxAge` is shorter and does not depend on clocks. */
  readonly expires?: Date
}

const identity = (value: string): string => value

/**
 * A `Set-Cookie` that sets the value. Without `maxAge` (in seconds) the cookie ends with the
 * browser.
 */
export function serializeCookie(name: string, value: string, attributes: CookieAttributes, maxAge?: number): string {
  return stringifySetCookie({ ...attributes, name, value, ...(maxAge === undefined ? {} : { maxAge }) }, { encode: identity })
}

/** A `Set-Cookie` that deletes the cookie. */
export function serializeDeletion(name: string, attributes: CookieAttributes): string {
  return stringifySetCookie({ ...attributes, name, value: '', expires: new Date(0) }, { encode: identity })
}
