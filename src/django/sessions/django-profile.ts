import { milliseconds } from '../../core/base/duration.ts'
import type { SessionProfile } from '../../core/config/profile.ts'
import type { Lifetime } from '../../core/config/rules.ts'
import type { LocalTime } from '../rows/local-time.ts'
import { djangoCookies } from './django-cookie.ts'
import type { DjangoOptions } from './django-options.ts'
import { djangoCustoms } from './django-rules.ts'

/** What makes a manager one of Django's sessions. */
export interface DjangoDialect extends SessionProfile {
  /** Django's `SECRET_KEY`, and those before it. */
  readonly secretKeys: readonly string[]
  lifetime(): Lifetime
}

const TWO_WEEKS = 1_209_600_000

export function djangoDialect(options: DjangoOptions, localTime: LocalTime): DjangoDialect {
  const { secretKey, fallbacks = [], cookie = {}, cookieAge, absolute } = options
  const { expireAtBrowserClose = false, saveEveryRequest = false, isoExpiry = true } = options
  const { name = 'sessionid', path = '/', domain = '' } = cookie
  return {
    secretKeys: [secretKey, ...fallbacks],
    rules: djangoCustoms({ saveEveryRequest, isoExpiry, localTime }),
    lifetime: () => ({
      idle: typeof cookieAge === 'number' ? cookieAge * 1000 : (milliseconds(cookieAge) ?? TWO_WEEKS),
      absolute: milliseconds(absolute) ?? Number.POSITIVE_INFINITY,
      browserSession: expireAtBrowserClose,
    }),
    cookies: () => djangoCookies(cookie),
    scope: () => `django ${name} ${path} ${domain}`,
  }
}
