import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { ConfigError, HeadersSentError } from '../core/errors.ts'
import type { Incoming } from '../core/incoming.ts'
import type { Session } from '../core/session.ts'
import type { Sessions } from '../core/sessions.ts'
import { isLoopback } from '../wire/loopback.ts'
import { errorStatus, report } from './error-status.ts'
import { hold, isHeld } from './response-hold.ts'

/** Continues with the next middleware; with an error, with the error handlers. */
export type Next = (error?: unknown) => void

/** What differs between the frameworks that work on Node's own request and response. */
export interface Dialect<Request extends IncomingMessage> {
  /** Whether the request came over HTTPS. */
  isSecure(req: Request): boolean
  /** The setting to name when a cookie cannot be set because the request seems to have come over plain HTTP. */
  readonly remedy?: string
  /** Whether what a handler throws reaches the error handlers, out of asynchronous code too. Where it ends the process, a failed load is told at once. */
  catchesAsync(req: Request): boolean
}

/** One manager in one kind of framework. */
interface Installation<Data, Request extends IncomingMessage> {
  readonly sessions: Sessions<Data>
  readonly dialect: Dialect<Request>
  /** `NODE_ENV`, read once: that costs as much as all the rest. */
  readonly environment: string | undefined
}

/**
 * The middleware of all frameworks whose middleware is `(req, res, next)`. Without a `next` what it returns settles once the session is
 * there.
 */
export function connectMiddleware<Data, Request extends IncomingMessage>(
  sessions: Sessions<Data>,
  dialect: Dialect<Request>,
): (req: Request, res: ServerResponse, next?: Next) => Promise<void> | undefined {
  const installation = { sessions, dialect, environment: process.env['NODE_ENV'] }
  return function session(req, res, next) {
    const begun = begin(installation, req, res, next)
    if (next === undefined) return begun
    begun.then(() => next(), next)
    return undefined
  }
}

async function begin<Data, Request extends IncomingMessage>(
  installation: Installation<Data, Request>,
  req: Request,
  res: ServerResponse,
  next: Next | undefined,
): Promise<void> {
  const { sessions, dialect } = installation
  if (isHeld(res, sessions)) return // installed twice
  if (res.headersSent) throw new HeadersSentError('session() came when the response had started already; put it before whatever answers.')
  const session = await sessions.open(incoming(installation, req))
  expose(sessions, req, session)
  // Someone before us answered while the session was being read: it is not ours to hold, and nothing can be saved any more.
  if (res.headersSent || res.writableEnded) return void (await sessions.commit(session, { status: 500 }))
  hold(req, res, {
    manager: sessions,
    commit: (status) => sessions.commit(session, { status }),
    owed: () => sessions.headers(session),
    fail: (error) => (next === undefined ? answerPlainly(res, error) : next(error)),
  })
  if (session.loadError !== undefined && !dialect.catchesAsync(req)) raise(session)
}

/** Tells at once that the session could not be loaded. Looking at it does that, and counts: the error page may look again, and finds it empty. */
function raise<Data>(session: Session<Data>): void {
  void session.isNew
}

function incoming<Data, Request extends IncomingMessage>({ dialect, environment }: Installation<Data, Request>, req: Request): Incoming {
  const secure = dialect.isSecure(req)
  return { cookie: req.headers.cookie, secure, loopback: !secure && cameByLoopback(req, environment), remedy: dialect.remedy }
}

/** HTTP/1.0 is not spoken by browsers, but by proxies on the same machine; and whoever comes over a Unix socket has no address. */
function cameByLoopback(req: IncomingMessage, environment: string | undefined): boolean {
  const { headers, httpVersion, socket } = req
  if (httpVersion === '1.0') return false
  return isLoopback({ hosts: hostsOf(req), headers: Object.keys(headers), peer: socket.remoteAddress ?? '', environment })
}

/** Every host a request names: in its target, in its `Host` headers, in its `:authority`. */
function hostsOf({ url = '', rawHeaders }: IncomingMessage): string[] {
  const inTarget = /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1]
  const named = rawHeaders.filter((_, index) => /^(?:host|:authority)$/i.test(rawHeaders[index - 1] ?? '') && index % 2 === 1)
  return inTarget === undefined ? named : [inTarget, ...named]
}

/** Puts the session on the request. Read-only: `req.session = null` logs nobody out, so it must not look as if it did. */
function expose<Data>(sessions: Sessions<Data>, req: IncomingMessage, session: Session<Data>): void {
  const { name } = sessions
  if (name in req && Reflect.get(req, name) !== undefined)
    throw new ConfigError(`req.${name} is there already; give this manager another name: session({ as: 'adminSession', … }).`)
  Object.defineProperty(req, name, { value: session, enumerable: true, configurable: true, writable: false })
  sessions.bind(req, session)
}

/** The error page of those who have none: no `next` leads to one. */
export function answerPlainly(res: ServerResponse, error: unknown): void {
  report(error)
  const status = errorStatus(error)
  res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' })
  res.end(`${STATUS_CODES[status] ?? 'Error'}\n`)
}
