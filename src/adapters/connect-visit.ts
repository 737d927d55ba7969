import type { IncomingMessage, ServerResponse } from 'node:http'
import { HeadersSentError } from '../core/errors.ts'
import type { Owed } from '../core/owed.ts'
import type { Session } from '../core/session.ts'
import type { Sessions } from '../core/sessions.ts'
import { NodeArrival } from './node-arrival.ts'
import { hold, isHeld, type Party } from './response-hold.ts'

/** One request and response of Node's, as the framework in front of them sees them. */
export interface Visit {
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
export function visits<Data>(sessions: Sessions<Data>, remedy?: string): (visit: Visit) => Promise<Session<Data>> {
  const environment = process.env['NODE_ENV'] // once: reading it costs as much as all the rest
  return async function begin({ req, res, secure, fail }) {
    if (isHeld(res, sessions)) return sessions.of(req) // installed twice
    if (res.headersSent) throw new HeadersSentError('session() came when the response had started already; put it before whatever answers.')
    const session = await sessions.open(new NodeArrival(req, { secure, remedy, environment }))
    sessions.bind(req, session)
    // Someone before us answered while the session was being read: it is not ours to hold, and nothing can be saved any more.
    if (res.headersSent || res.writableEnded) await sessions.commit(session, { status: 500 })
    else hold(req, res, new Visitor(sessions, session, fail))
    return session
  }
}

/** A session whose response waits for it. */
class Visitor<Data> implements Party {
  readonly manager: Sessions<Data>
  readonly #session: Session<Data>
  readonly fail: (error: unknown) => void

  constructor(sessions: Sessions<Data>, session: Session<Data>, fail: (error: unknown) => void) {
    this.manager = sessions
    this.#session = session
    this.fail = fail
  }

  commit(status: number): Promise<Owed> {
    return this.manager.settle(this.#session, { status })
  }

  owed(): Owed {
    return this.manager.owed(this.#session)
  }
}
