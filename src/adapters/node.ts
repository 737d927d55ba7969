import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { SessionOptions } from '../core/config/options.ts'
import type { Sessions } from '../core/manager/sessions.ts'
import type { Session } from '../core/session/session.ts'
import type { Described, Schemas } from '../core/values/schema.ts'
import type { Default } from '../core/values/session-data.ts'
import { type ConnectFramework, connectMiddleware, type Next, sendPlainError } from './node/connect.ts'
import { reportError } from './shared/error-status.ts'
import { checkHandler, managerOf, type SchemaOptions } from './shared/manager.ts'

/**
 * A request that has passed `session()`: the session is its property `session`, or what the option `as` names.
 *
 * ```ts
 * function cart(req: SessionRequest, res: ServerResponse) {
 *   res.end(JSON.stringify(req.session.get('cart', [])))
 * }
 * ```
 */
export type SessionRequest<Data = Default, Name extends string = 'session', Request = IncomingMessage> = Request & {
  readonly [name in Name]: Session<Data>
}

/**
 * What `session()` returns: a Connect-style middleware with its manager.
 *
 * ```ts
 * const middleware = session({ store: new MemoryStore() })
 * middleware.sessions.of(req).get('cart')
 * ```
 */
export interface SessionMiddleware<Data = Default> {
  /** Calls `next` when the session is there. */
  (req: IncomingMessage | Http2ServerRequest, res: ServerResponse | Http2ServerResponse, next: Next): void
  /** Resolves when the session is there; rejects with a `StoreError` when it could not be loaded. */
  (req: IncomingMessage | Http2ServerRequest, res: ServerResponse | Http2ServerResponse): Promise<void>
  readonly sessions: Sessions<Data>
}

const node: ConnectFramework<IncomingMessage> = {
  isSecure: ({ socket }) => (socket as { readonly encrypted?: boolean }).encrypted === true,
  catchesAsync: () => false,
}

/** Answers a request that has a session. */
export type SessionHandler<Data = Default> = (req: IncomingMessage, res: ServerResponse, session: Session<Data>) => unknown

/** What `withSession()` returns: a listener for `createServer`, with its manager. */
export interface SessionListener<Data = Default> {
  (req: IncomingMessage, res: ServerResponse): void
  readonly sessions: Sessions<Data>
}

/**
 * Sessions for a server without a framework.
 *
 * ```ts
 * createServer(
 *   withSession({ store: new SqliteStore('sessions.db') }, (req, res, session) => {
 *     res.end(`visit ${session.increment('visits')}`)
 *   }),
 * ).listen(3000)
 * ```
 *
 * What the handler throws, now or later, is answered by a line of plain text with the error's status, and so are a session that could not
 * be loaded and a commit that failed; the error is printed on the console, and the process goes on. A response that was already on its way is
 * cut off.
 */
export function withSession<const S extends Schemas>(
  options: SchemaOptions<S>,
  handler: SessionHandler<Described<S>>,
): SessionListener<Described<S>>
export function withSession<Data = Default>(given: SessionOptions | Sessions<Data>, handler: SessionHandler<Data>): SessionListener<Data>
export function withSession(given: SessionOptions | Sessions, handler: SessionHandler): SessionListener {
  checkHandler(handler)
  const begin = session(given)
  const { sessions } = begin
  async function listen(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      await begin(req, res)
      await handler(req, res, sessions.of(req))
    } catch (error) {
      if (!res.headersSent) return sendPlainError(res, error)
      reportError(error)
      res.destroy()
    }
  }
  return Object.assign((req: IncomingMessage, res: ServerResponse): void => void listen(req, res), { sessions })
}

/**
 * Sessions as middleware: for `node:http`, `node:https`, the compatibility API of `node:http2`, and whatever has Connect-style middleware.
 *
 * ```ts
 * const middleware = session({ store: new SqliteStore('sessions.db') })
 *
 * app.use(middleware)
 * app.use((req, res) => res.end(`visit ${middleware.sessions.of(req).increment('visits')}`))
 * ```
 *
 * Changes are saved before the first byte of the response goes out. Should that fail, the response becomes an error: `next(error)` makes
 * it, or without a `next` a line of plain text. A session that could not be loaded is told at once, by `next(error)`, or without a `next` by a
 * rejection, which you have to catch: `withSession` does.
 */
export function session<const S extends Schemas>(options: SchemaOptions<S>): SessionMiddleware<Described<S>>
export function session<Data = Default>(given: SessionOptions | Sessions<Data>): SessionMiddleware<Data>
export function session(given: SessionOptions | Sessions): SessionMiddleware {
  const sessions = managerOf(given)
  return Object.assign(connectMiddleware(sessions, node) as SessionMiddleware, { sessions })
}
