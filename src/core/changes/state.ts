import type { Refusal } from '../base/access.ts'
import type { SessionError } from '../base/errors.ts'
import type { Texts } from '../config/profile.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'

/**
 * How a request stands to the session that its token names.
 *
 * - `absent`: there is none, and a change starts one. `presented` are the ids that a flush ends all
 *   the same. `conflict`: they lead to several sessions, and none of them is this request's.
 *   `refusal`: they lead to one that cannot be read, and none may be started in its place
 * - `deferred`: the token contains the session and is decoded when the request first uses the
 *   session
 * - `unloaded`: not read yet (option `lazy`). `others` are further ids that the request presented
 * - `live`: it was read; `entry` is the newest that this request knows
 * - `ended`: it ended while the request was running, or its id was renewed a moment ago. Changes
 *   are lost, and the request gets an error
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
  | { readonly is: 'ended'; readonly identity?: Identity | undefined }
  | { readonly is: 'deferred'; readonly identity?: undefined; readonly decode: () => Opened }
  | { readonly is: 'unloaded'; readonly identity: Identity; readonly others?: readonly Identity[] }
  | { readonly is: 'unknown'; readonly identity: Identity }
  | { readonly is: 'live'; readonly identity: Identity; readonly entry: Entry }
  | { readonly is: 'failed'; readonly identity: Identity; readonly error: SessionError }

/** A state, and the texts of its properties where it is `live`. */
export interface Opened {
  readonly state: State
  readonly texts?: Texts | undefined
}
