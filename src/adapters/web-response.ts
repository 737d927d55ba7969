import { withPrivacy, withVary } from './caching.ts'

/**
 * The response with what the session owes it. A new one around its body, as the application's own may be immutable; but for what cannot be
 * made anew, a switch of protocols (101) and a network error (0).
 */
export function dressed(response: Response, owed: Headers): Response {
  const cookies = owed.getSetCookie()
  const vary = owed.get('vary')
  if (response.status < 200 || (cookies.length === 0 && vary === null)) return response
  const anew = new Response(response.body, response)
  const { headers } = anew
  for (const cookie of cookies) headers.append('Set-Cookie', cookie)
  if (cookies.length > 0) headers.set('Cache-Control', withPrivacy(headers.get('Cache-Control') ?? undefined))
  if (vary !== null) headers.set('Vary', withVary(headers.get('Vary') ?? undefined, vary))
  return anew
}

/** Nobody will read the body of a response that was dropped: whoever makes it may stop. */
export function cancel(response: Response): void {
  if (!response.bodyUsed) response.body?.cancel().catch(() => undefined)
}
