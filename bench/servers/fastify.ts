import type { AddressInfo } from 'node:net'
import fastifyCookie from '@fastify/cookie'
import fastifySecureSession from '@fastify/secure-session'
import fastifySession from '@fastify/session'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { session } from 'sojourn/fastify'
import { expressSessionStore } from '../stores/express-session-store.ts'
import { countOperations } from '../stores/operations.ts'
import { sojournStore } from '../stores/sojourn-store.ts'
import { getAndSet, handlersOf, type PeerSession, sojourn, withoutSession } from './handlers.ts'
import { COOKIE, LIFETIME, type Libraries, type Library, libraryOf, SECRET, type Serve } from './library.ts'

type Context = FastifyRequest & { session: PeerSession }

const LIBRARIES: Libraries<FastifyInstance, Context> = {
  bare: () => ({ install() {}, handlers: withoutSession() }),
  sojourn: withSojourn(false),
  'sojourn lazy': withSojourn(true),
  '@fastify/session': withFastifySession(true),
  '@fastify/session not rolling': withFastifySession(false),
  '@fastify/secure-session': () => ({
    install: (app) =>
      app.register(fastifySecureSession, {
        key: Buffer.from(SECRET.slice(0, 32)),
        expiry: LIFETIME.seconds,
        cookie: { ...COOKIE, maxAge: LIFETIME.seconds },
      }),
    handlers: handlersOf((request, work) => work(request.session), getAndSet),
  }),
}

function withSojourn(lazy: boolean): Library<FastifyInstance, Context> {
  return async (store, location) => ({
    install: async (app) =>
      app.register(session, { store: countOperations(await sojournStore(store, location)), cookie: { secure: true }, lazy }),
    handlers: handlersOf((request, work) => work(request.session), sojourn),
  })
}

/**
 * Uses its own store for `memory`, and the stores of express-session otherwise, as its README says.
 */
function withFastifySession(rolling: boolean): Library<FastifyInstance, Context> {
  return async (store, location) => ({
    async install(app) {
      await app.register(fastifyCookie)
      await app.register(fastifySession, {
        secret: SECRET,
        ...(store === 'memory' ? {} : { store: countOperations(await expressSessionStore(store, location)) }),
        rolling,
        saveUninitialized: false,
        cookie: { ...COOKIE, maxAge: LIFETIME.milliseconds },
      })
    },
    handlers: handlersOf((request, work) => work(request.session), getAndSet),
  })
}

/** Fastify 5. */
export const serveFastify: Serve = async (library, store, location) => {
  const { install, handlers } = await libraryOf(LIBRARIES, library)(store, location)
  const app = fastify()
  await install(app)
  for (const [path, handler] of Object.entries(handlers)) {
    app.get(path, async (request, reply) => reply.type('text/plain').send(await handler(request as Context)))
  }
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}
