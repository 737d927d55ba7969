import { DAY } from '../base/duration.ts'
import { ConfigError } from '../base/errors.ts'
import type { Engine } from '../config/engine.ts'
import type { SessionOptions } from '../config/options.ts'

/** Whether the store can keep marks of revocations, and find the sessions that they end. */
export function canMark({ capabilities }: Pick<Engine, 'capabilities'>): boolean {
  const { compareAndSwap, list, indexes, carriesData, renames } = capabilities
  return compareAndSwap && list && indexes.includes('userId') && !carriesData && renames !== true
}

/**
 * How long a mark is kept, in milliseconds. A session under a given id may be older than `absolute`,
 * because it was carried over from another store.
 */
export function markLifetime({ lifetime, profile }: Pick<Engine, 'lifetime' | 'profile'>): number {
  return profile.hasGivenIds === true ? Math.max(lifetime.absolute, 400 * DAY) : lifetime.absolute
}

/** Throws `ConfigError` for an option that has no effect with this store or profile. */
export function requireSecurity({ maxPerUser, revokedBefore }: SessionOptions, engine: Pick<Engine, 'capabilities' | 'lifetime'>): void {
  if (maxPerUser !== undefined && !canMark(engine)) throw new ConfigError(NO_LIMIT)
  if (revokedBefore !== undefined && engine.lifetime.revokedBefore === undefined)
    throw new ConfigError(
      'The option `revokedBefore` has no effect here, because the sessions of this table follow the rules of another framework. End them there.',
    )
}

const NO_LIMIT =
  'The option `maxPerUser` needs a store on the server that finds sessions by user (capabilities `list`, `indexes` and `compareAndSwap`), and this store does not. Pass another `store`, such as `new SqliteStore(…)`.'
