import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { type ConnectFramework, connectMiddleware, connectRequireUser, type Next, sendPlainError } from './node/connect.ts'
import { cutOff } from './node/cut-off.ts'
import { reportError } from './shared/error-status.ts'
import { checkHandler, managerOf } from './shared/manager.ts'
import type { RequireUserOptions } from './shared/require-user.ts'
import type { DataOf, Default, Given, Schemas, Session, Sessions } from './shared/types.ts'

/**
 * A request that has passed `session()`: it has the session as the property `session`, or as the
 * property that the option `as` names.
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
 * The Connect-style middleware that `session()` returns, with its manager as the property
 * `sessions`.
 *
 * ```ts
 * const middleware = session({ store: new MemoryStore() })
 * middleware.sessions.of(req).get('cart')
 * ```
 */
export interface SessionMiddleware<Data = Default> {
  /**
   * Calls `next` when the session is open. `res` may be another object than a response of Node,
   * such as that of `io.engine.use` for a WebSocket, or `{}`. The session can then be read, and
   * changes of a session that exists are saved by `save()`.
   */
  (req: IncomingMessage | Http2ServerRequest, res: ServerResponse | Http2ServerResponse | object, next: Next): void
  /** Resolves when the session is open; rejects with a `StoreError` when it could not be loaded. */
  (req: IncomingMessage | Http2ServerRequest, res: ServerResponse | Http2ServerResponse | object): Promise<void>
  /** The manager of the sessions. */
  readonly sessions: Sessions<Data>
}

const node: ConnectFramework<IncomingMessage> = {
  isSecure: ({ socket }) => (socket as { readonly encrypted?: boolean }).encrypted === true,
  catchesAsync: () => false,
}

/** Handles a request that has a session. */
export type SessionHandler<Data = Default> = (req: IncomingMessage, res: ServerResponse, session: Session<Data>) => unknown

/**
 * The listener for `createServer` that `withSession()` returns, with its manager as the property
 * `sessions`.
 */
export interface SessionListener<Data = Default> {
  (req: IncomingMessage, res: ServerResponse): void
  /** The manager of the sessions. */
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
 * If the handler throws or rejects, if the session cannot be loaded, or if the commit fails, the
 * response is a line of plain text with the error's status, and the error is printed on the
 * console. The process continues. A response that has started is cut off.
 */
export function withSession<Data = Default, const S extends Schemas = Schemas>(
  given: Given<Data, S>,
  handler: SessionHandler<DataOf<Data, S>>,
): SessionListener<DataOf<Data, S>> {
  checkHandler(handler)
  const open = session(given)
  const { sessions } = open
  async function listen(req: IncomingMessage, res: ServerResponse): Promise<void> {
    try {
      await open(req, res)
      await handler(req, res, sessions.of(req))
    } catch (error) {
      if (!res.headersSent) return sendPlainError(res, error)
      reportError(error)
      cutOff(res)
    }
  }
  return Object.assign((req: IncomingMessage, res: ServerResponse): void => void listen(req, res), { sessions })
}

/**
 * Sessions as middleware: for `node:http`, `node:https`, the compatibility API of `node:http2`, and
 * everything with Connect-style middleware.
 *
 * ```ts
 * const middleware = session({ store: new SqliteStore('sessions.db') })
 *
 * app.use(middleware)
 * app.use((req, res) => res.end(`visit ${middleware.sessions.of(req).increment('visits')}`))
 * ```
 *
 * Changes are saved before the first byte of the response is sent. If that fails, `next(error)` is
 * called to make an error response, or without `next` the response is a line of plain text. The
 * error of a failed load goes to `next(error)`; without `next` the promise rejects with it, and the
 * caller has to catch it, as `withSession` does.
 */
export function session<Data = Default, const S extends Schemas = Schemas>(given: Given<Data, S>): SessionMiddleware<DataOf<Data, S>> {
  const sessions = managerOf(given)
  return Object.assign(connectMiddleware(sessions, node) as SessionMiddleware<DataOf<Data, S>>, { sessions })
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
export function requireUser(options: RequireUserOptions = {}): (req: IncomingMessage, res: ServerResponse, next: Next) => void {
  return connectRequireUser(options)
}
