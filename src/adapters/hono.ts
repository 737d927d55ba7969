import type { Context, MiddlewareHandler } from 'hono'
import type { Exchange } from '../core/manager/adapter-port.ts'
import { honoRequest } from './hono/hono-request.ts'
import { adapterOf, assignmentError, checkUnused, managerOf, openOnce } from './shared/manager.ts'
import { makeRequireUser, type RequireUserOptions } from './shared/require-user.ts'
import type { DataOf, Default, Given, Schemas, Session, Sessions } from './shared/types.ts'
import { refusalResponse } from './web/thrown-response.ts'
import { commitFor, failedResponse, runHandler } from './web/web-response.ts'

declare module 'hono' {
  interface ContextVariableMap {
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
 * app.get('/cart', (c) => c.json(middleware.sessions.of(c).get('cart', [])))
 * ```
 */
export interface SessionMiddleware<Data = Default> extends MiddlewareHandler {
  /** The manager of the sessions. */
  readonly sessions: Sessions<Data>
}

/**
 * Sessions for Hono 4, on Node, Bun, Deno and Workers.
 *
 * ```ts
 * app.use(session({ store }))
 *
 * app.post('/cart/add', async (c) => { c.var.session.push('cart', await c.req.text()); return c.redirect('/') })
 * app.post('/logout',   (c) => { c.var.session.flush(); return c.redirect('/') })
 * ```
 *
 * Changes are saved when the handler has returned, before its response is sent. If that fails, the
 * response is dropped and `app.onError` makes the error page. Behind a proxy that terminates TLS,
 * set `cookie: { secure: true }`.
 *
 * A second manager needs another name: `session({ as: 'adminSession', cookie: { name: 'admin' }, …
 * })`; `sessions.of(c)` is typed by it.
 */
export function session<Data = Default, const S extends Schemas = Schemas>(given: Given<Data, S>): SessionMiddleware<DataOf<Data, S>> {
  const sessions = managerOf(given)
  const adapter = adapterOf(sessions)
  const middleware: MiddlewareHandler = async (c, next) => {
    checkUnused(`c.var.${adapter.name}`, c.get(adapter.name), adapter.boundTo(c))
    // oxlint-disable-next-line unicorn/no-null -- Hono's value for a missing body
    const before = new Headers(c.newResponse(null).headers)
    const exchange = await openOnce(adapter, c, honoRequest(c))
    if (exchange === undefined) return next()
    c.set(adapter.name, exchange.session)
    refuseAssignment(c, adapter.name)
    // Hono turns every `Error` into a response before it reaches this middleware. Anything else
    // that is thrown ends the request.
    await runHandler(exchange, next)
    return commit(exchange, c, before)
  }
  return Object.assign(middleware, { sessions })
}

/**
 * Makes `c.set('session', …)` throw for the handlers of this request. The property is defined and
 * not assigned, because after an assignment garbage collection takes 4 µs more per request (Node
 * 24).
 */
function refuseAssignment(c: Context, name: string): void {
  const set = c.set as (key: string, value: unknown) => void
  Object.defineProperty(c, 'set', {
    value(key: string, value: unknown): void {
      if (key === name) throw assignmentError(`c.var.${name}`)
      set(key, value)
    },
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

async function commit<Data>(exchange: Exchange<Data>, c: Context, before: Headers): Promise<void> {
  try {
    if (c.finalized) replace(c, await commitFor(exchange, c.res))
    else await exchange.commit(500)
  } catch (error) {
    const failed = failedResponse(exchange, error, c.finalized ? c.res : undefined, before)
    replace(c, failed)
    c.status(failed.status as 500)
    enforceErrorStatus(c, failed.status)
    throw error
  }
}

/**
 * Replaces the response. Without the reset Hono would merge the headers of the old response into
 * the new one.
 */
function replace(c: Context, response: Response): void {
  if (c.res === response) return
  c.res = undefined
  c.res = response
}

/** Makes the next response an error, even if the error handler sets another status. */
function enforceErrorStatus(c: Context, status: number): void {
  const prototype: object = Object.getPrototypeOf(c)
  Object.defineProperty(c, 'res', {
    configurable: true,
    get: () => Reflect.get(prototype, 'res', c),
    set(page: Response | undefined) {
      Reflect.deleteProperty(c, 'res')
      c.res = page === undefined || page.status >= 400 ? page : asError(page, status)
    },
  })
}

function asError(page: Response, status: number): Response {
  const { headers } = new Response(undefined, page)
  headers.delete('Location')
  return new Response(page.body, { status, headers })
}

export type { RequireUserOptions }

/**
 * Middleware that lets a request continue only if a user is logged in, and with `within` or `level`
 * only if the user has authenticated so. A browser that navigates is sent to `redirectTo`, with the
 * path of the request as the parameter `next`. Every other request gets the error of
 * `session.requireUser`. Install it after `session()`.
 *
 * ```ts
 * app.use('/account/*', requireUser({ within: '10m', redirectTo: '/confirm' }))
 * ```
 *
 * Throws `ConfigError` for a wrong option.
 */
export function requireUser(options: RequireUserOptions = {}): MiddlewareHandler {
  const locate = makeRequireUser(options)
  const { as = 'session' } = options
  return async (c, next) => {
    const { pathname, search } = new URL(c.req.url)
    const visit = { session: c.get(as) as unknown, mode: c.req.header('sec-fetch-mode'), target: pathname + search }
    const location = await locate(visit).catch((error: unknown) => {
      throw withResponse(error)
    })
    if (location === undefined) return next()
    c.header('Cache-Control', 'no-store')
    return c.redirect(location, 303)
  }
}

/** Hono's default error handler sends the response that an error has. */
function withResponse(error: unknown): unknown {
  const response = refusalResponse(error)
  return response === undefined ? error : Object.assign(error as Error, { getResponse: () => response })
}
