import type { Middleware } from 'koa'
import { attachedTo, attachSession } from './node/attach-session.ts'
import { adapterOf, makeExpose, managerOf } from './shared/manager.ts'
import { makeRequireUser, type RequireUserOptions } from './shared/require-user.ts'
import type { DataOf, Default, Given, Schemas, Session, Sessions } from './shared/types.ts'

declare module 'koa' {
  interface DefaultContext {
    /** The session of the browser that sent this request. */
    readonly session: Session
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
export interface SessionMiddleware<Data = Default> extends Middleware {
  /** The manager of the sessions. */
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
 * Changes are saved before the first byte of the response is sent, also of an error response. If
 * that fails, the response is dropped and `ctx.onerror` makes the error page. Behind a proxy that
 * terminates TLS, set `app.proxy = true`.
 *
 * A second manager needs another name: `session({ as: 'adminSession', cookie: { name: 'admin' }, …
 * })`.
 */
export function session<Data = Default, const S extends Schemas = Schemas>(given: Given<Data, S>): SessionMiddleware<DataOf<Data, S>> {
  const sessions = managerOf(given)
  const adapter = adapterOf(sessions)
  const attach = attachSession(adapter, 'app.proxy = true')
  const expose = makeExpose(adapter, 'ctx')
  const middleware: Middleware = async (ctx, next) => {
    const { req, res, secure, originalUrl } = ctx
    await attach({ req, res, secure, originalUrl, fail: (error) => ctx.onerror(error as Error) })
    adapter.bind(ctx, attachedTo(adapter, req))
    expose(ctx)
    return next()
  }
  return Object.assign(middleware, { sessions })
}

export type { RequireUserOptions }

/**
 * Middleware that lets a request continue only if a user is logged in, and with `within` or `level`
 * only if the user has authenticated so. A browser that navigates is sent to `redirectTo`, with the
 * path of the request as the parameter `next`. Every other request gets the error of
 * `session.requireUser`. Install it after `session()`.
 *
 * ```ts
 * app.use(requireUser({ within: '10m', redirectTo: '/confirm' }))
 * ```
 *
 * Throws `ConfigError` for a wrong option.
 */
export function requireUser(options: RequireUserOptions = {}): Middleware {
  const locate = makeRequireUser(options)
  const { as = 'session' } = options
  return async (ctx, next) => {
    const session: unknown = as in ctx ? Reflect.get(ctx, as) : undefined
    const location = await locate({ session, mode: ctx.get('sec-fetch-mode'), target: ctx.originalUrl })
    if (location === undefined) return next()
    ctx.set('Cache-Control', 'no-store')
    ctx.redirect(location)
    ctx.status = 303
    return undefined
  }
}
