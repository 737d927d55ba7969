import type { SessionError } from '../base/errors.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'

/**
 * How a request stands to the session its cookie names.
 *
 * - `absent`: there is none; what is set starts one. The identity is what the cookie named, for a flush to delete all the same
 * - `unloaded`: nobody has looked yet (`lazy`)
 * - `live`: it was read, and `entry` is the newest this request knows
 * - `ended`: there was one, or its id was renewed a moment ago; what is changed is lost, and the request is told
 * - `failed`: the store could not be read
 * - `unknown`: a write's fate was never found out; only a flush is still possible
 */
export type State =
  | { readonly is: 'absent' | 'ended'; readonly identity?: Identity | undefined }
  | { readonly is: 'unloaded' | 'unknown'; readonly identity: Identity }
  | { readonly is: 'live'; readonly identity: Identity; readonly entry: Entry }
  | { readonly is: 'failed'; readonly identity: Identity; readonly error: SessionError }

/** A state, and the texts of its properties where it is `live`. */
export interface Opened {
  readonly state: State
  readonly texts?: ReadonlyMap<string, string> | undefined
}

/** What the browser brought, where to open it takes nobody else: that is put off until somebody looks. */
export interface Deferred {
  readonly is: 'unopened'
  open(): Opened
}
