import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Sessions } from '../../core/manager/sessions.ts'
import type { Session } from '../../core/session/session.ts'
import { errorStatus, reportError } from '../shared/error-status.ts'
import { expose } from '../shared/expose.ts'
import { attachSession } from './attach-session.ts'

/** Continues with the next middleware; with an error, with the error handlers. */
export type Next = (error?: unknown) => void

/** What differs between the frameworks whose middleware is `(req, res, next)`. */
export interface ConnectFramework<Request extends IncomingMessage> {
  /** Whether the request came over HTTPS. */
  isSecure(req: Request): boolean
  /** The setting to name when a cookie cannot be set because the request seems to have come over plain HTTP. */
  readonly remedy?: string
  /** Whether what a handler throws reaches the error handlers, out of asynchronous code too. Where it ends the process, a failed load is told at once. */
  catchesAsync(req: Request): boolean
}

/** The middleware of such frameworks. Without a `next` what it returns settles once the session is there. */
export function connectMiddleware<Data, Request extends IncomingMessage>(
  sessions: Sessions<Data>,
  dialect: ConnectFramework<Request>,
): (req: Request, res: ServerResponse, next?: Next) => Promise<void> | undefined {
  const begin = attachSession(sessions, dialect.remedy)
  return function session(req, res, next) {
    const fail = next ?? ((error: unknown): void => sendPlainError(res, error))
    const begun = begin({ req, res, secure: dialect.isSecure(req), fail }).then((opened) => {
      expose(sessions, req, 'req', opened)
      if (opened.loadError !== undefined && !dialect.catchesAsync(req)) raise(opened)
    })
    if (next === undefined) return begun
    begun.then(() => next(), next)
    return undefined
  }
}

/** Tells at once that the session could not be loaded. Looking at it does that, and counts: the error page may look again, and finds it empty. */
function raise<Data>(session: Session<Data>): void {
  void session.isNew
}

/** The error page of those who have none: no `next` leads to one. */
export function sendPlainError(res: ServerResponse, error: unknown): void {
  reportError(error)
  const status = errorStatus(error)
  res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' })
  res.end(`${STATUS_CODES[status] ?? 'Error'}\n`)
}
