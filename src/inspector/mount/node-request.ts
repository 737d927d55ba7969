import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'

/** A request of Node, and what a framework knows about it. */
export interface NodeSource {
  readonly req: IncomingMessage
  /** Whether the client used HTTPS. */
  readonly secure: boolean
  /** The fields of the form, if a body parser has read the body. */
  readonly body: unknown
}

/** The request as a `Request`. The host is that of the header, of which only the query is used. */
export function toRequest({ req, secure, body }: NodeSource): Request {
  const { method = 'GET', headers } = req
  const url = new URL(`${secure ? 'https' : 'http'}://inspector.invalid/${queryOf(req.url ?? '')}`)
  const init = { method, headers: headersOf(headers) }
  if (method === 'GET' || method === 'HEAD') return new Request(url, init)
  if (typeof body === 'object' && body !== null)
    return new Request(url, { ...init, body: new URLSearchParams(body as Record<string, string>) })
  const stream = Readable.toWeb(req) as ReadableStream<Uint8Array>
  return new Request(url, { ...init, body: stream, duplex: 'half' } as RequestInit)
}

function queryOf(url: string): string {
  const start = url.indexOf('?')
  return start === -1 ? '' : url.slice(start)
}

function headersOf(given: IncomingMessage['headers']): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(given)) for (const each of [value].flat()) if (each !== undefined) headers.append(name, each)
  return headers
}

/** Sends a `Response` through Node's response. */
export async function sendResponse(res: ServerResponse, response: Response): Promise<void> {
  res.statusCode = response.status
  for (const [name, value] of response.headers) if (name !== 'set-cookie') res.setHeader(name, value)
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) res.appendHeader('Set-Cookie', cookies)
  res.end(new Uint8Array(await response.arrayBuffer()))
}
