import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Session } from '../../../src/core/session/session.ts'
import { handleRequest, type RunningServer, type StoryApp, type StoryResponse } from './story-app.ts'

/** Writes the response of a story to Node's response, as a handler without a framework would. */
export async function respondOnNode(app: StoryApp, req: IncomingMessage, res: ServerResponse, session: Session): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://127.0.0.1')
  await writeResponse(res, await handleRequest(app, { method: req.method ?? 'GET', url, body: await text(req), session }))
}

export async function writeResponse(res: ServerResponse, { status = 200, headers = {}, body }: StoryResponse): Promise<void> {
  res.statusCode = status
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
  if (body === undefined || typeof body === 'string') {
    res.end(body)
    return
  }
  for await (const piece of body) res.write(piece)
  res.end()
}

/** Listens on a free local port until the returned server is disposed. */
export async function listen(server: Server): Promise<RunningServer> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      if (server.listening) await once(server, 'close')
    },
  }
}
