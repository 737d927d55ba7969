import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js'
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js'
import type { IncomingRequest } from '../../core/cookie/incoming-request.ts'
import { environment } from '../../core/cookie/web-request.ts'
import { joinChunks } from '../../wire/cookie-chunks.ts'
import { whyNotLoopback } from '../../wire/loopback.ts'

/** What `cookies()` of Next resolves to. */
export interface NextCookies {
  get(name: string): { readonly value: string } | undefined
  set(cookie: object): unknown
}

/**
 * A request as `headers()` and `cookies()` of Next show it. `cookies()` also has a cookie that
 * `proxy.ts` set for this request, which the header does not have.
 */
export class NextIncoming implements IncomingRequest {
  readonly isQuiet: boolean = isPrefetch()
  readonly #headers: Headers
  readonly #cookies: NextCookies

  constructor(headers: Headers, cookies: NextCookies) {
    this.#headers = headers
    this.#cookies = cookies
  }

  /** Next sets this header itself, and keeps the one of a proxy. */
  get secure(): boolean {
    return /^\s*https\s*(?:,|$)/i.test(this.header('x-forwarded-proto') ?? '')
  }

  get loopback(): boolean {
    return this.whyNotLoopback === undefined
  }

  get whyNotLoopback(): string | undefined {
    return whyNotLoopback({
      hosts: [this.header('host')],
      names: this.#headers.keys(),
      header: (name) => this.header(name),
      environment: environment(),
    })
  }

  header(name: string): string | undefined {
    return this.#headers.get(name) ?? undefined
  }

  cookies(name: string): string {
    return joinChunks(name, (chunk) => this.#cookies.get(chunk)?.value)
  }
}

/**
 * Whether the request is a prefetch of the router. `headers()` hides the header that says so. A full
 * prefetch, `<Link prefetch={true}>`, is not marked; its page is shown as it is, like a visit.
 */
function isPrefetch(): boolean {
  const unit = workUnitAsyncStorage.getStore()?.type
  return workAsyncStorage.getStore()?.isPrefetchRequest === true || unit === 'prerender-runtime'
}
