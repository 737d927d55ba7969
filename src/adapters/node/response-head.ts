import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { type Delivery, printSetCookie } from '../../core/cookie/transport.ts'
import { withPrivacy, withVary } from '../shared/caching.ts'

/** A header as the response keeps it: name in its own spelling, value as it was set. */
export type Header = readonly [name: string, value: string | number | readonly string[]]

/** Headers that speak of the one representation they came with. An error page in its place must not inherit them. */
const REPRESENTATION =
  /^(?:content-(?!security-policy).*|etag|last-modified|location|accept-ranges|(?:.+-)?cache-control|surrogate-control|expires|refresh|link|trailer|transfer-encoding|set-cookie|clear-site-data|x-accel-redirect|x-sendfile)$/i

const NONE: readonly Header[] = []

/** The headers of the representation as they are now. */
export function representationOf(res: ServerResponse): readonly Header[] {
  const names = rawNames(res)
  if (names.length === 0) return NONE
  return names.filter((name) => REPRESENTATION.test(name)).map((name) => [name, copied(res.getHeader(name))])
}

/** Puts the headers of the representation back to what they were; all others (CSP, CORS, Vary …) stay as they are. */
export function restoreRepresentation(res: ServerResponse, before: readonly Header[]): void {
  for (const name of res.getHeaderNames()) if (REPRESENTATION.test(name)) res.removeHeader(name)
  for (const [name, value] of before) res.setHeader(name, value)
}

/**
 * Does to the response what Node's `writeHead` would do with its arguments, but for sending anything: the status and message are set, and
 * headers of every form (an object, pairs, a flat array) override those set before, while an array may name one several times.
 */
export function takeHead(res: ServerResponse, [status, second, third]: readonly unknown[]): void {
  const headers = (typeof second === 'string' ? third : (second ?? third)) as OutgoingHttpHeaders | unknown[] | undefined
  if (Array.isArray(headers)) override(res, pairsOf(headers))
  else if (headers) for (const [name, value] of Object.entries(headers)) res.setHeader(name, value as string)
  if (typeof second === 'string') res.statusMessage = second
  res.statusCode = Number(status)
}

function override(res: ServerResponse, pairs: readonly (readonly [string, string])[]): void {
  for (const [name] of pairs) res.removeHeader(name)
  for (const [name, value] of pairs) res.appendHeader(name, value)
}

function pairsOf(headers: readonly unknown[]): (readonly [string, string])[] {
  if (Array.isArray(headers[0])) return headers as [string, string][]
  if (headers.length % 2 !== 0)
    throw invalid(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'headers' is invalid. Received ${headers.length} items`)
  return Array.from({ length: headers.length / 2 }, (_, index) => headers.slice(index * 2, index * 2 + 2) as [string, string])
}

/** Throws what Node throws for a head that cannot be sent, while the writer who is at fault is still there to hear of it. */
export function checkHead(status: number, message: string | undefined): void {
  if (!(status >= 100 && status < 1000)) throw invalid(RangeError, 'ERR_HTTP_INVALID_STATUS_CODE', `Invalid status code: ${status}`)
  if (message !== undefined && /[^\t\x20-\x7e\x80-\xff]/.test(message))
    throw invalid(TypeError, 'ERR_INVALID_CHAR', 'Invalid character in statusMessage')
}

/** Adds the session's cookies to the response, and the headers that keep shared caches from storing them. */
export function applyDelivery(res: ServerResponse, { cookies, vary }: Delivery): void {
  if (cookies.length > 0) {
    res.appendHeader('Set-Cookie', cookies.map(printSetCookie))
    res.setHeader('Cache-Control', withPrivacy(textOf(res.getHeader('Cache-Control'))))
  }
  if (vary !== undefined) res.setHeader('Vary', withVary(textOf(res.getHeader('Vary')), vary))
}

/** An error as Node makes them: with a `code`. */
export function invalid(kind: new (message: string) => Error, code: string, message: string): Error {
  return Object.assign(new kind(message), { code })
}

/** HTTP/2 keeps no names in the writer's spelling. */
function rawNames(res: ServerResponse & { getRawHeaderNames?(): string[] }): string[] {
  return res.getRawHeaderNames?.() ?? res.getHeaderNames()
}

/** `appendHeader` grows the very array a header was set with. */
function copied(value: Header[1] | undefined): Header[1] {
  return Array.isArray(value) ? [...value] : (value as Header[1])
}

function textOf(value: number | string | readonly string[] | undefined): string | undefined {
  return value === undefined ? undefined : String(value)
}
