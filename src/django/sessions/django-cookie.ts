import { CookieCarrier } from '../../core/cookie/cookie-transport.ts'
import type { Transport } from '../../core/cookie/transport.ts'

/** Django's `SESSION_COOKIE_…`; give what `settings.py` says, so that both sides write the same cookie. */
export interface DjangoCookieOptions {
  /** `SESSION_COOKIE_NAME`. Default `sessionid`. */
  readonly name?: string
  /** `SESSION_COOKIE_DOMAIN`. */
  readonly domain?: string
  /** `SESSION_COOKIE_PATH`. Default `/`. */
  readonly path?: string
  /** `SESSION_COOKIE_SECURE`. Default `false`, as Django's: the cookie then goes over plain HTTP too. Say `true` in production, on both sides. */
  readonly secure?: boolean
  /** `SESSION_COOKIE_HTTPONLY`. Default `true`. */
  readonly httpOnly?: boolean
  /** `SESSION_COOKIE_SAMESITE`. Default `'lax'`. */
  readonly sameSite?: 'lax' | 'strict' | 'none'
}

/** What browsers take for one cookie, less what its other attributes may need. */
const ROOM = 3900

/** How long a value may be so that every browser keeps it, in one cookie. */
export function roomIn({ name = 'sessionid', domain = '', path = '/' }: DjangoCookieOptions): number {
  return ROOM - name.length - domain.length - path.length
}

/** One cookie by Django's rules: its name as it is, and Secure or not whatever the connection. */
export function djangoCookies(options: DjangoCookieOptions): Transport {
  const { name = 'sessionid', domain, path = '/', secure = false, httpOnly = true, sameSite = 'lax' } = options
  const carrier = new CookieCarrier(name, { path, secure, httpOnly, sameSite, ...(domain === undefined ? {} : { domain }) })
  return { vary: 'Cookie', over: () => carrier }
}
