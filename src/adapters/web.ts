import { adapterOf, checkHandler, managerOf, openOnce } from './shared/manager.ts'
import type { DataOf, Default, Given, Schemas, Session, Sessions } from './shared/types.ts'
import { thrownResponse } from './web/thrown-response.ts'
import { respond } from './web/web-response.ts'

/**
 * A handler of web requests that gets the session as its second argument. Further arguments of the
 * runtime (`env` and `ctx` of Workers, the server of Bun, the context of a route handler) follow
 * the session.
 */
export type SessionHandler<Data = Default, Rest extends readonly unknown[] = []> = (
  request: Request,
  session: Session<Data>,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * The handler of web requests that `withSession()` returns, with its manager as the property
 * `sessions`.
 */
export interface WebHandler<Data = Default, Rest extends readonly unknown[] = []> {
  (request: Request, ...rest: Rest): Promise<Response>
  /** The manager of the sessions. */
  readonly sessions: Sessions<Data>
}

/**
 * Sessions for handlers that return a `Response` for a `Request`: Bun, Deno, Workers, route
 * handlers.
 *
 * ```ts
 * Bun.serve({
 *   fetch: withSession({ store }, async (request, session) => {
 *     session.increment('visits')
 *     return Response.json(session.toObject())
 *   }),
 * })
 * ```
 *
 * Changes are saved when the handler's promise resolves, before its response is returned. If that
 * fails, the response is replaced by an empty one with the error's status, and the error is printed
 * on the console.
 *
 * A thrown `Response`, as in React Router, is the response of the handler. The errors of
 * `session.requireUser()` become responses with their status. So do the errors that
 * `redirect()` and `notFound()` of Next throw in a route handler. If the handler throws anything
 * else, only a flush or logout is performed, and the returned promise rejects with it.
 */
export function withSession<Data = Default, Rest extends readonly unknown[] = [], const S extends Schemas = Schemas>(
  given: Given<Data, S>,
  handler: SessionHandler<DataOf<Data, S>, Rest>,
): WebHandler<DataOf<Data, S>, Rest> {
  checkHandler(handler)
  const sessions = managerOf(given)
  const adapter = adapterOf(sessions)
  const handle = async (request: Request, ...rest: Rest): Promise<Response> => {
    const exchange = await openOnce(adapter, request, request)
    if (exchange === undefined) return handler(request, sessions.of(request), ...rest) // installed twice: the outer handler commits
    const run = async (): Promise<Response> => handler(request, exchange.session, ...rest)
    return respond(exchange, run, (thrown) => thrownResponse(thrown, request))
  }
  return Object.assign(handle, { sessions })
}
