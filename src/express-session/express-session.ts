import type { RequestHandler } from 'express'
import type expressSession from 'express-session'
import type { Sessions } from '../core/manager/sessions.ts'
import { type AddedOptions, type GivenOptions, readOptions } from './config/options.ts'
import { Cookie } from './cookie/cookie.ts'
import { makeMiddleware } from './manager/middleware.ts'
import { Session } from './session/session.ts'
import { MemoryStore } from './store/memory-store.ts'
import { Store } from './store/store.ts'

/**
 * The options of express-session, and those that this package adds. `resave` has no effect, because
 * an unchanged session is touched and never written back. Unknown options are ignored, except other
 * spellings of the added ones.
 */
export interface SessionOptions extends Omit<expressSession.SessionOptions, 'store'>, Omit<AddedOptions, 'userId'> {
  /** The name of the cookie, as `name`. */
  readonly key?: string | undefined
  /**
   * Returns the id of the user who is logged in, from the properties of a session. Default:
   * `session.passport?.user ?? session.userId ?? session.user?.id`, where that is a string or a
   * number.
   */
  readonly userId?: (session: Readonly<Partial<expressSession.SessionData>>) => string | number | undefined
}

/** The middleware, with the manager of its sessions as the property `sessions`. */
export interface SessionMiddleware extends RequestHandler {
  /**
   * The manager, for verbs that express-session does not have: `sessions.of(req)` is the session of
   * a request, and `sessions.users.revoke(id)` logs a user out everywhere.
   */
  readonly sessions: Sessions<expressSession.SessionData>
}

interface Constructors {
  readonly Store: typeof Store
  readonly Cookie: typeof Cookie
  readonly Session: typeof Session
  readonly MemoryStore: typeof MemoryStore
}

/**
 * Sessions with the API of express-session: changes are compared, merged with those of parallel
 * requests and saved before the first byte of the response. A property that one request deleted
 * stays deleted, and a session that ended is never created again.
 *
 * ```js
 * app.use(session({ secret, resave: false, saveUninitialized: false, store: new SqliteStore('sessions.db') }))
 *
 * app.post('/cart/:sku', (req, res) => { (req.session.cart ??= []).push(req.params.sku); res.redirect('/') })
 * ```
 *
 * @throws TypeError for a wrong option of express-session, ConfigError for another wrong option.
 */
function session(options: SessionOptions): SessionMiddleware {
  return makeMiddleware<expressSession.SessionData>(readOptions((options ?? {}) as GivenOptions)) as unknown as SessionMiddleware
}

// The names that @types/express-session has, for `session.SessionData` and the like.
declare namespace session {
  export type SessionData = expressSession.SessionData
  export type CookieOptions = expressSession.CookieOptions
  export type Session = expressSession.Session
  export type Cookie = expressSession.Cookie
  export type Store = expressSession.Store
  export const Store: Constructors['Store']
  export const Cookie: Constructors['Cookie']
  export const Session: Constructors['Session']
  export const MemoryStore: Constructors['MemoryStore']
}

Object.assign(session, { Store, Cookie, Session, MemoryStore } satisfies Constructors)

/** The properties of `req.session`. Declare yours in the module `express-session`, as before. */
export type SessionData = expressSession.SessionData
/** The option `cookie`. */
export type CookieOptions = expressSession.CookieOptions
export { Cookie, MemoryStore, Session, Store }
export default session
// What require('sojourn/express-session') returns.
export { session as 'module.exports' }
