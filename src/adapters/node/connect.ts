import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { LoginRequiredError, StepUpRequiredError } from '../../core/base/errors.ts'
import { adapterOf, type Sessions } from '../../core/manager/sessions.ts'
import { errorStatus, reportError } from '../shared/error-status.ts'
import { makeExpose } from '../shared/manager.ts'
import { makeRequireUser, type RequireUserOptions } from '../shared/require-user.ts'
import { attachSession } from './attach-session.ts'

/** Continues with the next middleware, or with an error at the error handlers. */
export type Next = (error?: unknown) => void

/** The differences between frameworks with middleware of the form `(req, res, next)`. */
export interface ConnectFramework<Request extends IncomingMessage> {
  /** Whether the request came over HTTPS. */
  isSecure(req: Request): boolean
  /**
   * The setting that the error names if a cookie cannot be set because the request used plain HTTP.
   */
  readonly remedy?: string
  /**
   * Whether errors of asynchronous handlers reach the error handlers. If they would end the process
   * instead, the error of a failed load is thrown before the handler runs.
   */
  catchesAsync(req: Request): boolean
}

/**
 * The middleware for such a framework. Without `next` it returns a promise that resolves when the
 * session is open.
 */
export function connectMiddleware<Data, Request extends IncomingMessage>(
  sessions: Sessions<Data>,
  framework: ConnectFramework<Request>,
): (req: Request, res: ServerResponse | object, next?: Next) => Promise<void> | undefined {
  const adapter = adapterOf(sessions)
  const attach = attachSession(adapter, framework.remedy)
  const expose = makeExpose(adapter, 'req')
  return function session(req, res, next) {
    const fail = next ?? ((error: unknown): void => sendPlainError(res as ServerResponse, error))
    const opened = attach({ req, res, secure: framework.isSecure(req), fail }).then((exchange) => {
      expose(req)
      if (!framework.catchesAsync(req)) exchange?.throwLoadError()
    })
    if (next === undefined) return opened
    opened.then(() => next(), next)
    return undefined
  }
}

/** `requireUser` as middleware for such a framework. */
export function connectRequireUser(options: RequireUserOptions): (req: IncomingMessage, res: ServerResponse, next: Next) => void {
  const locate = makeRequireUser(options)
  const { as = 'session' } = options
  return function requireUser(req, res, next) {
    const { originalUrl = req.url } = req as IncomingMessage & { readonly originalUrl?: string }
    const visit = {
      session: Reflect.get(req, as) as unknown,
      mode: req.headers['sec-fetch-mode'],
      target: originalUrl,
    }
    locate(visit).then((location) => {
      if (location === undefined) return next()
      res.writeHead(303, { Location: location, 'Cache-Control': 'no-store' })
      res.end()
    }, next)
  }
}

/** Sends an error as plain text, for servers without a framework. */
export function sendPlainError(res: ServerResponse, error: unknown): void {
  reportError(error)
  const status = errorStatus(error)
  const { headers } = error instanceof LoginRequiredError || error instanceof StepUpRequiredError ? error : {}
  res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', ...headers })
  res.end(`${STATUS_CODES[status] ?? 'Error'}\n`)
}
