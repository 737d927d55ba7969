import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { useSession, useSessionStorage } from '@hono/session'
import { Hono, type Context as HonoContext } from 'hono'
import { session } from 'sojourn/hono'
import { jsonInRedis } from '../stores/json-in-redis.ts'
import { countOperations } from '../stores/operations.ts'
import { sojournStore } from '../stores/sojourn-store.ts'
import { type Handlers, handlersOf, type PeerSession, plainObject, sojourn, withoutSession } from './handlers.ts'
import { LIFETIME, type Libraries, libraryOf, SECRET, type Serve } from './library.ts'

interface Env {
  Variables: { session: PeerSession }
}

type Context = HonoContext<Env>

/** @hono/session returns the data with a promise, and needs the changed data to store it. */
const asHonoSession: Handlers<Context> = handlersOf(async (c, work, writes) => {
  const session: PeerSession = c.var.session
  const data = (await session['get']()) ?? {}
  const body = work(data)
  if (writes) await session['update'](data)
  return body
}, plainObject)

const LIBRARIES: Libraries<Hono<Env>, Context> = {
  bare: () => ({ install() {}, handlers: withoutSession() }),
  sojourn: async (store, location) => ({
    install: async (app) => app.use(session({ store: countOperations(await sojournStore(store, location)), cookie: { secure: true } })),
    handlers: handlersOf((c, work) => work(c.var.session), sojourn),
  }),
  '@hono/session': async (_, location) => ({
    install: async (app) => app.use(useSessionStorage(await jsonInRedis(location)), honoSession()),
    handlers: asHonoSession,
  }),
  '@hono/session in the cookie': () => ({ install: (app) => app.use(honoSession()), handlers: asHonoSession }),
}

function honoSession(): ReturnType<typeof useSession> {
  return useSession({ secret: Buffer.from(SECRET.slice(0, 32)).toString('hex'), duration: { absolute: LIFETIME.seconds } })
}

/** Hono 4 on its adapter for Node. */
export const serveHono: Serve = async (library, store, location) => {
  const { install, handlers } = await libraryOf(LIBRARIES, library)(store, location)
  const app = new Hono<Env>()
  await install(app)
  for (const [path, handler] of Object.entries(handlers)) app.get(path, async (c) => c.text(await handler(c)))
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  if (!server.listening) await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
