import { AsyncLocalStorage } from 'node:async_hooks'
import { carriesToken } from '../core/cookie/transport.ts'
import type { Exchange } from '../core/manager/adapter-port.ts'
import { errorStatus, reportError, sentenceOf } from './shared/error-status.ts'
import { adapterOf, makeExpose, managerOf, openOnce } from './shared/manager.ts'
import type { DataOf, Default, Given, Schemas, Session, Sessions } from './shared/types.ts'
import { commitFor, failedResponse, runHandler } from './web/web-response.ts'

declare global {
  namespace App {
    interface Locals {
      /** The session of the browser that sent this request. */
      readonly session: Session
    }
  }
}

/** What is used of a `RequestEvent` of SvelteKit. */
export interface SvelteKitEvent {
  /** The request. */
  readonly request: Request
  /** Gets the session as the property `session`, or as the one that the option `as` names. */
  readonly locals: object
  /** Whether a request of this server sent it, with `event.fetch`. */
  readonly isSubRequest: boolean
}

/** Options of SvelteKit's `session()`. */
export interface SvelteKitOptions {
  /**
   * `error` of `@sveltejs/kit`. With it, error.html of the application is the page after a failed
   * commit; otherwise it is a line of text. Pass the function, because SvelteKit recognizes only
   * the errors of the bundle that contains the application.
   */
  readonly error?: (status: number, message: string) => never
}

/** The argument of a `Handle` of SvelteKit. */
export interface HandleInput<Event> {
  /** The event of the request. */
  readonly event: Event
  /** Renders the page, or runs the endpoint. */
  readonly resolve: (event: Event) => Response | Promise<Response>
}

/**
 * What `session()` returns: a `Handle` of SvelteKit, with its manager as the property `sessions`.
 */
export interface SessionHandle<Data = Default> {
  /** For `handle` of hooks.server.ts, also in `sequence()`. */
  <Event extends SvelteKitEvent>(input: HandleInput<Event>): Promise<Response>
  /** The manager of the sessions. `sessions.of(event.locals)` is the session of a request. */
  readonly sessions: Sessions<Data>
}

/**
 * Sessions for SvelteKit: `locals.session` in `load` functions, form actions and endpoints.
 *
 * ```ts
 * const handle = session({ store: new SqliteStore('sessions.db') })
 * ```
 *
 * Changes are saved before the response is sent. If that fails, the response has the error's status
 * and an error page; a form with `use:enhance` shows `+error.svelte`. A request that
 * the server sends to itself with `event.fetch` has the session of the request that sent it, which
 * commits its changes.
 */
export function session<Data = Default, const S extends Schemas = Schemas>(
  given: Given<Data, S>,
  options: SvelteKitOptions = {},
): SessionHandle<DataOf<Data, S>> {
  const sessions = managerOf(given)
  const adapter = adapterOf(sessions)
  const expose = makeExpose(adapter, 'locals')
  const running = new AsyncLocalStorage<Session<DataOf<Data, S>>>()
  async function handle<Event extends SvelteKitEvent>({ event, resolve }: HandleInput<Event>): Promise<Response> {
    const { locals, request, isSubRequest } = event
    const outer = isSubRequest ? running.getStore() : undefined
    if (outer !== undefined) {
      adapter.bind(locals, outer)
      expose(locals)
      return resolve(event)
    }
    const exchange = await openOnce(adapter, locals, request)
    if (exchange === undefined) return resolve(event) // installed twice: the outer handle commits
    expose(locals)
    const response = await runHandler(exchange, () => running.run(exchange.session, () => resolve(event)))
    try {
      return await commitFor(exchange, response)
    } catch (error) {
      return failedPage(exchange, error, { dropped: response, request, ...options })
    }
  }
  return Object.assign(handle, { sessions })
}

interface FailedRequest extends SvelteKitOptions {
  readonly dropped: Response
  readonly request: Request
}

/** The error page after a failed commit. */
function failedPage<Data>(exchange: Exchange<Data>, cause: unknown, { dropped, request, error }: FailedRequest): Response {
  reportError(cause)
  const status = errorStatus(cause)
  const message = sentenceOf(cause)
  const { headers } = failedResponse(exchange, cause, dropped)
  if (request.headers.has('x-sveltekit-action')) return Response.json({ type: 'error', error: { status, message } }, { status, headers })
  if (error !== undefined && !carriesToken(exchange.delivery())) return error(status, message) // what it throws could not carry a cookie
  return new Response(message, { status, headers })
}
