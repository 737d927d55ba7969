import type { IncomingMessage, ServerResponse } from 'node:http'
import { HeadersSentError } from '../../core/base/errors.ts'
import type { Exchange, SessionAdapter } from '../../core/manager/adapter-port.ts'
import type { Session } from '../../core/session/session.ts'
import { openOnce } from '../shared/manager.ts'
import { deferResponse } from './defer-response.ts'
import { NodeRequest } from './node-request.ts'

/** A request and response of Node, as the framework sees them. */
export interface NodeExchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Whether the request came over HTTPS, as the framework judges it. */
  readonly secure: boolean
  /** Called with the error when the commit fails; asks the framework for an error page. */
  fail(error: unknown): void
}

/**
 * Opens the session of a request and defers the response until the session is committed. Used by
 * every framework that works on Node's request and response. `remedy` is the setting to name when a
 * cookie cannot be set over plain HTTP. `onOpen` is called before the response is deferred.
 */
export function attachSession<Data>(
  adapter: SessionAdapter<Data>,
  remedy?: string,
): (exchange: NodeExchange) => Promise<Exchange<Data> | undefined> {
  const environment = process.env['NODE_ENV'] // read once, because reading it costs as much as everything else
  return async function attach({ req, res, secure, fail }) {
    if (adapter.boundTo(req) === undefined && res.headersSent)
      throw new HeadersSentError('session() ran after the response had started. Install it before the middleware that responds.')
    const exchange = await openOnce(adapter, req, new NodeRequest(req, { secure, remedy, environment }))
    if (exchange === undefined) return undefined
    // Earlier middleware responded while the session was read, so the response cannot be deferred
    // and changes cannot be saved.
    if (res.headersSent || res.writableEnded) await exchange.commit(500)
    else deferResponse(req, res, { exchange, fail })
    return exchange
  }
}

/** The session that `attachSession` has bound to the request. */
export function attachedTo<Data>(adapter: SessionAdapter<Data>, req: object): Session<Data> {
  return adapter.boundTo(req) as Session<Data>
}
