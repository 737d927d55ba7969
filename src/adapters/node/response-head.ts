import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { type Delivery, printSetCookie } from '../../core/cookie/transport.ts'
import { privacyOf, withVary } from '../shared/caching.ts'

/** A header of a response, with its name and value as they were set. */
export type Header = readonly [name: string, value: string | number | readonly string[]]

/** Headers that describe one representation. An error page that replaces it must not have them. */
const REPRESENTATION =
  /^(?:content-(?!security-policy).*|etag|last-modified|location|accept-ranges|(?:.+-)?cache-control|(?:surrogate|edge)-control|x-accel-expires|expires|refresh|link|trailer|transfer-encoding|set-cookie|clear-site-data|x-accel-redirect|x-sendfile)$/i

const NONE: readonly Header[] = []

/**
 * The current headers of the representation. Over HTTP/2 there is no `getRawHeaderNames`, and all
 * names are in lower case.
 */
export function representationOf(res: ServerResponse & { getRawHeaderNames?(): string[] }): readonly Header[] {
  const names = res.getRawHeaderNames?.() ?? res.getHeaderNames()
  if (names.length === 0) return NONE
  return names.filter((name) => REPRESENTATION.test(name)).map((name) => [name, copy(res.getHeader(name))])
}

/** Restores the headers of the representation. All others (CSP, CORS, Vary …) stay as they are. */
export function restoreRepresentation(res: ServerResponse, before: readonly Header[]): void {
  for (const name of res.getHeaderNames()) if (REPRESENTATION.test(name)) res.removeHeader(name)
  for (const [name, value] of before) res.setHeader(name, value)
}

/**
 * Applies the arguments of `writeHead` to the response as Node would, without sending anything:
 * sets the status and message, and replaces headers that were set before. Headers can be an object,
 * pairs or a flat array. An array may contain a header several times.
 */
export function takeHead(res: ServerResponse, [status, second, third]: readonly unknown[]): void {
  const headers = (typeof second === 'string' ? third : (second ?? third)) as OutgoingHttpHeaders | unknown[] | undefined
  if (Array.isArray(headers)) {
    const pairs = pairsOf(headers)
    for (const [name] of pairs) res.removeHeader(name)
    for (const [name, value] of pairs) res.appendHeader(name, value)
  } else for (const [name, value] of Object.entries(headers ?? {})) res.setHeader(name, value as string)
  if (typeof second === 'string') res.statusMessage = second
  res.statusCode = Number(status)
}

function pairsOf(headers: readonly unknown[]): (readonly [string, string])[] {
  if (Array.isArray(headers[0])) return headers as [string, string][]
  if (headers.length % 2 !== 0)
    throw nodeError(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'headers' is invalid. Received ${headers.length} items`)
  return Array.from({ length: headers.length / 2 }, (_, index) => headers.slice(index * 2, index * 2 + 2) as [string, string])
}

/**
 * Throws the error that Node would throw for an invalid head, so that the caller of `writeHead`
 * gets it.
 */
export function checkHead(status: number, message: string | undefined): void {
  if (!(status >= 100 && status < 1000)) throw nodeError(RangeError, 'ERR_HTTP_INVALID_STATUS_CODE', `Invalid status code: ${status}`)
  if (message !== undefined && /[^\t\x20-\x7e\x80-\xff]/.test(message))
    throw nodeError(TypeError, 'ERR_INVALID_CHAR', 'Invalid character in statusMessage')
}

/**
 * Adds the session's cookies or token to the response, and the headers that keep caches from storing
 * them.
 */
export function applyDelivery(res: ServerResponse, { cookies, headers, vary }: Delivery): void {
  if (cookies.length > 0) res.appendHeader('Set-Cookie', cookies.map(printSetCookie))
  for (const [name, value] of headers) res.setHeader(name, value)
  if (cookies.length > 0 || headers.length > 0) {
    const fields = privacyOf(res.getHeaderNames(), (each) => textOf(res.getHeader(each)), headers.length > 0)
    for (const [name, value] of fields) res.setHeader(name, value)
  }
  if (vary !== undefined) res.setHeader('Vary', withVary(textOf(res.getHeader('Vary')), vary))
}

/** An error with a `code`, like those of Node. */
export function nodeError(kind: new (message: string) => Error, code: string, message: string): Error {
  return Object.assign(new kind(message), { code })
}

/** Copies an array, because `appendHeader` changes the array with which a header was set. */
function copy(value: Header[1] | undefined): Header[1] {
  return Array.isArray(value) ? [...value] : (value as Header[1])
}

function textOf(value: number | string | readonly string[] | undefined): string | undefined {
  return value === undefined ? undefined : String(value)
}
