import { whyNotLoopback } from '../../wire/loopback.ts'
import type { IncomingRequest } from './incoming-request.ts'

/** A `Request` as an `IncomingRequest`. */
export class WebRequest implements IncomingRequest {
  readonly secure: boolean
  readonly path: string
  readonly method: string
  readonly origin: string
  readonly #headers: Headers
  readonly #host: string

  constructor({ url, method, headers }: Request) {
    const { protocol, host, pathname } = new URL(url)
    this.secure = protocol === 'https:'
    this.path = pathname
    this.method = method
    this.origin = `${protocol}//${host}`
    this.#headers = headers
    this.#host = host
  }

  get loopback(): boolean {
    return this.whyNotLoopback === undefined
  }

  get whyNotLoopback(): string | undefined {
    return whyNotLoopback({
      hosts: [this.#host, this.header('host') ?? this.#host],
      names: this.#headers.keys(),
      header: (name) => this.header(name),
      environment: environment(),
    })
  }

  header(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined
  }
}

/** `NODE_ENV`, or `undefined` in a runtime that does not show its environment. */
export function environment(): string | undefined {
  try {
    return globalThis.process?.env?.['NODE_ENV']
  } catch {
    return undefined
  }
}
