import { isError } from '../../core/base/realms.ts'
import type { Cookie } from '../cookie/cookie.ts'

/** Receives the error of an operation, or nothing. */
export type Callback = (error?: unknown) => void

/** The parts of a request that a session uses. */
export interface SessionRequest {
  sessionID?: unknown
  session?: unknown
  sessionStore?: SessionStoreVerbs
}

/** The methods of `req.sessionStore` that a session uses which belongs to no running request. */
interface SessionStoreVerbs {
  get(sid: string, callback: (error?: unknown, session?: object | null) => void): void
  set(sid: string, session: object, callback: Callback): void
  destroy(sid: string, callback: Callback): void
  regenerate(req: object, callback: Callback): void
  createSession(req: object, session: object): Session
}

/** Performs the methods of a session for the request that it belongs to. */
export interface SessionOwner {
  save(session: Session): Promise<void>
  reload(session: Session): Promise<void>
  regenerate(session: Session): Promise<void>
  destroy(session: Session): Promise<void>
  touch(session: Session): void
}

let assignOwner: (session: Session, owner: SessionOwner, sid: unknown) => void

/** Makes a request perform the methods of a session. */
export function setOwner(session: Session, owner: SessionOwner, sid: unknown): void {
  assignOwner(session, owner, sid)
}

/**
 * `req.session`: an ordinary object with the properties of the session, in the form of
 * express-session. Its methods call the callback later, or return a promise if there is none.
 */
export class Session {
  /** The lifetime of this session and the attributes of its cookie. */
  declare cookie: Cookie
  readonly #req: SessionRequest
  #id: unknown
  #owner: SessionOwner | undefined

  static {
    assignOwner = (session: Session, owner: SessionOwner, sid: unknown): void => {
      session.#owner = owner
      session.#id = sid
    }
  }

  constructor(req: SessionRequest, data?: unknown) {
    this.#req = req
    this.#id = req.sessionID
    if (typeof data !== 'object' || data === null) return
    for (const name in data) if (!(name in this)) Reflect.set(this, name, Reflect.get(data, name))
  }

  /** The request that the session belongs to. */
  get req(): SessionRequest | undefined {
    return #req in this ? this.#req : undefined
  }

  /** The sid. */
  get id(): string | undefined {
    return #req in this ? (this.#id as string) : undefined
  }

  /** Starts the lifetime again. The stored expiry moves when the request is committed. */
  touch(): this {
    if (#req in this) this.#owner?.touch(this)
    return this.resetMaxAge()
  }

  /** Sets `cookie.maxAge` to `cookie.originalMaxAge`. */
  resetMaxAge(): this {
    this.cookie.maxAge = this.cookie.originalMaxAge
    return this
  }

  /** Commits the changes now. They are final, even if the request fails later. */
  save(callback?: Callback): this | Promise<void> {
    const store = this.#store
    return this.#settle(callback, this.#owner?.save(this) ?? asPromise((done) => store.set(String(this.#id), this, done)))
  }

  /**
   * Puts a new object with the newest state on the request. Changes that were not saved are
   * dropped.
   */
  reload(callback?: Callback): this | Promise<void> {
    return this.#settle(callback, this.#owner?.reload(this) ?? this.#reloadFrom(this.#store))
  }

  /** Ends the session, and puts a new and empty one on the request. This object stays readable. */
  regenerate(callback?: Callback): this | Promise<void> {
    const store = this.#store
    return this.#settle(callback, this.#owner?.regenerate(this) ?? asPromise((done) => store.regenerate(this.#req, done)))
  }

  /** Ends the session and removes it from the request at once. */
  destroy(callback?: Callback): this | Promise<void> {
    const store = this.#store
    delete this.#req.session
    return this.#settle(callback, this.#owner?.destroy(this) ?? asPromise((done) => store.destroy(String(this.#id), done)))
  }

  get #store(): SessionStoreVerbs {
    return this.#req.sessionStore as SessionStoreVerbs
  }

  async #reloadFrom(store: SessionStoreVerbs): Promise<void> {
    const found = await new Promise<object | null | undefined>((resolve, reject) => {
      store.get(String(this.#id), (error, session) => (error ? reject(asError(error)) : resolve(session)))
    })
    if (!found) throw notFound()
    store.createSession(this.#req, found)
  }

  /**
   * Calls the callback in a later tick and returns the session; without a callback returns the
   * promise. Its rejection never ends the process, because the commit of the response fails too.
   */
  #settle(callback: Callback | undefined, done: Promise<void>): this | Promise<void> {
    done.catch(() => undefined)
    if (typeof callback !== 'function') return done
    done.then(
      () => setImmediate(() => callback()),
      (error: unknown) => setImmediate(() => callback(error)),
    )
    return this
  }
}

function asPromise(run: (done: Callback) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    run((error) => (error ? reject(asError(error)) : resolve()))
  })
}

/** Stores may call back with anything. */
function asError(error: unknown): Error {
  return isError(error) ? error : new Error(String(error))
}

/** The error of express-session when a session to reload has no row. */
export function notFound(): Error {
  return new Error('failed to load session')
}

/** `console.log` prints the properties, also those that are not parsed yet. */
Object.defineProperty(Session.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  configurable: true,
  value(this: Session, _depth: number, options: object, inspect?: (value: unknown, options: object) => string) {
    return `Session ${inspect?.(Object.assign({}, this), options) ?? ''}`
  },
})
