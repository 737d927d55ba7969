import { stringifySetCookie } from 'cookie'

/**
 * The attributes of every `Set-Cookie` of one cookie. A deletion needs them too, or the browser
 * deletes another cookie.
 */
export interface CookieAttributes {
  readonly path: string
  readonly domain?: string
  readonly secure: boolean
  readonly httpOnly: boolean
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
