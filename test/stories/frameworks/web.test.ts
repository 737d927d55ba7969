import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { withSession } from '../../../src/adapters/web.ts'
import { listen } from '../harness/node-response.ts'
import { stories } from '../harness/stories.ts'
import { handleRequest, renderErrorPage, type StoryResponse } from '../harness/story-app.ts'

stories({
  name: 'web',
  hasErrorPage: false,
  remedy: 'cookie: { secure: true }',
  startServer(app) {
    const handle = withSession(app.sessions, async (request, session) =>
      responseOf(await handleRequest(app, { method: request.method, url: new URL(request.url), body: await request.text(), session })),
    )
    const server = createServer((req, res) => {
      const responded = handle(requestOf(req)).catch((error: unknown) => responseOf(renderErrorPage(app, error)))
      void responded.then((response) => send(res, response))
    })
    return listen(server)
  },
})

function responseOf({ status = 200, headers = {}, body }: StoryResponse): Response {
  const all = Object.entries(headers).flatMap(([name, value]) => [value].flat().map((each) => [name, each] as [string, string]))
  const stream = body === undefined || typeof body === 'string' ? body : (Readable.toWeb(Readable.from(body)) as ReadableStream)
  return new Response(stream, { status, headers: all })
}

function requestOf(req: IncomingMessage): Request {
  const { method = 'GET', headers } = req
  const init = { method, headers: Object.entries(headers) as [string, string][], duplex: 'half' }
  const body = method === 'GET' || method === 'HEAD' ? {} : { body: Readable.toWeb(req) as ReadableStream }
  return new Request(`http://${headers.host}${req.url}`, { ...init, ...body })
}

async function send(res: ServerResponse, response: Response): Promise<void> {
  const others = [...response.headers].filter(([name]) => name !== 'set-cookie')
  res.writeHead(response.status, Object.fromEntries([...others, ['set-cookie', response.headers.getSetCookie()]]))
  if (response.body === null) res.end()
  else await pipeline(Readable.fromWeb(response.body as NodeReadableStream), res)
}
