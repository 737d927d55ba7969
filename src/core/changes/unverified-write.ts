import type { Assignment, WrittenSession } from '../config/lifecycle.ts'
import type { Texts } from '../config/profile.ts'
import type { Intent } from './intent.ts'

/** A write that no lifecycle has accepted yet (see `Verifier`). */
export interface UnverifiedWrite {
  readonly written: Omit<WrittenSession, 'deadline'>
  /** The user that the write assigned, or whose other sessions it ends. */
  readonly assignment: Assignment | undefined
  /** The properties before the write; `undefined` if it created the session. */
  readonly before: Texts | undefined
  /** The changes that the write contains. */
  readonly intents: readonly Intent[]
}
