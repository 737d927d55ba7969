import { STYLE } from './style.ts'

/**
 * Node loads its implementation of `fetch` at the first use of this name, which takes 50 ms (Node
 * 24). It is loaded with this module, and not in the first request of an operator.
 */
const { Response } = globalThis

/** No script, no frame, nothing of another origin, and no copy in a cache. */
export const HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}

/** The response to a request that is not allowed. It does not show that the inspector exists. */
export function notFound(): Response {
  return new Response(undefined, { status: 404, headers: { 'Cache-Control': 'no-store' } })
}

/** The style sheet. Its address changes with its text. */
export function styleSheet(): Response {
  const headers = { ...HEADERS, 'Content-Type': 'text/css; charset=utf-8', 'Cache-Control': 'private, max-age=31536000, immutable' }
  return new Response(STYLE, { headers })
}

/** Shows a page after a change. `location` is relative to the current URL. */
export function redirect(location: string): Response {
  return new Response(undefined, { status: 303, headers: { ...HEADERS, Location: location } })
}

const MAX_FORM = 10_000

/** The fields of a posted form; `undefined` if it is larger than any form of the inspector. */
export async function readForm(request: Request): Promise<URLSearchParams | undefined> {
  const reader = request.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const chunk = await reader?.read()
    if (chunk === undefined || chunk.done) return new URLSearchParams(text + decoder.decode())
    text += decoder.decode(chunk.value, { stream: true })
    if (text.length > MAX_FORM) {
      await reader?.cancel()
      return undefined
    }
  }
}
