import { AsyncLocalStorage } from 'node:async_hooks'
import { data, type SessionStorage } from 'react-router'
import { carriesToken } from '../core/cookie/transport.ts'
import type { Exchange } from '../core/manager/adapter-port.ts'
import { type AnySession, storageOf } from './react-router/session-storage.ts'
import { errorStatus, reportError, sentenceOf } from './shared/error-status.ts'
import { adapterOf, managerOf, openOnce } from './shared/manager.ts'
import type { DataOf, Default, Given, Schemas, Sessions } from './shared/types.ts'
import { commitFor, failedResponse, runHandler } from './web/web-response.ts'

/**
 * What `session()` returns: a middleware of React Router, with its manager as the property
 * `sessions`.
 */
export interface SessionMiddleware<Data = Default> {
  /** For `export const middleware = […]` of app/root.tsx. */
  (args: { readonly request: Request; readonly context: object }, next: () => Promise<Response>): Promise<Response>
  /** The manager of the sessions. `sessions.of(context)` is the session of a request. */
  readonly sessions: Sessions<Data>
}

/** The session of the request whose code runs, for `sessionStorage`. */
const running = new AsyncLocalStorage<{ readonly session: object; readonly sessions: object }>()

/**
 * Sessions for React Router 7.9 and later in framework mode. In loaders, actions and middleware
 * `sessions.of(context)` is the session.
 *
 * ```ts
 * const middleware = [session(sessions)]
 * ```
 *
 * Changes are saved before the response is sent; a redirect that was thrown is a response too. If
 * that fails, the `ErrorBoundary` of the root renders the page, with the error's status.
 */
export function session<Data = Default, const S extends Schemas = Schemas>(given: Given<Data, S>): SessionMiddleware<DataOf<Data, S>> {
  const sessions = managerOf(given)
  const adapter = adapterOf(sessions)
  const middleware = async (
    { request, context }: { readonly request: Request; readonly context: object },
    next: () => Promise<Response>,
  ) => {
    const exchange = await openOnce(adapter, context, request)
    if (exchange === undefined) return next() // installed twice: the outer middleware commits
    const response = await runHandler(exchange, () => running.run({ session: exchange.session, sessions }, next))
    try {
      return await commitFor(exchange, response)
    } catch (error) {
      return failed(exchange, error, response)
    }
  }
  return Object.assign(middleware, { sessions })
}

/**
 * The session of the current request as a `SessionStorage` of React Router, for packages that take
 * one (remix-auth, remix-utils, remix-toast). Needs the middleware `session()` of the same manager.
 * `commitSession` saves; the middleware sets the cookie, so the text that it resolves to is empty.
 * Rejects with `ConfigError` outside of a request.
 *
 * ```ts
 * const { getSession, commitSession, destroySession } = sessionStorage(sessions)
 * ```
 */
export function sessionStorage<Data>(sessions: Sessions<Data>): SessionStorage {
  return storageOf(() => {
    const current = running.getStore()
    return current?.sessions === sessions ? (current.session as AnySession) : undefined
  })
}

/** Lets the application render the error page after a failed commit. */
function failed<Data>(exchange: Exchange<Data>, error: unknown, dropped: Response): Response {
  reportError(error)
  const empty = failedResponse(exchange, error, dropped)
  if (carriesToken(exchange.delivery())) return empty // what is thrown could not carry it
  // oxlint-disable-next-line typescript/only-throw-error -- what React Router makes an error page with a status of
  throw data(sentenceOf(error), { status: errorStatus(error) })
}
