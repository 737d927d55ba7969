import { type NextFetchEvent, type NextRequest, NextResponse } from 'next/server.js'
import { ConfigError } from '../core/base/errors.ts'
import { writeToJar } from '../core/cookie/cookie-jar.ts'
import type { Delivery } from '../core/cookie/transport.ts'
import { type NextExchange, NextExchanges } from './next/next-exchange.ts'
import { adapterOf, checkHandler, managerOf } from './shared/manager.ts'
import type { DataOf, Default, Given, Schemas, Session, Sessions } from './shared/types.ts'
import { isResponseOfNext, thrownResponse } from './web/thrown-response.ts'
import { respond, setCaching, withSessionHeaders } from './web/web-response.ts'

/**
 * The session in a Server Component, which cannot set cookies: without the verbs that need one. The
 * data of a session that exists can be changed; `await session.save()` commits it.
 */
export type ComponentSession<Data = Default> = Omit<Session<Data>, 'login' | 'logout' | 'flush' | 'cycleId' | 'setExpiry'>

/** What `nextSessions()` returns. */
export interface NextSessions<Data = Default> {
  /**
   * The session of the current request: in Server Components, Server Actions, Route Handlers,
   * `generateMetadata` and proxy.ts. It is loaded once per request. Rejects as `headers()` of Next
   * where there is no request, such as in `'use cache'`.
   */
  getSession(): Promise<ComponentSession<Data>>
  /**
   * Wraps a Server Action. The handler gets the session before its own arguments, and may log in
   * and out. Its changes are committed before a redirect, and before the page is rendered. The
   * action rejects with the error of a failed commit, as `Sessions.commit`.
   */
  action<Args extends readonly unknown[], Result>(
    handler: (session: Session<Data>, ...args: Args) => Result | Promise<Result>,
  ): (...args: Args) => Promise<Result>
  /**
   * Wraps a Route Handler. Its changes are committed before its response; if that fails, the
   * response is an empty one with the error's status.
   */
  route<Context = unknown>(
    handler: (request: NextRequest, session: Session<Data>, context: Context) => Response | Promise<Response>,
  ): (request: NextRequest, context: Context) => Promise<Response>
  /**
   * Wraps the function of proxy.ts, on Node (Next 16; or `middleware.ts` with `runtime: 'nodejs'`).
   * A session that starts there is visible to the page of the same request. Without a response the
   * request continues.
   */
  proxy(handler: ProxyHandler<Data>): (request: NextRequest, event: NextFetchEvent) => Promise<Response>
  /** The manager of the sessions. */
  readonly sessions: Sessions<Data>
}

/** The function that `proxy()` wraps. */
export type ProxyHandler<Data = Default> = (
  request: NextRequest,
  session: Session<Data>,
  event: NextFetchEvent,
) => Response | undefined | Promise<Response | undefined>

const NO_BEARER =
  "nextSessions: a component or an action cannot set a header, so `transport: 'bearer'` cannot be used. Wrap the route handlers of clients that are no browsers with `withSession` of `sojourn/web`."

/**
 * Sessions for the App Router of Next 15 and 16.
 *
 * ```ts
 * const { getSession, action, route, proxy } = nextSessions({ store: new SqliteStore('sessions.db') })
 *
 * const login = action(async (session, form: FormData) => session.login(String(form.get('user'))))
 * ```
 *
 * HTTPS is judged by `X-Forwarded-Proto`, which Next sets itself. For a production build on
 * http://localhost, set `cookie: { secure: true }`.
 */
export function nextSessions<Data = Default, const S extends Schemas = Schemas>(given: Given<Data, S>): NextSessions<DataOf<Data, S>> {
  const sessions = managerOf(given)
  const adapter = adapterOf(sessions)
  if (!adapter.usesCookies) throw new ConfigError(NO_BEARER)
  const exchanges = new NextExchanges(adapter)
  return {
    sessions,
    async getSession() {
      const current = await exchanges.current()
      if (!current.isWrapped) current.commitAfterResponse()
      return current.exchange.session
    },
    action(handler) {
      checkHandler(handler, 'action(handler)')
      return async (...args) => {
        const current = await exchanges.current()
        return current.run(async () => handler(current.exchange.session, ...args), commitAction)
      }
    },
    route(handler) {
      checkHandler(handler, 'route(handler)')
      return async (request, context) => {
        const current = await exchanges.current(request.method)
        return current.run(
          async () => handler(request, current.exchange.session, context),
          ({ exchange }, run) => respond(exchange, run, (thrown) => thrownResponse(thrown, request)),
        )
      }
    },
    proxy(handler) {
      checkHandler(handler, 'proxy(handler)')
      return async (request, event) => {
        const current = await exchanges.current(request.method)
        return current.run(
          async () => (await handler(request, current.exchange.session, event)) ?? NextResponse.next(),
          ({ exchange }, run) => respond(exchange, run, () => undefined, withCookies),
        )
      }
    },
  }
}

/**
 * Runs an action. `redirect()`, `notFound()` and the like throw what Next makes its response of.
 */
async function commitAction<Data, Result>(current: NextExchange<Data>, run: () => Promise<Result>): Promise<Result> {
  let result: Result
  try {
    result = await run()
  } catch (thrown) {
    await (isResponseOfNext(thrown) ? current.save() : current.fail())
    throw thrown
  }
  await current.save()
  return result
}

/**
 * The response of proxy.ts with its session's cookies. Those of a `NextResponse` also reach the
 * page of the same request, if they are set in its own `cookies`.
 */
function withCookies(response: Response, delivery: Delivery): Response {
  if (!('cookies' in response)) return withSessionHeaders(response, delivery)
  const { cookies } = response as NextResponse
  void writeToJar({ read: () => undefined, write: (name, value, options) => cookies.set({ name, value, ...options }) }, delivery.cookies)
  setCaching(response.headers, delivery)
  return response
}
