import type { IncomingMessage, ServerResponse } from 'node:http'
import { HeadersSentError } from '../../core/base/errors.ts'
import type { SessionHeaders } from '../../core/draft/owed.ts'
import type { Sessions } from '../../core/manager/sessions.ts'
import type { Session } from '../../core/session/session.ts'
import { type CommitHook, deferResponse, isDeferred } from './defer-response.ts'
import { NodeRequest } from './node-request.ts'

/** One request and response of Node's, as the framework in front of them sees them. */
export interface NodeExchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Whether the request came over HTTPS, as the framework judges it. */
  readonly secure: boolean
  /** Is handed the error when the commit fails: asks for an error page. */
  fail(error: unknown): void
}

/**
 * The way into a session for every framework that works on Node's request and response: opens it, lets `of` find it by the request, and holds
 * the response until it is committed. `remedy` is the setting to name when a cookie cannot be set over plain HTTP.
 */
export function attachSession<Data>(sessions: Sessions<Data>, remedy?: string): (visit: NodeExchange) => Promise<Session<Data>> {
  const environment = process.env['NODE_ENV'] // once: reading it costs as much as all the rest
  return async function begin({ req, res, secure, fail }) {
    if (isDeferred(res, sessions)) return sessions.of(req) // installed twice
    if (res.headersSent) throw new HeadersSentError('session() came when the response had started already; put it before whatever answers.')
    const session = await sessions.open(new NodeRequest(req, { secure, remedy, environment }))
    sessions.bind(req, session)
    // Someone before us answered while the session was being read: it is not ours to hold, and nothing can be saved any more.
    if (res.headersSent || res.writableEnded) await sessions.commit(session, { status: 500 })
    else deferResponse(req, res, new RequestCommit(sessions, session, fail))
    return session
  }
}

/** A session whose response waits for it. */
class RequestCommit<Data> implements CommitHook {
  readonly manager: Sessions<Data>
  readonly #session: Session<Data>
  readonly fail: (error: unknown) => void

  constructor(sessions: Sessions<Data>, session: Session<Data>, fail: (error: unknown) => void) {
    this.manager = sessions
    this.#session = session
    this.fail = fail
  }

  commit(status: number): Promise<SessionHeaders> {
    return this.manager.settle(this.#session, { status })
  }

  owed(): SessionHeaders {
    return this.manager.owed(this.#session)
  }
}
