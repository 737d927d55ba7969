import type { Duration } from '../base/duration.ts'
import type { SessionEvents } from '../base/events.ts'
import type { Identity } from '../store/id.ts'

/**
 * Why a watch ended: the session ended or was revoked (`ended`), expired (`expired`), has another
 * id (`new-id`), or another user or none (`other-user`).
 */
export type WatchEnd = SessionEvents['watch-ended']['reason']

/** Options of `sessions.watch`. */
export interface WatchOptions {
  /**
   * The longest time between two checks of the session, from `'1s'` to `'1h'`. Default `'30s'`.
   * With a `channel`, a longer time is enough.
   */
  readonly poll?: Duration
}

/** A watch of one caller. */
export interface Watch {
  readonly onEnd: (reason: WatchEnd) => unknown
  /** The longest time between two checks, in milliseconds. */
  readonly poll: number
  /** The user when the watch began. */
  readonly user: string | undefined
}

/** A stored session, as far as is known without loading it again. */
export interface KnownSession {
  readonly identity: Identity
  /** In epoch milliseconds. */
  readonly expiresAt: number
  /** The name under which the store finds the sessions of its user. */
  readonly userName: string | undefined
}
