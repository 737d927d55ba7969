import { joinChunks } from '../../wire/cookie-chunks.ts'
import type { CookieAttributes } from '../../wire/set-cookie.ts'
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
  /** Returns the value of a cookie of the request; `undefined` when there is none. */
  read(name: string): string | undefined
  /** Sets a cookie of the response. A cookie is deleted with an empty value and `maxAge: 0`. */
  write(name: string, value: string, options: JarCookieOptions): void
  /**
   * The request, from which HTTPS and loopback are judged as always. Without it the connection counts
   * as HTTPS, because a jar does not say: the cookie is `Secure`, and browsers do not store it over
   * plain HTTP (Chromium and Firefox make an exception for localhost, Safari does not).
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

  header(name: string): string | undefined {
    return this.#request?.header(name)
  }

  /** The `Cookie` header with the chunks of one value, which is what the jar can be asked for. */
  cookies(name: string): string {
    return joinChunks(name, (chunk) => this.jar.read(chunk))
  }
}

/** Writes the cookies of a response to its jar. */
export function writeToJar(jar: CookieJar, cookies: readonly CookieToSet[]): void {
  for (const { name, value, attributes, maxAge } of cookies) {
    if (value === undefined) jar.write(name, '', { ...attributes, maxAge: 0, expires: new Date(0) })
    else jar.write(name, value, maxAge === undefined ? attributes : { ...attributes, maxAge })
  }
}
