/**
 * The parts of a request that a manager reads. Adapters implement it as a class with a getter
 * `loopback`, because that value is rarely needed. An object literal with a getter would give V8 a
 * hidden class per request, which keeps the request alive until the next full collection; that cost
 * a third of the CPU time (decision 0019).
 */
export interface IncomingRequest {
  /** Whether the request came over HTTPS. */
  readonly secure: boolean
  /**
   * Whether the request was sent from this machine. Read only when the request did not come over
   * HTTPS.
   */
  readonly loopback: boolean
  /**
   * Why `loopback` is false, for the error when a cookie cannot be set: `its host is
   * "shop.example"`.
   */
  readonly whyNotLoopback?: string | undefined
  /**
   * The framework's setting to name when a cookie cannot be set over plain HTTP, such as
   * `app.set('trust proxy', 1)`.
   */
  readonly remedy?: string | undefined
  /**
   * The path that the client requested, such as `/account`. If left out, a write outside
   * `cookie.path` is not noticed.
   */
  readonly path?: string | undefined
  /**
   * The method, in upper case. If left out, requests that pages of other origins send are not
   * noticed (option `trustedOrigins`).
   */
  readonly method?: string | undefined
  /** The origin that the client requested: `https://shop.example`. */
  readonly origin?: string | undefined
  /**
   * Whether the request is speculative, such as a prefetch. Reading the session then does not
   * extend it, and `flashed` returns no message, so that the visit itself shows it.
   */
  readonly isQuiet?: boolean
  /** The value of a header, by its lower-case name. */
  header(name: string): string | undefined
  /**
   * The cookies of one name and of its chunks as a `Cookie` header (`sid=…; sid.1=…`), where the
   * framework has parsed the header. If left out, `header('cookie')` is read.
   */
  cookies?(name: string): string | undefined
}

/** The `Cookie` header of a request, or the part of it that belongs to one name. */
export function cookieHeader(request: IncomingRequest, name: string): string | undefined {
  return request.cookies === undefined ? request.header('cookie') : request.cookies(name)
}
