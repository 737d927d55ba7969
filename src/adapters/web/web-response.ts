import type { SessionHeaders } from '../../core/draft/owed.ts'
import { withPrivacy, withVary } from '../shared/caching.ts'

/**
 * The response with what the session owes it. A new one around its body, as the application's own may be immutable; but for what cannot be
 * made anew, a switch of protocols (101) and a network error (0).
 */
export function withSessionHeaders(response: Response, { setCookies, vary }: SessionHeaders): Response {
  if (response.status < 200 || vary === undefined) return response
  const anew = new Response(response.body, response)
  const { headers } = anew
  for (const setCookie of setCookies) headers.append('Set-Cookie', setCookie)
  if (setCookies.length > 0) headers.set('Cache-Control', withPrivacy(headers.get('Cache-Control') ?? undefined))
  headers.set('Vary', withVary(headers.get('Vary') ?? undefined, vary))
  return anew
}

/** Nobody will read the body of a response that was dropped: whoever makes it may stop. */
export function cancel(response: Response): void {
  if (!response.bodyUsed) response.body?.cancel().catch(() => undefined)
}
