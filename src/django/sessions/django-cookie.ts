import { CookieCarrier } from '../../core/cookie/cookie-transport.ts'
import type { Transport } from '../../core/cookie/transport.ts'

/**
 * Django's `SESSION_COOKIE_…` settings. Give the values of `settings.py`, so that both sides set
 * the same cookie.
 */
export interface DjangoCookieOptions {
  /** `SESSION_COOKIE_NAME`. Default `sessionid`. */
  readonly name?: string
  /** `SESSION_COOKIE_DOMAIN`. */
  readonly domain?: string
  /** `SESSION_COOKIE_PATH`. Default `/`. */
  readonly path?: string
  /**
   * `SESSION_COOKIE_SECURE`. Default `false`, as in Django: browsers then send the cookie over
   * plain HTTP too. Set `true` in production, on both sides.
   */
  readonly secure?: boolean
  /** `SESSION_COOKIE_HTTPONLY`. Default `true`. */
  readonly httpOnly?: boolean
  /**
   * `SESSION_COOKIE_SAMESITE`. Default `'lax'`. `false` sends no SameSite attribute, for Django's
   * `False` and `None`.
   */
  readonly sameSite?: 'lax' | 'strict' | 'none' | false
}

/** The size that every browser accepts for a cookie, less the length of its other attributes. */
const MAX_COOKIE_LENGTH = 3900

/** The longest value that every browser stores in one cookie with these options. */
export function maxValueLength({ name = 'sessionid', domain = '', path = '/' }: DjangoCookieOptions): number {
  return MAX_COOKIE_LENGTH - name.length - domain.length - path.length
}

/** Django's cookie: its name without a prefix, and Secure as configured, for every connection. */
export function djangoCookies(options: DjangoCookieOptions): Transport {
  const { name = 'sessionid', domain, path = '/', secure = false, httpOnly = true, sameSite = 'lax' } = options
  const carrier = new CookieCarrier(name, {
    path,
    secure,
    httpOnly,
    ...(sameSite === false ? {} : { sameSite }),
    ...(domain === undefined ? {} : { domain }),
  })
  return { vary: 'Cookie', carrierFor: () => carrier }
}
