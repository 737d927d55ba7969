import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Described, Schemas } from '../core/schema.ts'
import type { Session } from '../core/session.ts'
import type { Default } from '../core/session-data.ts'
import type { Sessions } from '../core/sessions.ts'
import type { SessionOptions } from '../core/settings.ts'
import { connectMiddleware, type Dialect, type Next } from './connect-middleware.ts'
import { managerOf, type SchemaOptions } from './manager.ts'

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

const node: Dialect<IncomingMessage> = {
  isSecure: ({ socket }) => (socket as { readonly encrypted?: boolean }).encrypted === true,
  catchesAsync: () => false,
}

/**
 * Sessions for `node:http`, `node:https`, the compatibility API of `node:http2`, and whatever has Connect-style middleware.
 *
 * ```ts
 * const withSession = session({ store: new SqliteStore('sessions.db') })
 *
 * createServer(async (req, res) => {
 *   await withSession(req, res)
 *   const visits = withSession.sessions.of(req).increment('visits')
 *   res.end(`visit ${visits}`)
 * }).listen(3000)
 * ```
 *
 * Changes are saved before the first byte of the response goes out. Should that fail, the response becomes an error: `next(error)` makes
 * it, or without a `next` a line of plain text. A session that could not be loaded is told at once, by `next(error)` or a rejection.
 */
export function session<const S extends Schemas>(options: SchemaOptions<S>): SessionMiddleware<Described<S>>
export function session<Data = Default>(given: SessionOptions | Sessions<Data>): SessionMiddleware<Data>
export function session(given: SessionOptions | Sessions): SessionMiddleware {
  const sessions = managerOf(given)
  return Object.assign(connectMiddleware(sessions, node) as SessionMiddleware, { sessions })
}
