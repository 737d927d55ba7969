import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Whether this is a response of Node's server, HTTP/1 or HTTP/2, which can be deferred. Objects in
 * place of one are not: that of Engine.IO for the handshake of a WebSocket, those of node-mock-http
 * for internal requests of Nitro, or `{}`. Decided by an internal method and not by the class,
 * because test runners and bundles have several copies of classes. Bun and Deno have the method
 * too.
 */
function isNodeResponse(res: object): res is ServerResponse {
  const { _implicitHeader: startHttp1, stream: http2 } = Object(res) as { _implicitHeader?: unknown; stream?: { respond?: unknown } }
  return typeof startHttp1 === 'function' || typeof http2?.respond === 'function'
}

/** Whether the connection becomes a WebSocket or the like. It is then used without a response. */
export function isUpgrade(req: IncomingMessage & { readonly upgrade?: boolean }): boolean {
  return req.upgrade === true
}

/**
 * Whether the response will be sent, so that it can be deferred and set a cookie. express-ws and
 * @fastify/websocket make a response of Node for an upgrade too, and never send it.
 */
export function canDefer(req: IncomingMessage, res: object): res is ServerResponse {
  return isNodeResponse(res) && !isUpgrade(req)
}
