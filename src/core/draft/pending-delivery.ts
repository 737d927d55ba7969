import type { Listener } from '../base/events.ts'
import { type CookieJar, writeToJar } from '../cookie/cookie-jar.ts'
import { type Carrier, type CookieToSet, NOTHING_PRESENTED, type Presented } from '../cookie/transport.ts'
import type { Identity } from '../store/id.ts'

/** The carrier of a request, and what the request presented. */
export interface Client {
  /** `undefined` outside of requests, and if no token can be issued. */
  readonly carrier?: Carrier | undefined
  readonly presented?: Presented
  /** The jar that the cookies are written to, in place of headers. */
  readonly jar?: CookieJar | undefined
  /** Whether the request is speculative. */
  readonly isQuiet?: boolean
}

const NONE: readonly CookieToSet[] = []

/**
 * The cookies that the response to one request has to set: the token of a committed session, or the
 * deletion of the presented one.
 */
export class PendingDelivery {
  readonly #client: Client
  readonly #emit: Listener
  #cookies: readonly CookieToSet[] = NONE
  #handle: string | undefined
  #isReported = true

  constructor(client: Client, emit: Listener) {
    this.#client = client
    this.#emit = emit
  }

  /**
   * Issues the token of a committed session for `lifetime` milliseconds. Replaces the pending
   * cookies.
   */
  issue({ id, handle }: Identity, lifetime: number | undefined): void {
    const { carrier, presented = NOTHING_PRESENTED } = this.#client
    if (carrier === undefined) return
    this.#replace(carrier.issue(id, lifetime, presented), handle)
  }

  /** Deletes the presented token. Replaces the pending cookies. */
  clear(): void {
    const { carrier, presented = NOTHING_PRESENTED } = this.#client
    this.#replace(carrier?.clear(presented) ?? NONE)
  }

  /** Whether `take` writes the cookies to a jar. */
  get hasJar(): boolean {
    return this.#client.jar !== undefined
  }

  /**
   * Returns the cookies to set, or writes them to the jar of the request. The first call after a
   * change emits an event.
   */
  take(reason: 'new-id' | 'new-data'): readonly CookieToSet[] {
    if (!this.#isReported) this.#report(reason)
    const { jar } = this.#client
    if (jar === undefined) return this.#cookies
    const cookies = this.#cookies
    this.#cookies = NONE
    writeToJar(jar, cookies)
    return NONE
  }

  #report(reason: 'new-id' | 'new-data'): void {
    this.#isReported = true
    const handle = this.#handle
    this.#emit(handle === undefined ? { type: 'cookie-deleted', reason: 'flush' } : { type: 'cookie-set', reason, handle })
  }

  #replace(cookies: readonly CookieToSet[], handle?: string): void {
    this.#cookies = cookies
    this.#handle = handle
    this.#isReported = cookies.length === 0
  }
}
