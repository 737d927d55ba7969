import type { RequestServerResult } from '@tanstack/react-start'
import type { Delivery } from '../core/cookie/transport.ts'
import type { Exchange } from '../core/manager/adapter-port.ts'
import { reportError, sentenceOf } from './shared/error-status.ts'
import { adapterOf, managerOf, openOnce } from './shared/manager.ts'
import type { DataOf, Default, Given, Schemas, Session, Sessions } from './shared/types.ts'
import { addSessionHeaders, commitFor, failedResponse, runHandler, withSessionHeaders } from './web/web-response.ts'

/** The argument of a request middleware of TanStack Start. */
export interface StartRequest {
  /** The request. */
  readonly request: Request
  /** Runs the rest of the request with a context. */
  // oxlint-disable-next-line typescript/no-explicit-any -- Start's type has the types of its other middleware
  readonly next: (options: any) => any
}

/** What a request middleware adds to the context of server functions and server routes. */
export interface SessionContext<Data = Default> {
  /** The session of the browser that sent this request. */
  readonly session: Session<Data>
}

/**
 * What `session()` returns: the function of a request middleware of TanStack Start, with its
 * manager as the property `sessions`.
 */
export interface SessionMiddleware<Data = Default> {
  /** For `createMiddleware().server(…)`. */
  (options: StartRequest): Promise<RequestServerResult<unknown, unknown, SessionContext<Data>>>
  /** The manager of the sessions. `sessions.of(getRequest())` is the session of a request. */
  readonly sessions: Sessions<Data>
}

/**
 * Sessions for TanStack Start: `context.session` in server functions and server routes.
 *
 * ```ts
 * const sessionMiddleware = createMiddleware().server(session({ store: new SqliteStore('sessions.db') }))
 * ```
 *
 * Changes are saved before the response is sent; a redirect that was thrown is a response too. If
 * that fails, or if the session cannot be loaded, the response is a sentence with the error's
 * status, and the call of a server function rejects with it.
 */
export function session<Data = Default, const S extends Schemas = Schemas>(given: Given<Data, S>): SessionMiddleware<DataOf<Data, S>> {
  const sessions = managerOf(given)
  const adapter = adapterOf(sessions)
  type Result = RequestServerResult<unknown, unknown, SessionContext<DataOf<Data, S>>>
  const middleware = async ({ request, next }: StartRequest): Promise<Result> => {
    const exchange = await openOnce(adapter, request, request)
    const context = { [adapter.name]: sessions.of(request) }
    if (exchange === undefined) return next({ context }) // installed twice: the outer middleware commits
    try {
      exchange.throwLoadError() // Start would send the message of an error that a server function throws
    } catch (error) {
      return { context: { session: exchange.session }, response: failedPage(exchange, error, { request }) }
    }
    const result: Result = await runHandler(exchange, () => next({ context }))
    try {
      result.response = await commitFor(exchange, result.response, addToResponse)
    } catch (error) {
      result.response = failedPage(exchange, error, { request, dropped: result.response })
    }
    return result
  }
  return Object.assign(middleware, { sessions })
}

/**
 * Adds the headers to the response itself. Start determines the location of a redirect later, and a
 * copy of its response would not be a redirect to it.
 */
function addToResponse(response: Response, delivery: Delivery): Response {
  try {
    addSessionHeaders(response.headers, delivery)
    return response
  } catch {
    return withSessionHeaders(response, delivery) // the headers of `fetch` and `Response.redirect` are immutable
  }
}

interface FailedRequest {
  readonly request: Request
  readonly dropped?: Response
}

/**
 * The page after a failed load or commit. Throws the error for the caller of a server function.
 */
function failedPage<Data>(exchange: Exchange<Data>, cause: unknown, { dropped, request }: FailedRequest): Response {
  reportError(cause)
  const { status, headers } = failedResponse(exchange, cause, dropped)
  const message = sentenceOf(cause)
  // Start makes the response of the status and the headers of the error.
  if (request.headers.has('x-tsr-serverfn')) throw Object.assign(new Error(message), { status, headers })
  return new Response(message, { status, headers })
}
