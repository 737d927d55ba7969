import { endsWithBrowser, expiryOf, touchOf } from '../../core/config/expiry.ts'
import { ownProfile } from '../../core/config/own-profile.ts'
import type { SessionProfile } from '../../core/config/profile.ts'
import type { Transport } from '../../core/cookie/transport.ts'
import { attributesIn } from '../cookie/cookie.ts'
import { sids } from '../cookie/sids.ts'
import { ATTRIBUTES, isReservedName, USER } from '../values/names.ts'
import type { Settings } from './options.ts'

/** The rules of sessions in the form of express-session. */
export function expressSessionProfile({ name, lifetime, rolling }: Settings, transport: Transport): SessionProfile {
  return {
    ...ownProfile,
    names: { user: USER, isReserved: isReservedName },
    lifetime: () => lifetime,
    transport: () => transport,
    scope: () => `express-session ${name} `,
    ids: sids,
    // Every request starts the lifetime again, also one that does not use its session. With
    // `rolling`, the touch proves that the sid whose cookie is sent is the current one.
    touchOf: (entry, texts, now, context) =>
      rolling ? Math.max(entry.expiresAt, expiryOf(texts, entry.createdAt, now, context)) : touchOf(entry, texts, now, context, true),
    requiresNewId: () => false,
    issues({ change, isCurrent, entry, texts, now }, context) {
      if (entry === undefined) return undefined
      const ends = endsWithBrowser(texts(), context)
      const isNew = change === 'created' || change === 'new-id'
      const isExtended = isCurrent && (rolling || (change === 'written' && !ends))
      if (!isNew && !isExtended) return undefined
      return { lifetime: ends ? undefined : entry.expiresAt - now, attributes: attributesIn(texts().get(ATTRIBUTES)) }
    },
  }
}
