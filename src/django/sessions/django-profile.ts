import { milliseconds } from '../../core/base/duration.ts'
import type { Lifetime, SessionProfile } from '../../core/config/profile.ts'
import type { LocalTime } from '../format/local-time.ts'
import { djangoCookies } from './django-cookie.ts'
import { djangoIds } from '../format/django-ids.ts'
import type { DjangoOptions } from './django-options.ts'
import { djangoRules } from '../format/django-rules.ts'

/** The profile of the sessions of a Django site. */
export interface DjangoProfile extends SessionProfile {
  /** Django's `SECRET_KEY`, followed by its `SECRET_KEY_FALLBACKS`. */
  readonly secretKeys: readonly string[]
  lifetime(): Lifetime
}

const TWO_WEEKS = 1_209_600_000

export function djangoProfile(options: DjangoOptions, localTime: LocalTime): DjangoProfile {
  const { secretKey, fallbacks = [], cookie = {}, cookieAge, absolute } = options
  const { expireAtBrowserClose = false, saveEveryRequest = false, isoExpiry = true } = options
  const { name = 'sessionid', path = '/', domain = '' } = cookie
  return {
    secretKeys: [secretKey, ...fallbacks],
    ...djangoRules({ saveEveryRequest, isoExpiry, localTime }),
    lifetime: () => ({
      idle: typeof cookieAge === 'number' ? cookieAge * 1000 : (milliseconds(cookieAge) ?? TWO_WEEKS),
      absolute: milliseconds(absolute) ?? Number.POSITIVE_INFINITY,
      browserSession: expireAtBrowserClose,
    }),
    transport: () => djangoCookies(cookie),
    ids: djangoIds,
    scope: () => `django ${name} ${path} ${domain}`,
  }
}
