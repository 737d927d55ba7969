import type { Engine } from '../core/config/engine.ts'
import type { IncomingRequest } from '../core/cookie/incoming-request.ts'
import { type CookieToSet, NOTHING_PRESENTED } from '../core/cookie/transport.ts'

/**
 * The cookie that the response to this request would set; `undefined` if none is set over its
 * connection, or the transport uses no cookie.
 */
export function sessionCookie({ transport }: Pick<Engine, 'transport'>, request: IncomingRequest): CookieToSet | undefined {
  const carrier = transport.carrierFor(request)
  return 'reason' in carrier ? undefined : carrier.issue('x', { lifetime: undefined }, NOTHING_PRESENTED)[0]
}

/** A request without headers over this kind of connection. */
export function requestOver(connection: 'https' | 'loopback'): IncomingRequest {
  const secure = connection === 'https'
  return { secure, loopback: !secure, header: () => undefined }
}
