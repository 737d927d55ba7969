import { isRefusal } from '../shared/require-user.ts'

/**
 * Maps a thrown value to a response, or to `undefined` if it is a failure. An adapter passes the
 * one of its framework to `runHandler`.
 */
export type ThrownResponse = (thrown: unknown, request: Request) => Response | undefined

/**
 * A thrown `Response` is the response: React Router, SolidStart and TanStack Start throw redirects
 * this way. In route handlers of Next, `redirect()`, `notFound()`, `forbidden()` and
 * `unauthorized()` throw errors, which become the responses that Next makes of them; Next itself
 * could not add the cookie.
 */
export const thrownResponse: ThrownResponse = (thrown, request) => {
  if (isResponse(thrown)) return thrown
  const refusal = refusalResponse(thrown)
  if (refusal !== undefined) return refusal
  const { digest } = Object(thrown) as { readonly digest?: unknown }
  return typeof digest === 'string' ? responseOfNext(digest, request) : undefined
}

/** The response for an error of `requireUser`: its status and headers, and no body. */
export function refusalResponse(thrown: unknown): Response | undefined {
  return isRefusal(thrown) ? new Response(undefined, { status: thrown.status, headers: { ...thrown.headers } }) : undefined
}

/**
 * Whether `redirect()`, `notFound()`, `forbidden()` or `unauthorized()` of Next has thrown this.
 */
export function isResponseOfNext(thrown: unknown): boolean {
  const { digest } = Object(thrown) as { readonly digest?: unknown }
  return typeof digest === 'string' && /^NEXT_(?:REDIRECT|HTTP_ERROR_FALLBACK);/.test(digest)
}

/** Decided by what it can do, because a `Response` of another realm or of a polyfill is one too. */
function isResponse(value: unknown): value is Response {
  const { status, headers } = Object(value) as Partial<Response>
  return typeof status === 'number' && typeof headers?.getSetCookie === 'function'
}

/** `NEXT_REDIRECT;push;/cart;307;`, or `NEXT_HTTP_ERROR_FALLBACK;404`. */
function responseOfNext(digest: string, request: Request): Response | undefined {
  const [kind, ...fields] = digest.split(';')
  if (kind === 'NEXT_HTTP_ERROR_FALLBACK') return new Response(undefined, { status: Number(fields[0]) })
  if (kind !== 'NEXT_REDIRECT') return undefined
  const location = fields.slice(1, -2).join(';')
  const status = isForm(request) ? 303 : Number(fields.at(-2))
  return new Response(undefined, { status, headers: { Location: location } })
}

/** After a form, a browser must not send the form again to where it is redirected. */
function isForm({ method, headers }: Request): boolean {
  return method === 'POST' && /^(?:multipart\/form-data|application\/x-www-form-urlencoded)/i.test(headers.get('content-type') ?? '')
}
