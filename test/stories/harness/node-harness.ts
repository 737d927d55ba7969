import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import express5, { type ErrorRequestHandler, type Express } from 'express'
import express4 from 'express4'
import { session as expressSession } from '../../../src/adapters/express.ts'
import { session as nodeSession } from '../../../src/adapters/node.ts'
import type { Sessions } from '../../../src/core/manager/sessions.ts'
import type { Session } from '../../../src/core/session/session.ts'
import { fastifyRaw } from './fastify-harness.ts'
import { koa } from './koa-harness.ts'
import { listen } from './node-response.ts'
import type { RunningServer } from './story-app.ts'

export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void
export type Handler = (req: IncomingMessage, res: ServerResponse, session: Session) => unknown
export type ErrorPage = (error: { readonly status?: number; readonly code?: string }, req: IncomingMessage, res: ServerResponse) => unknown

/** An application whose handler writes to Node's response. */
export interface NodeApp {
  readonly sessions: Sessions
  /** Middleware before the session middleware. */
  readonly before?: readonly Middleware[]
  /** Middleware after the session middleware. */
  readonly after?: readonly Middleware[]
  readonly handler: Handler
  readonly errorPage?: ErrorPage
}

export interface NodeFramework {
  readonly name: string
  readonly start: (app: NodeApp) => Promise<RunningServer>
}

const plainErrorPage: ErrorPage = (error, _req, res) => {
  res.statusCode = error.status ?? 500
  res.setHeader('Content-Type', 'text/plain')
  res.end(`error page: ${error.code}`)
}

/** A minimal Connect: calls middleware in order and passes errors to the error page. */
function startConnect({ sessions, before = [], after = [], handler, errorPage = plainErrorPage }: NodeApp): Promise<RunningServer> {
  const open = nodeSession(sessions)
  const stack: Middleware[] = [
    ...before,
    open,
    ...after,
    (req, res, next) => forwardRejection(() => handler(req, res, sessions.of(req)), next),
  ]
  const server = createServer((req, res) => {
    let index = 0
    const next = (error?: unknown): void => {
      if (error !== undefined) return void (res.headersSent ? req.socket.destroy() : errorPage(error as { code?: string }, req, res))
      const middleware = stack[index]
      index += 1
      middleware?.(req, res, next)
    }
    next()
  })
  return listen(server)
}

/** Awaits the promise of `session()` in place of passing `next`. */
function startPlain({ sessions, before = [], after = [], handler }: NodeApp): Promise<RunningServer> {
  const open = nodeSession(sessions)
  const server = createServer(async (req, res) => {
    const runMiddleware = (middleware: Middleware): Promise<void> => new Promise((resolve) => middleware(req, res, () => resolve()))
    for (const middleware of before) await runMiddleware(middleware)
    await open(req, res)
    for (const middleware of after) await runMiddleware(middleware)
    await Promise.resolve(handler(req, res, sessions.of(req))).catch(() =>
      res.headersSent ? req.socket.destroy() : res.writeHead(500).end(),
    )
  })
  return listen(server)
}

function startExpress(express: () => Express): NodeFramework['start'] {
  return ({ sessions, before = [], after = [], handler, errorPage = plainErrorPage }) => {
    const app = express()
    app.set('env', 'test') // prevents finalhandler from printing the error
    for (const middleware of [...before, expressSession(sessions), ...after]) app.use(middleware)
    app.use((req, res, next) => forwardRejection(() => handler(req, res, req.session), next))
    const page: ErrorRequestHandler = (error, req, res, next) => (res.headersSent ? next(error) : void errorPage(error, req, res))
    app.use(page)
    return listen(createServer(app))
  }
}

/** Passes errors of asynchronous code to `next`, as Express 5 does. */
function forwardRejection(run: () => unknown, next: (error: unknown) => void): void {
  void (async () => run())().catch(next)
}

function withErrorPage({ name, start }: NodeFramework): NodeFramework {
  return { name, start: (app) => start({ errorPage: plainErrorPage, ...app }) }
}

export const plainNode: NodeFramework = { name: 'node:http', start: startPlain }

/** The frameworks in which the application has an error page. */
export const nodeFrameworks: readonly NodeFramework[] = [
  { name: 'Connect style', start: startConnect },
  { name: 'Express 5', start: startExpress(express5) },
  { name: 'Express 4', start: startExpress(express4) },
  withErrorPage(koa),
  withErrorPage(fastifyRaw),
]
