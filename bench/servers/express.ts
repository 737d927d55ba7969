import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import cookieSession from 'cookie-session'
import express, { type Express, type Request } from 'express'
import expressSession from 'express-session'
import { session } from 'sojourn/express'
import dropIn from 'sojourn/express-session'
import { expressSessionStore } from '../stores/express-session-store.ts'
import { countOperations } from '../stores/operations.ts'
import { sojournStore } from '../stores/sojourn-store.ts'
import { handlersOf, type PeerSession, plainObject, sojourn, withoutSession } from './handlers.ts'
import { COOKIE, LIFETIME, type Libraries, type Library, libraryOf, SECRET, type Serve } from './library.ts'

/** The options of express-session. */
const OPTIONS = { secret: SECRET, resave: false, saveUninitialized: false, cookie: { ...COOKIE, maxAge: LIFETIME.milliseconds } }

type Context = Request & { session: PeerSession }

const LIBRARIES: Libraries<Express, Context> = {
  bare: () => ({ install() {}, handlers: withoutSession() }),
  sojourn: withSojourn(false),
  'sojourn lazy': withSojourn(true),
  'sojourn/express-session': async (store, location) => ({
    install: async (app) => app.use(dropIn({ store: countOperations(await sojournStore(store, location)), ...OPTIONS })),
    handlers: handlersOf((req, work) => work(req.session), plainObject),
  }),
  'express-session': async (store, location) => ({
    install: async (app) => app.use(expressSession({ store: countOperations(await expressSessionStore(store, location)), ...OPTIONS })),
    handlers: handlersOf((req, work) => work(req.session), plainObject),
  }),
  'cookie-session': () => ({
    install: (app) => app.use(cookieSession({ keys: [SECRET], ...COOKIE, maxAge: LIFETIME.milliseconds })),
    handlers: handlersOf((req, work) => work(req.session), plainObject),
  }),
}

function withSojourn(lazy: boolean): Library<Express, Context> {
  return async (store, location) => ({
    install: async (app) =>
      app.use(session({ store: countOperations(await sojournStore(store, location)), cookie: { secure: true }, lazy })),
    handlers: handlersOf((req, work) => work(req.session), sojourn),
  })
}

/** Express 5. */
export const serveExpress: Serve = async (library, store, location) => {
  const { install, handlers } = await libraryOf(LIBRARIES, library)(store, location)
  const app = express()
  await install(app)
  for (const [path, handler] of Object.entries(handlers)) {
    app.get(path, async (req, res) => void res.type('text/plain').send(await handler(req as Context)))
  }
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
