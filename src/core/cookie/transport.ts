import { type CookieAttributes, serializeCookie, serializeDeletion } from '../../wire/set-cookie.ts'
import type { Refusal } from '../base/access.ts'
import type { IncomingRequest } from './incoming-request.ts'

/**
 * Decides where tokens come from and where they go. A token is the text that leads to a session; a
 * transport does not look into it.
 */
export interface Transport {
  /** The request header that responses depend on, for `Vary`. */
  readonly vary: string
  /** How tokens travel over this request's connection, or why none can. */
  over(request: IncomingRequest): Carrier | Refusal
}

/**
 * Carries tokens over one kind of connection. Shared by all requests of that kind. Does no I/O and
 * never throws because of input.
 */
export interface Carrier {
  read(request: IncomingRequest): Presented
  /**
   * Gives the client a token for `lifetime` milliseconds; `undefined` until the browser is closed.
   */
  issue(token: string, lifetime: number | undefined, presented: Presented): readonly CookieToSet[]
  /** Removes what the client presented. */
  clear(presented: Presented): readonly CookieToSet[]
}

/** What a request presented in place of a token. */
export interface Presented {
  /** The different tokens. */
  readonly tokens: readonly string[]
  /**
   * The names of all cookies that belong to the token, chunks of a long one included, whatever
   * their values are.
   */
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

/**
 * What a response has to carry for its session. Adapters print it as headers or write it into the
 * framework's cookie jar.
 */
export interface Delivery {
  readonly cookies: readonly CookieToSet[]
  /** The field to add to `Vary`; `undefined` when the response does not depend on the session. */
  readonly vary: string | undefined
}

/** The value of the `Set-Cookie` header. */
export function printSetCookie({ name, value, attributes, maxAge }: CookieToSet): string {
  return value === undefined ? serializeDeletion(name, attributes) : serializeCookie(name, value, attributes, maxAge)
}
