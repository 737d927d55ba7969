import { milliseconds } from '../../core/base/duration.ts'
import type { Lifetime, SessionProfile } from '../../core/config/profile.ts'
import type { LocalTime } from '../rows/local-time.ts'
import { djangoCookies } from './django-cookie.ts'
import { djangoIds } from './django-ids.ts'
import type { DjangoOptions } from './django-options.ts'
import { djangoRules } from './django-rules.ts'

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
    ...djangoRules({ saveEveryRequest, isoExpiry, localTime }),
    lifetime: () => ({
      idle: milliseconds(cookieAge) ?? TWO_WEEKS,
      absolute: milliseconds(absolute) ?? Number.POSITIVE_INFINITY,
      browserSession: expireAtBrowserClose,
    }),
    transport: () => djangoCookies(cookie),
    ids: djangoIds,
    scope: () => `django ${name} ${path} ${domain}`,
  }
}
