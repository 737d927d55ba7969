import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Koa, { type Context as KoaContext } from 'koa'
import koaSession from 'koa-session'
import { session } from 'sojourn/koa'
import { handlersOf, plainObject, sojourn, withoutSession } from './handlers.ts'
import { COOKIE, LIFETIME, type Libraries, libraryOf, SECRET, type Serve } from './library.ts'
import { counted } from './operations.ts'
import { openRedis, type Place } from './resources.ts'
import { sojournStore } from './sojourn-store.ts'

type Context = KoaContext & { session: any }

const LIBRARIES: Libraries<Koa, Context> = {
  bare: () => ({ install() {}, handlers: withoutSession() }),
  sojourn: async (store, place) => ({
    install: async (app) => app.use(session({ store: counted(await sojournStore(store, place)), cookie: { secure: true } })),
    handlers: handlersOf((ctx, work) => work(ctx.session), sojourn),
  }),
  'koa-session': async (_, place) => ({
    async install(app) {
      app.keys = [SECRET]
      app.use(koaSession({ ...COOKIE, maxAge: LIFETIME.milliseconds, store: counted(await inRedis(place)) }, app))
    },
    handlers: handlersOf((ctx, work) => work(ctx.session), plainObject),
  }),
}

/** koa-session brings no store; its README names the three functions one needs. These are the cheapest there can be. */
async function inRedis(place: Place): Promise<any> {
  const client = await openRedis(place)
  const key = (id: string): string => `${place.name}:${id}`
  return {
    async get(id: string) {
      const text = await client.get(key(id))
      return text === null ? undefined : JSON.parse(text)
    },
    set: (id: string, data: object, maxAge: number) =>
      client.set(key(id), JSON.stringify(data), { expiration: { type: 'PX', value: maxAge } }),
    destroy: (id: string) => client.del(key(id)),
  }
}

/** Koa 3, which has no router: the path is looked up in the table of handlers. */
export const serveKoa: Serve = async (library, store, place) => {
  const { install, handlers } = await libraryOf(LIBRARIES, library)(store, place)
  const routes = new Map(Object.entries(handlers))
  const app = new Koa()
  await install(app)
  app.use(async (ctx) => {
    ctx.type = 'text/plain'
    ctx.body = await routes.get(ctx.path)?.(ctx as Context)
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
