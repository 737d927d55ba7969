import type { Listener } from '../base/events.ts'
import { type Carrier, type CookieToSet, NOTHING_PRESENTED, type Presented } from '../cookie/transport.ts'
import type { Identity } from '../store/id.ts'

/** How tokens travel between a request and its session. */
export interface Client {
  /** `undefined` outside of requests, and where no token can be issued. */
  readonly carrier?: Carrier | undefined
  readonly presented?: Presented
}

const NONE: readonly CookieToSet[] = []

/**
 * The cookies that the response to one request has to set: a token that was committed, or the
 * removal of the one that was presented.
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
   * Issues the token of a committed session for `lifetime` milliseconds, in place of anything
   * pending.
   */
  issue({ id, handle }: Identity, lifetime: number | undefined): void {
    const { carrier, presented = NOTHING_PRESENTED } = this.#client
    if (carrier === undefined) return
    this.#replace(carrier.issue(id, lifetime, presented), handle)
  }

  /** Removes the presented token, in place of anything pending. */
  clear(): void {
    const { carrier, presented = NOTHING_PRESENTED } = this.#client
    this.#replace(carrier?.clear(presented) ?? NONE)
  }

  /**
   * The cookies to set. Reports each change of them as an event once, however often it is called.
   */
  take(reason: 'new-id' | 'new-data'): readonly CookieToSet[] {
    if (this.#isReported) return this.#cookies
    this.#isReported = true
    const handle = this.#handle
    this.#emit(handle === undefined ? { type: 'cookie-deleted', reason: 'flush' } : { type: 'cookie-set', reason, handle })
    return this.#cookies
  }

  #replace(cookies: readonly CookieToSet[], handle?: string): void {
    this.#cookies = cookies
    this.#handle = handle
    this.#isReported = cookies.length === 0
  }
}
