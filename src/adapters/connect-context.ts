import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Session } from '../core/session.ts'
import type { Sessions } from '../core/sessions.ts'
import { connectMiddleware } from './connect-middleware.ts'

/** A request in a framework that puts objects of its own in front of Node's. */
export interface Visit {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Whether the request came over HTTPS, as the framework judges it. */
  readonly secure: boolean
  /** Is handed the error when the commit fails: asks the framework for an error page. */
  fail(error: unknown): void
}

/** What the framework judged, where the middleware finds it: it gets Node's request only. */
const SECURE: unique symbol = Symbol('sojourn secure')

type Judged = IncomingMessage & { [SECURE]?: boolean }

/**
 * The way into a session for frameworks that work on Node's request and response, but have a context of their own and catch what their
 * asynchronous handlers throw. `remedy` is the setting to name when a cookie cannot be set over plain HTTP.
 */
export function contextSessions<Data>(sessions: Sessions<Data>, remedy: string): (visit: Visit) => Promise<Session<Data>> {
  const begin = connectMiddleware<Data, Judged>(sessions, { remedy, isSecure: (req) => req[SECURE] === true, catchesAsync: () => true })
  return ({ req, res, secure, fail }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Session<Data>>()
    let begun = false
    Object.assign<Judged, Judged>(req, { [SECURE]: secure } as Judged)
    void begin(req, res, (error) => {
      if (begun) return fail(error)
      begun = true
      return error === undefined ? resolve(sessions.of(req)) : reject(error)
    })
    return promise
  }
}
