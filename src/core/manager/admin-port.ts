import type { MakeLifecycle } from '../config/lifecycle.ts'
import type { SessionOptions } from '../config/options.ts'
import type { SessionProfile } from '../config/profile.ts'

/**
 * Under this property a manager keeps what `sojourn/admin` needs of it. Admins and managers of
 * different copies of this package use it together, so a change of the port changes its number.
 */
export const ADMIN: unique symbol = Symbol.for('sojourn.admin.1')

/** What an admin makes its engine from, so that it reads sessions exactly as the manager does. */
export interface AdminPort {
  /** The checked options of the manager. */
  readonly options: SessionOptions
  readonly profile: SessionProfile
  readonly lifecycles: readonly MakeLifecycle[]
}

/** The port of a manager; `undefined` for any other value, and for a manager of another version. */
export function adminPortOf(sessions: unknown): AdminPort | undefined {
  return typeof sessions === 'object' && sessions !== null ? (Reflect.get(sessions, ADMIN) as AdminPort | undefined) : undefined
}
