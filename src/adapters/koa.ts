import type { Middleware } from 'koa'
import type { SessionOptions } from '../core/config/options.ts'
import type { Sessions } from '../core/manager/sessions.ts'
import type { Session } from '../core/session/session.ts'
import type { Described, Schemas } from '../core/values/schema.ts'
import type { Default } from '../core/values/session-data.ts'
import { attachSession } from './node/attach-session.ts'
import { expose } from './shared/expose.ts'
import { managerOf, type SchemaOptions } from './shared/manager.ts'

declare module 'koa' {
  interface DefaultContext {
    /** The session of the browser that sent this request. */
    readonly session: Session
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
export interface SessionMiddleware<Data = Default> extends Middleware {
  readonly sessions: Sessions<Data>
}

/**
 * Sessions for Koa 3.
 *
 * ```ts
 * app.use(session({ store: new SqliteStore('sessions.db') }))
 *
 * router.post('/cart/add', (ctx) => { ctx.session.push('cart', ctx.request.body.sku); ctx.redirect('/') })
 * router.post('/logout',   (ctx) => { ctx.session.flush(); ctx.redirect('/') })
 * ```
 *
 * Changes are saved before the first byte of the response goes out, that of an error too. Should that fail, the response is dropped and
 * `ctx.onerror` makes the error page. Behind a proxy that ends TLS say `app.proxy = true`.
 *
 * A second manager takes another name: `session({ as: 'adminSession', cookie: { name: 'admin' }, … })`.
 */
export function session<const S extends Schemas>(options: SchemaOptions<S>): SessionMiddleware<Described<S>>
export function session<Data = Default>(given: SessionOptions | Sessions<Data>): SessionMiddleware<Data>
export function session(given: SessionOptions | Sessions): SessionMiddleware {
  const sessions = managerOf(given)
  const begin = attachSession(sessions, 'app.proxy = true')
  const middleware: Middleware = async (ctx, next) => {
    const { req, res, secure } = ctx
    const opened = await begin({ req, res, secure, fail: (error) => ctx.onerror(error as Error) })
    expose(sessions, ctx, 'ctx', opened)
    sessions.bind(ctx, opened)
    return next()
  }
  return Object.assign(middleware, { sessions })
}
