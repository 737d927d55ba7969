import { Readable } from 'node:stream'
import fastify from 'fastify'
import { session } from '../../../src/adapters/fastify.ts'
import { listenFastify } from '../harness/fastify-harness.ts'
import { stories } from '../harness/stories.ts'
import { handleRequest, renderErrorPage, type StoryResponse } from '../harness/story-app.ts'

stories({
  name: 'Fastify 5',
  hasErrorPage: true,
  remedy: 'trustProxy',
  async startServer(story) {
    const app = fastify({ forceCloseConnections: true })
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    app.removeContentTypeParser(['text/plain'])
    await app.register(session, { sessions: story.sessions })
    app.setErrorHandler((error: Error, _request, reply) => {
      const { status = 500, body } = renderErrorPage(story, error)
      return reply.code(status).send(body)
    })
    app.all('/*', async ({ method, url, body, session }, reply) => {
      const request = { method, url: new URL(url, 'http://127.0.0.1'), body: (body as string | undefined) ?? '', session }
      const { status = 200, headers = {}, body: responseBody }: StoryResponse = await handleRequest(story, request)
      reply.code(status).headers(headers as Record<string, string>)
      return reply.send(responseBody === undefined || typeof responseBody === 'string' ? responseBody : Readable.from(responseBody))
    })
    return listenFastify(app)
  },
})
