import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { useSession, useSessionStorage } from '@hono/session'
import { Hono, type Context as HonoContext } from 'hono'
import { session } from 'sojourn/hono'
import { type Handlers, handlersOf, plainObject, sojourn, withoutSession } from './handlers.ts'
import { COOKIE, LIFETIME, type Libraries, libraryOf, SECRET, type Serve } from './library.ts'
import { counted } from './operations.ts'
import { openRedis, type Place } from './resources.ts'
import { sojournStore } from './sojourn-store.ts'

type Context = HonoContext<any>

/** It hands the data out with a promise, and is told what is to be stored. */
const asHonoSession: Handlers<Context> = handlersOf(async (c, work, writes) => {
  const data = (await c.var.session.get()) ?? {}
  const answer = work(data)
  if (writes) await c.var.session.update(data)
  return answer
}, plainObject)

const LIBRARIES: Libraries<Hono<any>, Context> = {
  bare: () => ({ install() {}, handlers: withoutSession() }),
  sojourn: async (store, place) => ({
    install: async (app) => app.use(session({ store: counted(await sojournStore(store, place)), cookie: { secure: true } })),
    handlers: handlersOf((c, work) => work(c.var.session), sojourn),
  }),
  '@hono/session': async (_, place) => ({
    install: async (app) => app.use(useSessionStorage(counted(await inRedis(place))), honoSession()),
    handlers: asHonoSession,
  }),
  '@hono/session in the cookie': () => ({ install: (app) => app.use(honoSession()), handlers: asHonoSession }),
}

function honoSession(): ReturnType<typeof useSession> {
  return useSession({ secret: Buffer.from(SECRET.slice(0, 32)).toString('hex'), duration: { absolute: LIFETIME.seconds } })
}

/** The three functions its README asks for. */
async function inRedis(place: Place): Promise<any> {
  const client = await openRedis(place)
  const key = (id: string): string => `${place.name}:${id}`
  return {
    async get(id: string) {
      const text = await client.get(key(id))
      return text === null ? null : JSON.parse(text)
    },
    set: (id: string, data: object) => client.set(key(id), JSON.stringify(data), { expiration: { type: 'EX', value: LIFETIME.seconds } }),
    delete: (id: string) => client.del(key(id)),
  }
}

/** Hono 4 on its adapter for Node. */
export const serveHono: Serve = async (library, store, place) => {
  const { install, handlers } = await libraryOf(LIBRARIES, library)(store, place)
  const app = new Hono()
  await install(app)
  for (const [path, handler] of Object.entries(handlers)) app.get(path, async (c) => c.text(await handler(c)))
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  if (!server.listening) await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
