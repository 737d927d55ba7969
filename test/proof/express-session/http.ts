// Requests and responses of Node without a network, so that they run on virtual time.

import { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** The middleware under test, in the form of Express. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void

export interface HttpResponse {
  readonly status: number
  readonly setCookies: readonly string[]
}

interface Handlers {
  readonly handle: (req: IncomingMessage, res: ServerResponse) => Promise<void>
  /** Called for each error, in order, before an error page with status 500 is sent. */
  readonly onError: (error: unknown) => void
}

class Connection extends Duplex {
  text = ''

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('latin1')
    done()
  }
}

/** Sends a request through the middleware and to the handler, as an application would. */
export function send(middleware: Middleware, cookie: string | undefined, { handle, onError }: Handlers): Promise<HttpResponse> {
  const connection = new Connection()
  const req = new IncomingMessage(connection as unknown as Socket)
  Object.assign(req, { method: 'POST', url: '/', headers: cookie === undefined ? {} : { cookie }, complete: true })
  const res = new ServerResponse(req)
  res.assignSocket(connection as unknown as Socket)
  const fail = (error: unknown): void => {
    onError(error)
    res.statusCode = 500
    res.end('error')
  }
  return new Promise((resolve) => {
    res.on('finish', () => resolve(parse(connection.text)))
    middleware(req, res, (error) => {
      if (error) fail(error)
      else handle(req, res).catch(fail)
    })
  })
}

function parse(text: string): HttpResponse {
  const [status = '', ...headers] = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n')
  const cookies = headers.filter((line) => /^set-cookie:/i.test(line)).map((line) => line.replace(/^[^:]*: ?/, ''))
  return { status: Number(status.split(' ')[1]), setCookies: cookies }
}
