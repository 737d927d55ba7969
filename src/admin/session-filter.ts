import { type Duration, milliseconds } from '../core/base/duration.ts'
import { ConfigError } from '../core/base/errors.ts'
import { formatValue } from '../core/base/format.ts'
import { aDuration, aText, checkOptions, type OptionTable, satisfies } from '../core/base/option-checks.ts'
import { isUserId } from '../core/base/user-id.ts'
import { userOf } from '../core/changes/intent.ts'
import type { Engine } from '../core/config/engine.ts'
import type { Texts } from '../core/config/profile.ts'
import { userIndex } from '../core/config/realm.ts'
import type { Entry, List } from '../core/store/store.ts'
import { hasIndex } from './admin-engine.ts'

/** Selects sessions. A session has to fulfil every condition that is given. */
export interface SessionFilter {
  /** Sessions of this user. The store finds them by its index, where it has one. */
  readonly user?: string | number
  /** Sessions with a property of this name. */
  readonly has?: string
  /** Sessions that started, or logged in last, at least this long ago. */
  readonly olderThan?: Duration
  /** Sessions that were not written or touched for at least this long. */
  readonly idleFor?: Duration
}

/** A checked filter. */
export interface Condition {
  /** The part of the filter that the store decides. */
  readonly query: Pick<List, 'index' | 'name'>
  readonly matches: (entry: Entry, texts: Texts | undefined) => boolean
}

const FILTER_CHECKS: OptionTable['checks'] = {
  user: satisfies(isUserId, 'pass the number or the text that login(userId) got'),
  has: aText,
  olderThan: aDuration,
  idleFor: aDuration,
}

/** Checks a filter. Throws `ConfigError` for a wrong condition. */
export function conditionOf(engine: Engine, filter: SessionFilter): Condition {
  const { user, has, olderThan, idleFor } = checkOptions(filter, { owner: 'The filter', checks: FILTER_CHECKS })
  if ('user' in filter && filter.user === undefined)
    throw new ConfigError(
      `The filter: \`user\` is ${formatValue(user)}, which would select every session. Pass a user id, or leave it out.`,
    )
  const now = engine.now()
  const createdUntil = now - (milliseconds(olderThan) ?? Number.NEGATIVE_INFINITY)
  const seenUntil = now - (milliseconds(idleFor) ?? Number.NEGATIVE_INFINITY)
  const userId = user === undefined ? undefined : (engine.profile.normalizeUserId?.(String(user)) ?? String(user))
  const query =
    userId !== undefined && hasIndex(engine, 'userId') ? ({ index: 'userId', name: userIndex(userId, engine.realm) } as const) : {}
  return {
    query,
    matches: (entry, texts) =>
      entry.createdAt <= createdUntil &&
      entry.seenAt <= seenUntil &&
      (has === undefined || texts?.has(has) === true) &&
      (userId === undefined || 'name' in query || (texts !== undefined && userOf(texts, engine) === userId)),
  }
}
