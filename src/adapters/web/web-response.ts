import { type Delivery, printSetCookie } from '../../core/cookie/transport.ts'
import { withPrivacy, withVary } from '../shared/caching.ts'

/**
 * The response with its session's cookies and caching headers. A new response around the same body, because headers can be immutable.
 * Responses that cannot be rebuilt, a protocol switch (101) and a network error (0), are returned as they are.
 */
export function withSessionHeaders(response: Response, { cookies, vary }: Delivery): Response {
  if (response.status < 200 || vary === undefined) return response
  const copy = new Response(response.body, response)
  const { headers } = copy
  for (const cookie of cookies) headers.append('Set-Cookie', printSetCookie(cookie))
  if (cookies.length > 0) headers.set('Cache-Control', withPrivacy(headers.get('Cache-Control') ?? undefined))
  headers.set('Vary', withVary(headers.get('Vary') ?? undefined, vary))
  return copy
}

/** Cancels the body of a response that was dropped, so that its source can stop. */
export function cancel(response: Response): void {
  if (!response.bodyUsed) response.body?.cancel().catch(() => undefined)
}
