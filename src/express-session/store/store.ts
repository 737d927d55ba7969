import { EventEmitter } from 'node:events'
import { Cookie, type CookieData } from '../cookie/cookie.ts'
import { type Callback, Session, type SessionRequest } from '../session/session.ts'

/** A session as a store for express-session returns it. */
export interface StoredSession {
  cookie?: Partial<CookieData> | undefined
  [name: string]: unknown
}

/** The methods that a store for express-session has to have, and those that it inherits. */
export interface Store extends EventEmitter {
  /** Finds a session, as a plain object with a `cookie`. */
  get(sid: string, callback: (error?: unknown, session?: StoredSession) => void): void
  /** Saves a session. */
  set(sid: string, session: object, callback?: Callback): void
  /** Ends a session. */
  destroy(sid: string, callback?: Callback): void
  /** Puts a new session with a new sid on a request. */
  generate?(req: SessionRequest): void
  /** Finds a session, as an object with the methods of `req.session`. */
  load(sid: string, callback: (error?: unknown, session?: Session) => void): void
  /** Puts a session that `get` returned on a request. */
  createSession(req: SessionRequest, session: StoredSession): Session
  /** Ends the session of a request, and puts a new one on it. */
  regenerate(req: SessionRequest, callback: Callback): void
}

interface StoreConstructor {
  new (): Store
  (this: object): void
  readonly prototype: Store
}

/**
 * The base of stores for express-session. It is a function, because many of them call
 * `Store.call(this)`, which a class does not allow.
 */
export const Store: StoreConstructor = function Store(this: EventEmitter): void {
  Reflect.apply(EventEmitter, this, [])
} as unknown as StoreConstructor

const inherited: Pick<Store, 'load' | 'createSession' | 'regenerate'> & ThisType<Store> = {
  load(sid, callback) {
    this.get(sid, (error, found) => {
      if (error) return callback(error)
      if (!found) return callback()
      return callback(null, this.createSession({ sessionID: sid, sessionStore: this }, found))
    })
  },

  createSession(req, found) {
    const { expires, originalMaxAge } = found.cookie ?? {}
    const cookie = new Cookie(found.cookie)
    if (typeof expires === 'string') cookie.expires = new Date(expires)
    if (originalMaxAge !== undefined) cookie.originalMaxAge = originalMaxAge
    found.cookie = cookie
    const session = new Session(req, found)
    session.cookie = cookie
    req.session = session
    return session
  },

  regenerate(req, callback) {
    this.destroy(req.sessionID as string, (error) => {
      this.generate?.(req)
      callback(error)
    })
  },
}

Object.setPrototypeOf(Store.prototype, EventEmitter.prototype)
Object.setPrototypeOf(Store, EventEmitter)
for (const [name, value] of Object.entries(inherited))
  Object.defineProperty(Store.prototype, name, { value, writable: true, configurable: true })
