import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendResponse, toRequest } from './node-request.ts'

/** A request of Express, or of another framework with its middleware. */
interface ExpressRequest extends IncomingMessage {
  readonly secure?: boolean
  readonly body?: unknown
}

/** Middleware that passes every request to the handler. */
export function mountExpress(handler: (request: Request, original: object) => Promise<Response>) {
  return function inspect(req: ExpressRequest, res: ServerResponse, next: (error?: unknown) => void): void {
    const secure = req.secure ?? 'encrypted' in req.socket
    handler(toRequest({ req, secure, body: req.body }), req)
      .then((response) => sendResponse(res, response))
      .catch(next)
  }
}
