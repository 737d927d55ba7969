import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { Session, Sessions } from 'sojourn'
import { withSession } from 'sojourn/node'
import { handle } from '../shop.ts'

export const serverOf = (sessions: Sessions): Server => createServer(withSession(sessions, write))

/** Writes the response of the shop to Node's response. */
export async function write(req: IncomingMessage, res: ServerResponse, session: Session): Promise<void> {
  const request = { method: req.method ?? 'GET', path: req.url ?? '/', body: await text(req), session }
  const { status = 200, headers = {}, body } = handle(request)
  res.writeHead(status, headers)
  if (body === undefined || typeof body === 'string') res.end(body)
  else await pipeline(Readable.from(body), res)
}
