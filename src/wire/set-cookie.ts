import { stringifySetCookie } from 'cookie'

/** The attributes every `Set-Cookie` of one cookie carries; a deletion needs them too, or it deletes another cookie. */
export interface CookieAttributes {
  readonly path: string
  readonly domain?: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'lax' | 'strict' | 'none'
  readonly partitioned?: boolean
  readonly priority?: 'low' | 'medium' | 'high'
}

const asIs = (value: string): string => value

/** The `Set-Cookie` that gives the browser a value; without `maxAge` (seconds) the cookie ends with the browser. */
export function printCookie(name: string, value: string, attributes: CookieAttributes, maxAge?: number): string {
  return stringifySetCookie({ ...attributes, name, value, ...(maxAge === undefined ? {} : { maxAge }) }, { encode: asIs })
}

/** The `Set-Cookie` that deletes the cookie. */
export function printDeletion(name: string, attributes: CookieAttributes): string {
  return stringifySetCookie({ ...attributes, name, value: '', expires: new Date(0) }, { encode: asIs })
}
