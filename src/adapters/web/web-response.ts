import { type Delivery, printSetCookie } from '../../core/cookie/transport.ts'
import type { Exchange } from '../../core/manager/adapter-port.ts'
import { withPrivacy, withVary } from '../shared/caching.ts'
import { errorStatus } from '../shared/error-status.ts'

/**
 * The response with its session's cookies and caching headers. A new response around the same body,
 * because headers can be immutable. Responses that cannot be rebuilt, a protocol switch (101) and a
 * network error (0), are returned as they are.
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

/** Runs a handler. If it throws, a flush is still performed, and its error is thrown. */
export async function runHandler<Data, Result>(exchange: Exchange<Data>, handler: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await handler()
  } catch (error) {
    await exchange.commit(500).catch(() => undefined)
    throw error
  }
}

/** The empty response of a failed commit. It replaces a response that is dropped. */
export function failedResponse<Data>(
  exchange: Exchange<Data>,
  error: unknown,
  dropped: Response | undefined,
  headers: Headers = new Headers(),
): Response {
  if (dropped?.bodyUsed === false) dropped.body?.cancel().catch(() => undefined) // lets the source of the body stop
  return withSessionHeaders(new Response(undefined, { status: errorStatus(error), headers }), exchange.delivery())
}
