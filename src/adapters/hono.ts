import type { Context, MiddlewareHandler } from 'hono'
import { ConfigError } from '../core/base/errors.ts'
import type { SessionOptions } from '../core/config/options.ts'
import type { Sessions } from '../core/manager/sessions.ts'
import type { Session } from '../core/session/session.ts'
import type { Described, Schemas } from '../core/values/schema.ts'
import type { Default } from '../core/values/session-data.ts'
import { errorStatus } from './shared/error-status.ts'
import { managerOf, type SchemaOptions } from './shared/manager.ts'
import { honoRequest } from './web/web-request.ts'
import { cancel, withSessionHeaders } from './web/web-response.ts'

declare module 'hono' {
  interface ContextVariableMap {
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
 * app.get('/cart', (c) => c.json(middleware.sessions.of(c).get('cart', [])))
 * ```
 */
export interface SessionMiddleware<Data = Default> extends MiddlewareHandler {
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
 * Changes are saved when the handler has answered, before its response is handed on. Should that fail, the response is dropped and
 * `app.onError` makes the error page. Behind a proxy that ends TLS say `cookie: { secure: true }`.
 *
 * A second manager takes another name: `session({ as: 'adminSession', cookie: { name: 'admin' }, … })`; `sessions.of(c)` is typed by it.
 */
export function session<const S extends Schemas>(options: SchemaOptions<S>): SessionMiddleware<Described<S>>
export function session<Data = Default>(given: SessionOptions | Sessions<Data>): SessionMiddleware<Data>
export function session(given: SessionOptions | Sessions): SessionMiddleware {
  const sessions = managerOf(given)
  const middleware: MiddlewareHandler = async (c, next) => {
    if (isInstalled(sessions, c)) return next()
    // oxlint-disable-next-line unicorn/no-null -- so Hono says that there is no body
    const before = new Headers(c.newResponse(null).headers)
    const session = await sessions.open(honoRequest(c))
    c.set(sessions.name, session)
    sessions.bind(c, session)
    await handled(sessions, session, next)
    return commit(sessions, session, c, before)
  }
  return Object.assign(middleware, { sessions })
}

function isInstalled(sessions: Sessions, c: Context): boolean {
  const { name } = sessions
  const there: unknown = c.get(name)
  if (there === undefined) return false
  if (there === sessions.find(c)) return true
  throw new ConfigError(`c.var.${name} is there already; give this manager another name: session({ as: 'adminSession', … }).`)
}

/** Hono makes a response of every `Error` on its way to us. Something else that is thrown ends the request: what is final is performed still. */
async function handled(sessions: Sessions, session: Session, next: () => Promise<void>): Promise<void> {
  try {
    await next()
  } catch (error) {
    await sessions.commit(session, { status: 500 }).catch(() => undefined)
    throw error
  }
}

async function commit(sessions: Sessions, session: Session, c: Context, before: Headers): Promise<void> {
  const status = c.finalized ? c.res.status : 500
  try {
    const owed = await sessions.settle(session, { status })
    if (c.finalized) replace(c, withSessionHeaders(c.res, owed))
  } catch (error) {
    if (c.finalized) cancel(c.res)
    const refused = new Response(undefined, { status: errorStatus(error), headers: before })
    replace(c, withSessionHeaders(refused, sessions.owed(session)))
    c.status(refused.status as 500)
    insist(c, refused.status)
    throw error
  }
}

/** Hono would merge the headers of a response that is there into the one that is to take its place. */
function replace(c: Context, response: Response): void {
  if (c.res === response) return
  c.res = undefined
  c.res = response
}

/** Whatever the error handler answers, the next response that is set goes out as an error. */
function insist(c: Context, status: number): void {
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
