import { workAsyncStorage } from 'next/dist/server/app-render/work-async-storage.external.js'
import { workUnitAsyncStorage } from 'next/dist/server/app-render/work-unit-async-storage.external.js'
import type { IncomingRequest } from '../../core/cookie/incoming-request.ts'
import { environment } from '../../core/cookie/web-request.ts'
import { joinChunks } from '../../wire/cookie-chunks.ts'
import { isForwardedHttps, whyNotLoopback } from '../../wire/loopback.ts'

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
  readonly method: string | undefined
  readonly #headers: Headers
  readonly #cookies: NextCookies

  /** `method`: that of the request, where Next passes the request to the application. */
  constructor(headers: Headers, cookies: NextCookies, method: string | undefined) {
    this.#headers = headers
    this.#cookies = cookies
    this.method = method ?? (this.#hasBody ? 'POST' : undefined)
  }

  /**
   * Whether the request has a body, if an empty one. Next does not show the method of a Server
   * Action, nor that of a Route Handler to `getSession()`. Of the requests that browsers send to
   * other origins without asking them first, only those with POST have one.
   */
  get #hasBody(): boolean {
    return ['content-length', 'transfer-encoding', 'next-action'].some((name) => this.#headers.has(name))
  }

  /**
   * As Next determines it for Server Actions: it sets `X-Forwarded-Host` itself, and keeps that of
   * a proxy.
   */
  get origin(): string | undefined {
    const host = this.header('x-forwarded-host')?.replace(/,.*/s, '').trim() ?? this.header('host')
    return host === undefined ? undefined : `${this.secure ? 'https' : 'http'}://${host}`
  }

  /** Next sets this header itself, and keeps the one of a proxy. */
  get secure(): boolean {
    return isForwardedHttps(this.header('x-forwarded-proto'))
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
 * Whether the request is a prefetch of the router. `headers()` hides the header that says so. A
 * full prefetch, `<Link prefetch={true}>`, is not marked; its page is shown as it is, like a visit.
 */
function isPrefetch(): boolean {
  const unit = workUnitAsyncStorage.getStore()?.type
  return workAsyncStorage.getStore()?.isPrefetchRequest === true || unit === 'prerender-runtime'
}
