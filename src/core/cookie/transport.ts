import { type CookieAttributes, serializeCookie, serializeDeletion } from '../../wire/set-cookie.ts'
import type { Refusal } from '../base/access.ts'
import type { IncomingRequest } from './incoming-request.ts'

/**
 * Reads tokens from requests and writes them to responses. A token is the text that leads to a
 * session; a transport does not interpret it.
 */
export interface Transport {
  /** The request header that responses depend on, for `Vary`. */
  readonly vary: string
  /**
   * The response header that carries tokens in place of cookies; empty if the session has ended.
   */
  readonly header?: string
  /**
   * The value of `WWW-Authenticate` for a request that needs a user, or one who authenticates again.
   * Omitted where an error of `requireUser` has no such header.
   */
  challenge?(stepUp?: { readonly within: unknown }): string
  /**
   * Returns the carrier for the connection of this request, or the reason why no token can be
   * issued.
   */
  carrierFor(request: IncomingRequest): Carrier | Refused
}

/** Why no token can be issued. */
export interface Refused extends Refusal {
  readonly reason: 'insecure' | 'outside-path' | 'cross-site'
}

/**
 * Carries tokens over one kind of connection. Shared by all requests of that kind. Does no I/O and
 * never throws because of input.
 */
export interface Carrier {
  read(request: IncomingRequest): Presented
  /** Returns the cookies that set a token. */
  issue(token: string, issue: Issue, presented: Presented): readonly CookieToSet[]
  /** Returns the cookies that delete everything that the client presented. */
  clear(presented: Presented): readonly CookieToSet[]
}

/** How a token is issued. */
export interface Issue {
  /** Milliseconds, or `undefined` until the browser is closed. */
  readonly lifetime: number | undefined
  /** The attributes of the session's cookie that differ from those of the transport. */
  readonly attributes?: Partial<CookieAttributes>
}

/** The tokens that a request presented. */
export interface Presented {
  /** The tokens, each once. */
  readonly tokens: readonly string[]
  /** The names of all cookies for the token, including the chunks of a long one, valid or not. */
  readonly names: readonly string[]
}

export const NOTHING_PRESENTED: Presented = { tokens: [], names: [] }

/** A cookie that the response sets, or deletes where `value` is `undefined`. */
export interface CookieToSet {
  readonly name: string
  readonly value: string | undefined
  readonly attributes: CookieAttributes
  /** Seconds; `undefined` for a cookie that ends with the browser. */
  readonly maxAge?: number | undefined
}

/** A header that the response sets. */
export type HeaderToSet = readonly [name: string, value: string]

/**
 * The cookies, headers and `Vary` that a response has to carry for its session. Adapters print it as
 * headers or write it into the framework's cookie jar.
 */
export interface Delivery {
  readonly cookies: readonly CookieToSet[]
  /** The headers of a transport that uses no cookies. */
  readonly headers: readonly HeaderToSet[]
  /** The field to add to `Vary`; `undefined` when the response does not depend on the session. */
  readonly vary: string | undefined
}

/** Whether a response carries a token, or deletes one. */
export function carriesToken({ cookies, headers }: Pick<Delivery, 'cookies' | 'headers'>): boolean {
  return cookies.length > 0 || headers.length > 0
}

/** The value of the `Set-Cookie` header. */
export function printSetCookie({ name, value, attributes, maxAge }: CookieToSet): string {
  return value === undefined ? serializeDeletion(name, attributes) : serializeCookie(name, value, attributes, maxAge)
}
