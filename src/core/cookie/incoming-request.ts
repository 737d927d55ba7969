import { isLoopback } from '../../wire/loopback.ts'

/**
 * What a manager needs to know of a request. Adapters implement it as a class: `loopback` is a
 * getter, because it costs more than everything else and is rarely needed. An object literal with a
 * getter would give V8 a hidden class per request, which keeps the request alive until the next
 * full collection.
 */
export interface IncomingRequest {
  /** Whether the request came over HTTPS. */
  readonly secure: boolean
  /**
   * Whether the request never left this machine. Read only when the request did not come over
   * HTTPS.
   */
  readonly loopback: boolean
  /**
   * The framework's setting to name when a cookie cannot be set over plain HTTP, such as
   * `app.set('trust proxy', 1)`.
   */
  readonly remedy?: string | undefined
  /** The value of a header, by its lower-case name. */
  header(name: string): string | undefined
}

/** A `Request` as an `IncomingRequest`. */
export class WebRequest implements IncomingRequest {
  readonly secure: boolean
  readonly #headers: Headers
  readonly #host: string

  constructor({ url, headers }: Request) {
    const { protocol, host } = new URL(url)
    this.secure = protocol === 'https:'
    this.#headers = headers
    this.#host = host
  }

  get loopback(): boolean {
    const hosts = [this.#host, this.#headers.get('host') ?? this.#host]
    return isLoopback({ hosts, headers: this.#headers.keys(), environment: environment() })
  }

  header(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined
  }
}

/** `NODE_ENV`, or `undefined` in a runtime that does not show its environment. */
function environment(): string | undefined {
  try {
    return globalThis.process?.env?.['NODE_ENV']
  } catch {
    return undefined
  }
}
