import type { SessionEvents } from '../core/base/events.ts'
import type { State } from '../core/changes/state.ts'
import type { Engine } from '../core/config/engine.ts'
import type { SessionOptions } from '../core/config/options.ts'
import type { Texts } from '../core/config/profile.ts'
import type { IncomingRequest } from '../core/cookie/incoming-request.ts'
import type { Entry } from '../core/store/store.ts'

/** The reasons of the events that opening a session emits. */
export type OpeningReason = SessionEvents['absent']['reason'] | SessionEvents['loaded']['reason'] | SessionEvents['load-failed']['reason']

/** The most specific cause that could be found. */
export interface Cause {
  /** Identifies the cause; each has a row in the table of `docs/operating.md`. */
  readonly cause: CauseCode
  /** What happened. Contains no id and no value. */
  readonly message: string
  /** What to do about it; empty if nothing is wrong. */
  readonly remedy: string
}

/** See the table "Why is my session empty?" in `docs/operating.md`. */
export type CauseCode =
  | 'found'
  | 'carried-over'
  | 'no-user'
  | 'no-properties'
  | 'invalid-properties'
  | 'no-cookie'
  | 'cross-site'
  | 'third-party'
  | 'other-name'
  | 'outside-domain'
  | 'plain-http'
  | 'untrusted-proxy'
  | 'outside-path'
  | 'malformed-cookie'
  | 'no-token'
  | 'malformed-token'
  | 'foreign-cookie'
  | 'other-secret'
  | 'two-cookies'
  | 'unknown'
  | 'other-manager'
  | 'ended'
  | 'expired'
  | 'expired-idle'
  | 'expired-absolute'
  | 'shorter-lifetime'
  | 'revoked-before'
  | 'renewed-id'
  | 'unreadable'
  | 'too-large'
  | 'store-error'

/** What was found when the session was opened, for the search for the cause. */
export interface Findings {
  readonly engine: Engine
  /** The options of the manager. */
  readonly options: SessionOptions
  readonly state: State
  readonly texts: Texts
  readonly reason: OpeningReason
  /** `undefined` when a handle is explained. */
  readonly request: IncomingRequest | undefined
  /** The row that the cookie leads to, expired or not, as it is after the request. */
  readonly entry: Entry | undefined
  /** What the request would do to the row, such as to carry its session over. */
  readonly write: 'create' | 'replace' | undefined
  /** When all sessions of the manager were ended last, in epoch milliseconds. */
  readonly allRevokedAt: number | undefined
  readonly invalidProperties: readonly string[]
}
