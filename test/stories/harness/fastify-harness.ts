import type { AddressInfo } from 'node:net'
import fastify, { type FastifyInstance } from 'fastify'
import { session } from '../../../src/adapters/fastify.ts'
import type { Middleware, NodeFramework } from './node-harness.ts'
import type { RunningServer } from './story-app.ts'

export async function listenFastify(app: FastifyInstance): Promise<RunningServer> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { port: (app.server.address() as AddressInfo).port, [Symbol.asyncDispose]: () => app.close() }
}

/** Fastify with handlers that write to Node's response, with or without hijacked replies. */
function raw(name: string, hijacked: boolean): NodeFramework {
  return {
    name,
    async start({ sessions, before = [], after = [], handler, errorPage }) {
      const app = fastify({ forceCloseConnections: true })
      const hook = (middleware: Middleware): unknown =>
        app.addHook('onRequest', ({ raw: req }, { raw: res }, done) => middleware(req, res, (error) => done(error as Error)))
      before.forEach(hook)
      await app.register(session, { sessions })
      after.forEach(hook)
      app.setErrorHandler((error: Error, request, reply) => void errorPage?.(error as { code?: string }, request.raw, reply.raw))
      app.all('/*', (request, reply) => {
        if (hijacked) reply.hijack()
        const broken = (error: Error): unknown => (reply.raw.headersSent ? request.raw.socket.destroy() : reply.send(error))
        void (async () => handler(request.raw, reply.raw, request.session))().catch(broken)
      })
      return listenFastify(app)
    },
  }
}

export const fastifyRaw: NodeFramework = raw('Fastify 5, raw', false)
export const fastifyHijacked: NodeFramework = raw('Fastify 5, hijacked', true)
