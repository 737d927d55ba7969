import type { FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify'
import { toRequest } from './node-request.ts'

/** A plugin that passes every request under its prefix to the handler. */
export function mountFastify(handler: (request: Request, original: object) => Promise<Response>): FastifyPluginCallback {
  return function install(app, _options, done) {
    // The handler reads the body itself. Parsers of the application do not apply here.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', async () => undefined)
    const respond = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> =>
      reply.send(await handler(toRequest({ req: request.raw, secure: request.protocol === 'https', body: undefined }), request))
    app.all('/', respond)
    app.all('/*', respond)
    done()
  }
}
