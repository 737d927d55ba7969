import type { Store as Rows } from '../../core/store/store.ts'
import type { Callback, SessionRequest } from '../session/session.ts'
import { Store, type StoredSession } from './store.ts'

/** The operations of a manager that `req.sessionStore` is a view of. */
export interface StoredSessions {
  get(sid: string): Promise<StoredSession | undefined>
  set(sid: string, session: object): Promise<void>
  destroy(sid: string): Promise<void>
  touch(sid: string, session: object): Promise<void>
  all(): Promise<Record<string, StoredSession>>
  generate(req: SessionRequest): void
}

type Found<T> = (error: unknown, value?: T) => void

/**
 * `req.sessionStore`: the sessions of a manager in the form of a store for express-session. `set`
 * writes only what differs from what `get` returned for the same object, so that the changes of
 * parallel requests are kept, and writes nothing if the session has ended. `all` is keyed by the
 * handles of the sessions, because the table contains no sids.
 */
export class SessionStore extends Store {
  /** The store that keeps the sessions. */
  readonly rows: Rows
  #sessions: StoredSessions | undefined

  constructor(rows: Rows) {
    super()
    this.rows = rows
  }

  /** Internal. Called with the sessions of the manager that uses this store. */
  attach(sessions: StoredSessions): void {
    this.#sessions ??= sessions
  }

  /** Puts a new session with a new sid on the request. */
  override generate(req: SessionRequest): void {
    this.#attached().generate(req)
  }

  /** Finds a session by its sid or handle, as a plain object with a `cookie`. */
  override get(sid: string, callback: Found<StoredSession>): void {
    finish<StoredSession | undefined>(this.#attached().get(sid), callback)
  }

  /** Saves what differs from the session that `get` returned. */
  override set(sid: string, session: object, callback?: Callback): void {
    finish(this.#attached().set(sid, session), callback)
  }

  /** Ends a session by its sid or handle. Requests that are running cannot save it again. */
  override destroy(sid: string, callback?: Callback): void {
    finish(this.#attached().destroy(sid), callback)
  }

  /** Extends the expiry of a session. */
  touch(sid: string, session: object, callback?: Callback): void {
    finish(this.#attached().touch(sid, session), callback)
  }

  /** All sessions of the store, by their handles. */
  all(callback: Found<Record<string, StoredSession>>): void {
    finish(this.#attached().all(), callback)
  }

  /** The number of sessions. */
  length(callback: Found<number>): void {
    finish(
      this.#attached()
        .all()
        .then((sessions) => Object.keys(sessions).length),
      callback,
    )
  }

  /** Ends all sessions. */
  clear(callback?: Callback): void {
    const sessions = this.#attached()
    const cleared = sessions.all().then(async (all) => {
      for (const handle of Object.keys(all)) await sessions.destroy(handle)
    })
    finish(cleared, callback)
  }

  #attached(): StoredSessions {
    if (this.#sessions !== undefined) return this.#sessions
    throw new Error('This store has no manager yet. Pass it to session({ store }) before you use it.')
  }
}

/** Calls the callback in a later tick, as stores for express-session do. */
function finish<T>(done: Promise<T>, callback: Found<NonNullable<T>> | undefined): void {
  done.then(
    (value) => setImmediate(() => callback?.(null, value ?? undefined)),
    (error: unknown) => setImmediate(() => callback?.(error)),
  )
}
