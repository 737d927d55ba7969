import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Koa, { type Context as KoaContext } from 'koa'
import koaSession from 'koa-session'
import { session } from 'sojourn/koa'
import { jsonInRedis } from '../stores/json-in-redis.ts'
import { countOperations } from '../stores/operations.ts'
import { sojournStore } from '../stores/sojourn-store.ts'
import { handlersOf, type PeerSession, plainObject, sojourn, withoutSession } from './handlers.ts'
import { COOKIE, LIFETIME, type Libraries, libraryOf, SECRET, type Serve } from './library.ts'

type Context = KoaContext & { session: PeerSession }

const LIBRARIES: Libraries<Koa, Context> = {
  bare: () => ({ install() {}, handlers: withoutSession() }),
  sojourn: async (store, location) => ({
    install: async (app) => app.use(session({ store: countOperations(await sojournStore(store, location)), cookie: { secure: true } })),
    handlers: handlersOf((ctx, work) => work(ctx.session), sojourn),
  }),
  'koa-session': async (_, location) => ({
    async install(app) {
      app.keys = [SECRET]
      app.use(koaSession({ ...COOKIE, maxAge: LIFETIME.milliseconds, store: await jsonInRedis(location) }, app))
    },
    handlers: handlersOf((ctx, work) => work(ctx.session), plainObject),
  }),
}

/** Koa 3. It has no router, so the path is looked up in the table of handlers. */
export const serveKoa: Serve = async (library, store, location) => {
  const { install, handlers } = await libraryOf(LIBRARIES, library)(store, location)
  const routes = new Map(Object.entries(handlers))
  const app = new Koa()
  await install(app)
  app.use(async (ctx) => {
    ctx.type = 'text/plain'
    ctx.body = await routes.get(ctx.path)?.(ctx)
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
