import { milliseconds } from '../../core/base/duration.ts'
import type { Lifetime, SessionProfile } from '../../core/config/profile.ts'
import { AuthHashes } from '../format/auth-hashes.ts'
import { djangoIds } from '../format/django-ids.ts'
import { djangoRules } from '../format/django-rules.ts'
import type { LocalTime } from '../format/local-time.ts'
import { unreadableRefusal } from '../format/unreadable.ts'
import { normalizeUserId } from '../format/user-ids.ts'
import type { WarnOnce } from '../format/warn-once.ts'
import { djangoCookies } from './django-cookie.ts'
import type { DjangoOptions } from './django-options.ts'

/** What logins and messages use of the settings of a Django site. */
export interface DjangoSite {
  readonly hashes: AuthHashes
  /** Django's `AUTHENTICATION_BACKENDS`. */
  readonly backends: readonly string[]
  /** Whether Django stores messages in the session. */
  readonly hasMessages: boolean
  readonly warn: WarnOnce
}

/** The profile of the sessions of a Django site. */
export interface DjangoProfile extends SessionProfile {
  readonly site: DjangoSite
  lifetime(): Lifetime
}

const TWO_WEEKS = 1_209_600_000
const MODEL_BACKEND = 'django.contrib.auth.backends.ModelBackend'

export function isDjangoProfile(profile: SessionProfile): profile is DjangoProfile {
  return 'site' in profile
}

export function djangoProfile(options: DjangoOptions, localTime: LocalTime, warn: WarnOnce): DjangoProfile {
  const { cookie = {}, cookieAge, absolute, signedCookies } = options
  const { expireAtBrowserClose = false, saveEveryRequest = false, isoExpiry = true } = options
  const { name = 'sessionid', path = '/', domain = '' } = cookie
  return {
    site: siteOf(options, warn),
    ...djangoRules({ saveEveryRequest, isoExpiry, localTime }),
    lifetime: () => ({
      idle: typeof cookieAge === 'number' ? cookieAge * 1000 : (milliseconds(cookieAge) ?? TWO_WEEKS),
      absolute: milliseconds(absolute) ?? Number.POSITIVE_INFINITY,
      browserSession: expireAtBrowserClose,
    }),
    transport: () => djangoCookies(cookie),
    ids: djangoIds,
    scope: () => `django ${name} ${path} ${domain}`,
    normalizeUserId,
    savesUnchanged: true,
    // An unreadable cookie cannot be distinguished from a forged one, and Django replaces it too.
    ...(signedCookies === true ? {} : { unreadable: unreadableRefusal }),
  }
}

function siteOf(options: DjangoOptions, warn: WarnOnce): DjangoSite {
  const { secretKey, fallbacks = [], sessionAuthHash, backends = [MODEL_BACKEND], messageStorage } = options
  return { hashes: new AuthHashes([secretKey, ...fallbacks], sessionAuthHash), backends, hasMessages: messageStorage === 'session', warn }
}
