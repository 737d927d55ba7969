import { isLoopback } from '../../wire/loopback.ts'

/** What an adapter knows of a request. */
export interface IncomingRequest {
  /** The `Cookie` header. */
  readonly cookie: string | undefined
  /** It came over HTTPS. */
  readonly secure: boolean
  /**
   * It never left this machine. To find that out costs more than the rest, so it may be a getter: of a class, for in an object literal V8 makes
   * a hidden class of every single one, which keeps its request alive until the next full collection.
   */
  readonly loopback: boolean
  /** What to tell the framework when HTTPS is not seen, such as `app.set('trust proxy', 1)`. */
  readonly remedy?: string | undefined
}

/** What a web request tells by itself. */
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

  get cookie(): string | undefined {
    return this.#headers.get('cookie') ?? undefined
  }

  get loopback(): boolean {
    const hosts = [this.#host, this.#headers.get('host') ?? this.#host]
    return isLoopback({ hosts, headers: this.#headers.keys(), environment: environment() })
  }
}

/** A runtime that keeps its environment to itself tells us nothing. */
function environment(): string | undefined {
  try {
    return globalThis.process?.env?.['NODE_ENV']
  } catch {
    return undefined
  }
}
