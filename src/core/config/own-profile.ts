import { DAY, milliseconds } from '../base/duration.ts'
import { hasUnderscore, LAST_USER, USER } from '../base/reserved.ts'
import { bearerScope, bearerTransport } from '../cookie/bearer-transport.ts'
import { cookieTransport, scopeOf } from '../cookie/cookie-transport.ts'
import { originCheck } from '../cookie/origin-check.ts'
import { hashedIds } from '../store/id.ts'
import { endOf, endsWithBrowser, expiryOf, expiryProperties, touchOf } from './expiry.ts'
import type { SessionProfile } from './profile.ts'

/** The profile of sessions in this package's tables. */
export const ownProfile: SessionProfile = {
  names: { user: USER, lastUser: LAST_USER, isReserved: hasUnderscore },
  lifetime: ({ idle, absolute, browserSession = false, revokedBefore, cycleId }) => ({
    idle: milliseconds(idle) ?? 14 * DAY,
    absolute: milliseconds(absolute) ?? 30 * DAY,
    browserSession,
    revokedBefore: revokedBefore?.getTime(),
    maxIdAge: milliseconds(cycleId),
  }),
  transport({ transport, cookie = {}, trustedOrigins = [] }) {
    const isSecure = cookie.secure === true
    if (transport === 'bearer') return bearerTransport({ isSecure })
    return originCheck(cookieTransport(cookie), { trusted: trustedOrigins, isSecure })
  },
  scope: ({ transport, cookie, realm }) => (transport === 'bearer' ? bearerScope(realm) : scopeOf(cookie)),
  ids: hashedIds,
  endsWithBrowser,
  endOf,
  expiryOf,
  touchOf,
  expiryProperties,
  // The cookie is sent with a new id only, so its kind can change only together with the id.
  requiresNewId: (before, after, context) => endsWithBrowser(before, context) !== endsWithBrowser(after, context),
  issues({ change, entry, texts, now }, context) {
    if (entry === undefined || (change !== 'created' && change !== 'new-id')) return undefined
    return { lifetime: endsWithBrowser(texts(), context) ? undefined : entry.createdAt + context.lifetime.absolute - now }
  },
}
