import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type ErrorRequestHandler, type Express, type Request } from 'express'
import { onTestFinished } from 'vitest'
import type { Store } from '../../src/core/store/store.ts'
import session, { type SessionMiddleware, type SessionOptions } from '../../src/express-session/express-session.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { Browser } from '../stories/harness/browser.ts'

/** A running application. */
export interface Site {
  readonly app: Express
  readonly auth: SessionMiddleware
  /** The errors that reached the error handler. */
  readonly errors: unknown[]
  /** Opens a browser without cookies. */
  open(): Browser
}

/** The options of the sessions, and the library if it is not the drop-in. */
export interface SiteOptions extends Partial<Omit<SessionOptions, 'store'>> {
  readonly store?: Store | undefined
  readonly library?: typeof session
}

declare module 'express-session' {
  interface SessionData {
    [name: string]: any
  }
}

/** Serves an application of Express with the drop-in, until the test is finished. */
export async function serve(routes: (app: Express) => void, { library = session, ...options }: SiteOptions = {}): Promise<Site> {
  const auth = library({ secret: 'secret', resave: false, saveUninitialized: false, store: new MemoryStore(), ...options })
  const app = express()
  const errors: unknown[] = []
  app.use(auth)
  routes(app)
  const showError: ErrorRequestHandler = (error, _req, res, _next) => {
    errors.push(error)
    res.status(error.status ?? 500).send(String(error.code ?? error.message))
  }
  app.use(showError)
  const server = createServer(app)
  const port = await listen(server)
  return { app, auth, errors, open: () => new Browser(port) }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** The properties of `req.session`, without its cookie. */
export function propertiesOf(req: Request): Record<string, unknown> {
  const { cookie: _cookie, ...properties } = req.session
  return properties
}

/** Lets requests wait for each other: `arrive` resolves when `count` requests have arrived. */
export function barrier(count: number): { arrive(): Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  let arrived = 0
  return {
    arrive() {
      arrived += 1
      if (arrived === count) resolve()
      return promise
    },
  }
}
