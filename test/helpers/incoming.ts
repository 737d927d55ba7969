import type { IncomingRequest } from '../../src/core/cookie/incoming-request.ts'

/** Creates a request with this `Cookie` header, over HTTPS by default. */
export function incoming(
  cookie: string | undefined,
  { secure = true, loopback = false, remedy }: Partial<Pick<IncomingRequest, 'secure' | 'loopback' | 'remedy'>> = {},
): IncomingRequest {
  return { secure, loopback, remedy, header: (name) => (name === 'cookie' ? cookie : undefined) }
}
