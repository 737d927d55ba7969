import type { SessionOptions } from '../core/config/options.ts'
import type { Sessions } from '../core/manager/sessions.ts'
import type { Session } from '../core/session/session.ts'
import type { Described, Schemas } from '../core/values/schema.ts'
import type { Default } from '../core/values/session-data.ts'
import { errorStatus, reportError } from './shared/error-status.ts'
import { checkHandler, managerOf, type SchemaOptions } from './shared/manager.ts'
import { cancel, withSessionHeaders } from './web/web-response.ts'

/**
 * A handler of web requests that has a session. What the runtime hands over beside the request (`env` and `ctx` of Workers, the server
 * of Bun, the context of a route handler) follows the session.
 */
export type SessionHandler<Data = Default, Rest extends readonly unknown[] = []> = (
  request: Request,
  session: Session<Data>,
  ...rest: Rest
) => Response | Promise<Response>

/** What `withSession()` returns: a plain handler of web requests, with its manager. */
export interface WebHandler<Data = Default, Rest extends readonly unknown[] = []> {
  (request: Request, ...rest: Rest): Promise<Response>
  readonly sessions: Sessions<Data>
}

/**
 * Sessions for handlers that make a `Response` out of a `Request`: Bun, Deno, Workers, route handlers.
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
 * Changes are saved when the handler's promise resolves, before the response is handed on. Should that fail, the answer is an empty
 * response of the error's status, and the error is printed on the console. When the handler throws, only a flush or logout is performed, and the error is thrown on.
 */
export function withSession<const S extends Schemas, Rest extends readonly unknown[] = []>(
  options: SchemaOptions<S>,
  handler: SessionHandler<Described<S>, Rest>,
): WebHandler<Described<S>, Rest>
export function withSession<Data = Default, Rest extends readonly unknown[] = []>(
  given: SessionOptions | Sessions<Data>,
  handler: SessionHandler<Data, Rest>,
): WebHandler<Data, Rest>
export function withSession(given: SessionOptions | Sessions, handler: SessionHandler<Default, unknown[]>): WebHandler<Default, unknown[]> {
  checkHandler(handler)
  const sessions = managerOf(given)
  const handle = async (request: Request, ...rest: unknown[]): Promise<Response> => {
    const outer = sessions.find(request)
    if (outer !== undefined) return handler(request, outer, ...rest) // installed twice: the outer one commits
    const session = await sessions.open(request)
    sessions.bind(request, session)
    const response = await handled(sessions, session, () => handler(request, session, ...rest))
    return committed(sessions, session, response)
  }
  return Object.assign(handle, { sessions })
}

/** Runs the handler. When it throws, or forgets to answer, what is final is performed still; the error that is told is the handler's. */
async function handled(sessions: Sessions, session: Session, handler: () => Response | Promise<Response>): Promise<Response> {
  try {
    const response: unknown = await handler()
    if (typeof response === 'object' && response !== null && 'status' in response) return response as Response
    throw new TypeError('The handler of this request has to return a Response.')
  } catch (error) {
    await sessions.commit(session, { status: 500 }).catch(() => undefined)
    throw error
  }
}

async function committed(sessions: Sessions, session: Session, response: Response): Promise<Response> {
  try {
    return withSessionHeaders(response, await sessions.settle(session, { status: response.status }))
  } catch (error) {
    reportError(error)
    cancel(response)
    return withSessionHeaders(new Response(undefined, { status: errorStatus(error) }), sessions.owed(session))
  }
}
