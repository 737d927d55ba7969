import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ConnectFramework, connectMiddleware, connectRequireUser, type Next } from './node/connect.ts'
import { managerOf } from './shared/manager.ts'
import type { RequireUserOptions } from './shared/require-user.ts'
import type { DataOf, Default, Given, Schemas, Session, Sessions } from './shared/types.ts'

declare global {
  namespace Express {
    interface Request {
      /** The session of the browser that sent this request. */
      readonly session: Session
    }
  }
}

/**
 * The middleware that `session()` returns, with its manager as the property `sessions`.
 *
 * ```ts
 * const middleware = session({ store: new MemoryStore() })
 * app.use(middleware)
 * setInterval(() => middleware.sessions.clearExpired(), 3_600_000)
 * ```
 */
export interface SessionMiddleware<Data = Default> {
  /**
   * `res` may be another object than a response of Node, such as that of `io.engine.use` for a
   * WebSocket, or `{}`. The session can then be read, and changes of a session that exists are
   * saved by `save()`.
   */
  (req: IncomingMessage, res: ServerResponse | object, next: Next): void
  /** The manager of the sessions. */
  readonly sessions: Sessions<Data>
}

/** The members of Express's request that are used here. */
interface ExpressRequest extends IncomingMessage {
  /**
   * Whether the request came over HTTPS; trusts a proxy where the setting `trust proxy` says so.
   */
  readonly secure?: boolean
  readonly app?: object
}

const express: ConnectFramework<ExpressRequest> = {
  isSecure: ({ secure }) => secure === true,
  remedy: "app.set('trust proxy', …)",
  catchesAsync: ({ app }) => app !== undefined && !('lazyrouter' in app), // a method that only applications of Express 4 have
}

/**
 * Sessions for Express 4 and 5.
 *
 * ```ts
 * app.use(session({ store: new SqliteStore('sessions.db') }))
 *
 * app.post('/cart/add', (req, res) => { req.session.push('cart', req.body.sku); res.redirect('/') })
 * app.post('/logout',   (req, res) => { req.session.flush(); res.redirect('/') })
 * ```
 *
 * Changes are saved before the first byte of the response is sent. If that fails, the response is
 * dropped and your error handler makes the error page. Behind a proxy that terminates TLS, call
 * `app.set('trust proxy', …)`.
 *
 * A second manager needs another name: `session({ as: 'adminSession', cookie: { name: 'admin' }, …
 * })`.
 */
export function session<Data = Default, const S extends Schemas = Schemas>(given: Given<Data, S>): SessionMiddleware<DataOf<Data, S>> {
  const sessions = managerOf(given)
  return Object.assign(connectMiddleware(sessions, express) as SessionMiddleware<DataOf<Data, S>>, { sessions })
}

export type { RequireUserOptions }

/**
 * Middleware that lets a request continue only if a user is logged in, and with `within` or `level`
 * only if the user has authenticated so. A browser that navigates is sent to `redirectTo`, with the
 * path of the request as the parameter `next`. Every other request gets the error of
 * `session.requireUser`. Install it after `session()`.
 *
 * ```ts
 * app.use('/account', requireUser({ redirectTo: '/login' }))
 * app.post('/account/delete', requireUser({ within: '10m', redirectTo: '/confirm' }), (req, res) => { res.end() })
 * ```
 *
 * Throws `ConfigError` for a wrong option.
 */
export function requireUser(options: RequireUserOptions = {}): (req: IncomingMessage, res: ServerResponse, next: Next) => void {
  return connectRequireUser(options)
}
