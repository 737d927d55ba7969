import { ConfigError } from '../base/errors.ts'
import type { Engine } from '../config/engine.ts'
import type { SessionOptions } from '../config/options.ts'
import { hasSeveralIds } from '../config/several-ids.ts'
import { requireUsers } from '../config/user-sessions.ts'

/** Throws `ConfigError` for an option that has no effect with this store or profile. */
export function requireSecurity(
  { maxPerUser, revokedBefore, cycleId }: SessionOptions,
  engine: Pick<Engine, 'capabilities' | 'lifetime'>,
): void {
  if (maxPerUser !== undefined) requireUsers('The option `maxPerUser`', engine)
  if (revokedBefore !== undefined && engine.lifetime.revokedBefore === undefined)
    throw new ConfigError(
      'The option `revokedBefore` has no effect here, because the sessions of this table follow the rules of another framework. End them there.',
    )
  if (cycleId !== undefined && !hasSeveralIds(engine.capabilities))
    throw new ConfigError(
      'The option `cycleId` needs a store in which an id that was replaced can stay valid for two minutes, and this store cannot keep two ids of a session. Requests in flight would be logged out. Remove the option, or pass another `store`, such as `new SqliteStore(…)`. `session.cycleId()` replaces the id of one session.',
    )
}
