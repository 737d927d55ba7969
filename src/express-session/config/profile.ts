import { DAY } from '../../core/base/duration.ts'
import { BROWSER } from '../../core/base/reserved.ts'
import { endsWithBrowser, expiryOf, touchOf } from '../../core/config/expiry.ts'
import { ownProfile } from '../../core/config/own-profile.ts'
import type { SessionProfile, Texts } from '../../core/config/profile.ts'
import type { Transport } from '../../core/cookie/transport.ts'
import { aliasIds } from '../../core/store/alias-ids.ts'
import { CARRY_OVER_TOMBSTONE } from '../carry-over/carry-over.ts'
import { attributesIn } from '../cookie/cookie.ts'
import { ATTRIBUTES, isReservedName, USER } from '../values/names.ts'
import type { Settings } from './options.ts'

/** How long an end is remembered, in milliseconds: longer than any late response of a database. */
const TOMBSTONE = DAY

const NO_TEXTS: Texts = new Map()

/** The rules of sessions in the form of express-session. */
export function expressSessionProfile({ name, lifetime, rolling, carryOver }: Settings, transport: Transport): SessionProfile {
  return {
    ...ownProfile,
    names: { user: USER, isReserved: isReservedName },
    lifetime: () => lifetime,
    transport: () => transport,
    scope: () => `express-session ${name} `,
    ids: aliasIds,
    // Every request starts the lifetime again, also one that does not use its session. With
    // `rolling`, the touch proves that the sid whose cookie is sent is the current one.
    touchOf: (entry, texts, now, context) =>
      rolling ? Math.max(entry.expiresAt, expiryOf(texts, entry.createdAt, now, context)) : touchOf(entry, texts, now, context, true),
    requiresNewId: () => false,
    hasGivenIds: true,
    tombstoneUntil: (now) => now + (carryOver === undefined ? TOMBSTONE : CARRY_OVER_TOMBSTONE),
    issues({ change, isCurrent, entry, texts, now }, context) {
      const isNew = change === 'created' || change === 'new-id'
      if (entry === undefined || (!isNew && !isCurrent)) return undefined
      // Most payloads need not be split, because they set neither property.
      const properties = entry.payload.includes(BROWSER) || entry.payload.includes(ATTRIBUTES) ? texts() : NO_TEXTS
      const ends = endsWithBrowser(properties, context)
      if (!isNew && !rolling && (change !== 'written' || ends)) return undefined
      return { lifetime: ends ? undefined : entry.expiresAt - now, attributes: attributesIn(properties.get(ATTRIBUTES)) }
    },
  }
}
