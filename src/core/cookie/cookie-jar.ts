import { joinChunks } from '../../wire/cookie-chunks.ts'
import type { CookieAttributes } from '../../wire/set-cookie.ts'
import { ConfigError } from '../base/errors.ts'
import { formatValue } from '../base/format.ts'
import type { IncomingRequest } from './incoming-request.ts'
import type { NodeMessage } from './node-request.ts'
import type { CookieToSet } from './transport.ts'

/** The attributes of a cookie that is written to a jar, named as in the package `cookie`. */
export interface JarCookieOptions extends CookieAttributes {
  /** Seconds. 0 for a cookie that is deleted; left out for one that ends with the browser. */
  readonly maxAge?: number
  /** Set for a cookie that is deleted: a date in the past. */
  readonly expires?: Date
}

/**
 * The cookies of one request and its response, in a framework that parses and prints them.
 *
 * ```ts
 * const session = await sessions.open({
 *   read: (name) => cookies.get(name),
 *   write: (name, value, options) => cookies.set(name, value, options),
 * })
 * ```
 */
export interface CookieJar {
  /**
   * Returns the value of a cookie of the request, or an object with it, as `cookies()` of Next
   * does; `undefined` when there is none.
   */
  read(name: string): string | { readonly value: string } | undefined
  /**
   * Sets a cookie of the response. A cookie is deleted with an empty value and `maxAge: 0`. If this
   * returns a promise, the commit waits for it, and rejects with its error.
   */
  write(name: string, value: string, options: JarCookieOptions): unknown
  /**
   * The request, from which HTTPS, loopback and forged requests (option `trustedOrigins`) are
   * judged as always. Without it requests that pages of other origins send are not noticed, and the
   * connection counts as HTTPS, because a jar does not say: the cookie is `Secure`, and browsers do
   * not store it over plain HTTP (Chromium and Firefox make an exception for localhost, Safari does
   * not).
   */
  readonly request?: Request | NodeMessage | IncomingRequest
}

/** Whether a value is a jar. A request of Node also has a method `read`. */
export function isCookieJar(source: object): source is CookieJar {
  const { read, write, headers } = source as { readonly read?: unknown; readonly write?: unknown; readonly headers?: unknown }
  return typeof read === 'function' && typeof write === 'function' && headers === undefined
}

/** A jar as an `IncomingRequest`. */
export class JarRequest implements IncomingRequest {
  readonly jar: CookieJar
  readonly #request: IncomingRequest | undefined

  constructor(jar: CookieJar, request: IncomingRequest | undefined) {
    this.jar = jar
    this.#request = request
  }

  get secure(): boolean {
    return this.#request?.secure ?? true
  }

  get loopback(): boolean {
    return this.#request?.loopback ?? false
  }

  get whyNotLoopback(): string | undefined {
    return this.#request?.whyNotLoopback
  }

  get remedy(): string | undefined {
    return this.#request?.remedy
  }

  get path(): string | undefined {
    return this.#request?.path
  }

  get method(): string | undefined {
    return this.#request?.method
  }

  get origin(): string | undefined {
    return this.#request?.origin
  }

  get isQuiet(): boolean {
    return this.#request?.isQuiet ?? false
  }

  header(name: string): string | undefined {
    return this.#request?.header(name)
  }

  /** The `Cookie` header with the chunks of one value, which is what the jar can be asked for. */
  cookies(name: string): string {
    return joinChunks(name, (chunk) => valueOf(this.jar.read(chunk)))
  }
}

/** The value of a cookie, as a jar has returned it. */
function valueOf(read: unknown): string | undefined {
  if (read === undefined || typeof read === 'string') return read
  const { value } = Object(read) as { readonly value?: unknown }
  if (typeof value === 'string') return value
  throw new ConfigError(
    `sessions.open({ read, write }): \`read(name)\` returned ${isPromise(read) ? 'a promise' : formatValue(read)}. Return the value of the cookie, an object \`{ value }\`, or undefined if there is none. If the framework reads cookies asynchronously, await them first: \`const cookies = await …\`.`,
  )
}

/**
 * Writes the cookies of a response to its jar. Returns a promise if the jar writes asynchronously.
 */
export function writeToJar(jar: CookieJar, cookies: readonly CookieToSet[]): Promise<unknown> | undefined {
  const written = cookies.map(({ name, value, attributes, maxAge }) =>
    value === undefined
      ? jar.write(name, '', { ...attributes, maxAge: 0, expires: new Date(0) })
      : jar.write(name, value, maxAge === undefined ? attributes : { ...attributes, maxAge }),
  )
  return written.some(isPromise) ? Promise.all(written) : undefined
}

function isPromise(value: unknown): boolean {
  return typeof (Object(value) as { readonly then?: unknown }).then === 'function'
}
