import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SessionOptions } from '../core/config/options.ts'
import type { Sessions } from '../core/manager/sessions.ts'
import type { Session } from '../core/session/session.ts'
import type { Described, Schemas } from '../core/values/schema.ts'
import type { Default } from '../core/values/session-data.ts'
import { type ConnectFramework, connectMiddleware, type Next } from './node/connect.ts'
import { managerOf, type SchemaOptions } from './shared/manager.ts'

declare global {
  namespace Express {
    interface Request {
      /** The session of the browser that sent this request. */
      readonly session: Session
    }
  }
}

/**
 * What `session()` returns: the middleware with its manager.
 *
 * ```ts
 * const middleware = session({ store: new MemoryStore() })
 * app.use(middleware)
 * setInterval(() => middleware.sessions.clearExpired(), 3_600_000)
 * ```
 */
export interface SessionMiddleware<Data = Default> {
  (req: IncomingMessage, res: ServerResponse, next: Next): void
  readonly sessions: Sessions<Data>
}

/** What of Express's request is of use here. */
interface ExpressRequest extends IncomingMessage {
  /** Whether the request came over HTTPS; believes a proxy where `trust proxy` says so. */
  readonly secure?: boolean
  readonly app?: object
}

const express: ConnectFramework<ExpressRequest> = {
  isSecure: ({ secure }) => secure === true,
  remedy: "app.set('trust proxy', …)",
  catchesAsync: ({ app }) => app !== undefined && !('lazyrouter' in app), // a method only the applications of Express 4 have
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
 * Changes are saved before the first byte of the response goes out. Should that fail, the response is dropped and your error handler
 * is asked for an error page. Behind a proxy that ends TLS say `app.set('trust proxy', …)`.
 *
 * A second manager takes another name: `session({ as: 'adminSession', cookie: { name: 'admin' }, … })`.
 */
export function session<const S extends Schemas>(options: SchemaOptions<S>): SessionMiddleware<Described<S>>
export function session<Data = Default>(given: SessionOptions | Sessions<Data>): SessionMiddleware<Data>
export function session(given: SessionOptions | Sessions): SessionMiddleware {
  const sessions = managerOf(given)
  return Object.assign(connectMiddleware(sessions, express) as SessionMiddleware, { sessions })
}
