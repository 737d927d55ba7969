import type { Refusal } from '../base/access.ts'
import type { SessionError } from '../base/errors.ts'
import type { Texts } from '../config/profile.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'

/**
 * The state of a draft.
 *
 * - `absent`: the request has no session, and a change starts one. `presented` are the ids that a
 *   flush ends nevertheless. `conflict`: they lead to several sessions, and the request uses none.
 *   `refusal`: they lead to a session that cannot be read, and a change is refused
 * - `deferred`: the token contains the session and is decoded when the request first uses the
 *   session
 * - `unloaded`: not read yet (option `lazy`). `others` are further ids that the request presented
 * - `live`: the session was read; `entry` is the newest one that this request knows.
 *   `isOverlapOver`: it has several ids, and this one has to become the only one. `isIdTooOld`: the
 *   response has to replace the id (option `cycleId`)
 * - `ended`: the session ended while the request was running, or its id was renewed less than a
 *   minute ago. A login starts a new session; other changes are refused with an error, or dropped
 *   with `whenEnded: 'discard'`. `isReplaced`: its id was. `newer`: the session under its newer id,
 *   which a login may join
 * - `failed`: the store could not be read
 * - `unknown`: the outcome of a write is unknown; only a flush is still possible
 */
export type State =
  | {
      readonly is: 'absent'
      readonly identity?: undefined
      readonly presented?: readonly Identity[]
      readonly conflict?: boolean
      readonly refusal?: Refusal | undefined
    }
  | {
      readonly is: 'ended'
      readonly identity?: Identity | undefined
      readonly newer?: Loaded | undefined
      readonly isReplaced?: boolean
    }
  | { readonly is: 'deferred'; readonly identity?: undefined; readonly decode: () => LoadedState }
  | { readonly is: 'unloaded'; readonly identity: Identity; readonly others?: readonly Identity[] }
  | { readonly is: 'unknown'; readonly identity: Identity }
  | {
      readonly is: 'live'
      readonly identity: Identity
      readonly entry: Entry
      readonly isOverlapOver?: boolean
      readonly isIdTooOld?: boolean
    }
  | { readonly is: 'failed'; readonly identity: Identity; readonly error: SessionError }

/** A session as it was read. */
export interface Loaded {
  readonly entry: Entry
  readonly texts: Texts
}

/** A state, with the texts of its properties if it is `live`. */
export interface LoadedState {
  readonly state: State
  readonly texts?: Texts | undefined
}

/** A session after a commit. */
export interface Committed {
  /** The current id: that of the request, or the new one if the commit renewed it. */
  readonly identity: Identity
  readonly entry: Entry
  /** Whether this commit wrote the entry, which proves that the id is current. */
  readonly isWritten: boolean
}

/** Returns the identities that a flush ends. */
export function presentedIn(state: State): readonly Identity[] {
  if (state.is === 'absent') return state.presented ?? []
  return state.identity === undefined ? [] : [state.identity]
}

/** The field `handle` of an event about this session. */
export function handleOf({ identity }: State): { readonly handle?: string } {
  return identity === undefined ? {} : { handle: identity.handle }
}
