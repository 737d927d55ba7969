import type { Server } from 'node:http'
import { Readable } from 'node:stream'
import fastify from 'fastify'
import type { Sessions } from 'sojourn'
import { session } from 'sojourn/fastify'
import { handle } from '../shop.ts'

export async function serverOf(sessions: Sessions): Promise<Server> {
  const app = fastify()
  app.removeContentTypeParser('text/plain')
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  await app.register(session, { sessions })
  app.all('/*', (request, reply) => {
    const { method, url: path, body: sent = '', session } = request
    const { status = 200, headers = {}, body } = handle({ method, path, body: sent as string, session })
    return reply
      .code(status)
      .headers(headers)
      .send(body === undefined || typeof body === 'string' ? body : Readable.from(body))
  })
  await app.ready()
  return app.server
}
