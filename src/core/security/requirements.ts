import { ConfigError } from '../base/errors.ts'
import type { Engine } from '../config/engine.ts'
import type { SessionOptions } from '../config/options.ts'
import { requireUsers } from '../config/user-sessions.ts'

/** Throws `ConfigError` for an option that has no effect with this store or profile. */
export function requireSecurity({ maxPerUser, revokedBefore }: SessionOptions, engine: Pick<Engine, 'capabilities' | 'lifetime'>): void {
  if (maxPerUser !== undefined) requireUsers('The option `maxPerUser`', engine)
  if (revokedBefore !== undefined && engine.lifetime.revokedBefore === undefined)
    throw new ConfigError(
      'The option `revokedBefore` has no effect here, because the sessions of this table follow the rules of another framework. End them there.',
    )
}
