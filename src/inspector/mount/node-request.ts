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
  const { headers } = req
  const method = UNSUPPORTED.test(req.method ?? '') ? 'OPTIONS' : (req.method ?? 'GET')
  const url = new URL(`${secure ? 'https' : 'http'}://inspector.invalid/${queryOf(req.url ?? '')}`)
  const init = { method, headers: headersOf(headers) }
  if (method === 'GET' || method === 'HEAD') return new Request(url, init)
  if (isParsed(body) || req.readableDidRead) return new Request(url, { ...init, body: formOf(body) })
  const stream = Readable.toWeb(req) as ReadableStream<Uint8Array>
  return new Request(url, { ...init, body: stream, duplex: 'half' } as RequestInit)
}

/** `Request` refuses these methods, and the inspector every method except GET, HEAD and POST. */
const UNSUPPORTED = /^(?:connect|trace|track)$/i

function formOf(body: unknown): URLSearchParams {
  if (typeof body === 'string') return new URLSearchParams(body)
  return new URLSearchParams(ArrayBuffer.isView(body) ? new TextDecoder().decode(body) : (Object(body) as Record<string, string>))
}

/** Parsers of Express 4 set an empty object if the body has a type that they do not parse. */
function isParsed(body: unknown): boolean {
  return Object.keys(Object(body)).length > 0
}

function queryOf(url: string): string {
  const start = url.indexOf('?')
  return start === -1 ? '' : url.slice(start)
}

function headersOf(given: IncomingMessage['headers']): Headers {
  const { ':authority': authority, ...fields } = given // HTTP/2 has the host in a pseudo header
  const headers = new Headers(typeof authority === 'string' ? { host: authority } : {})
  for (const [name, value] of Object.entries(fields))
    for (const each of [value].flat()) if (each !== undefined && !name.startsWith(':')) headers.append(name, each)
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
