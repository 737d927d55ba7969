import type { IncomingRequest } from '../../core/cookie/incoming-request.ts'

/** A GET over HTTPS with these headers, by their lower-case names. */
export function testRequest(headers: Readonly<Record<string, string>>): IncomingRequest {
  return { secure: true, loopback: false, header: (name) => headers[name] }
}
