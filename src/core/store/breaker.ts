import { monotonic, sleepUnref } from '../base/clock.ts'
import { StoreError, type StoreOperation } from '../base/errors.ts'
import type { Listener } from '../base/events.ts'
import { isError } from '../base/realms.ts'
import { STORE_STALL } from './stall-policy.ts'

/**
 * The time between two probes of a store that is down, in milliseconds. Short at first, because
 * many failures are brief.
 */
const MIN_WAIT = 25
const MAX_WAIT = 250
/**
 * If the probing made no progress for this long, the timers did not run, because the process was
 * suspended or because timers end with their request (on Workers).
 */
const STALE = 1000

/**
 * Refuses operations at once while the store is down, so that requests do not wait for it.
 *
 * One failed operation can have a local cause, such as a locked row, so it only starts a probe,
 * which reads a random key and belongs to no request. If the probe fails twice in a row, or no
 * operation gets a response within `STORE_STALL`, the store is down: operations are refused without
 * being sent, and probes are repeated. One probe is sent at a time, because a server that hangs
 * would have to process all of them later. A probe without a response within the time limit of an
 * operation is abandoned, because its connection may be dead. The first response to any operation
 * ends the outage.
 */
export class Breaker {
  readonly #probe: (deadline: number) => Promise<unknown>
  readonly #timeout: number
  readonly #emit: Listener
  #isDown = false
  #isProbing = false
  /** When the probing last made progress. */
  #activeAt = Number.NEGATIVE_INFINITY
  /** The number of responses to operations. */
  #responses = 0
  #lastError: unknown

  /** `probe` gets a time of `monotonic()` as its deadline, `timeout` milliseconds in the future. */
  constructor(probe: (deadline: number) => Promise<unknown>, timeout: number, emit: Listener) {
    this.#probe = probe
    this.#timeout = timeout
    this.#emit = emit
  }

  /** The error of an operation that must not be sent; `undefined` if it may be sent. */
  refusal(operation: StoreOperation): StoreError | undefined {
    if (!this.#isDown) return undefined
    if (this.#isStale()) {
      this.#activeAt = monotonic() // this operation is the probe
      return undefined
    }
    const last = isError(this.#lastError) ? ` Its last error: ${this.#lastError.message}` : ''
    const message = `The session store is not responding, so \`${operation}\` was not sent. Requests will work again as soon as it responds.${last}`
    return new StoreError(operation, this.#lastError, { applied: false, message })
  }

  /** Called when the store responded to an operation. */
  responded(): void {
    this.#responses += 1
    if (!this.#isDown) return
    this.#isDown = false
    this.#emit({ type: 'store-up', reason: 'responded' })
  }

  /** Called when an operation failed or timed out. */
  failed(error: unknown): void {
    this.#lastError = error
    if (!this.#isProbing || this.#isStale()) void this.#probeUntilUp()
  }

  async #probeUntilUp(): Promise<void> {
    this.#isProbing = true
    for (let wait = MIN_WAIT; !(await this.#isResponding()); wait = Math.min(2 * wait, MAX_WAIT)) {
      await sleepUnref(wait)
      if (!this.#isDown) break
    }
    this.#isProbing = false
  }

  /**
   * Sends a probe and waits until it ended or any operation got a response. The store is down from
   * the time when the probe fails or takes longer than `STORE_STALL`.
   */
  async #isResponding(): Promise<boolean> {
    const [before, deadline] = [this.#responses, monotonic() + this.#timeout]
    const probe = this.#sendProbe(deadline)
    for (;;) {
      this.#activeAt = monotonic()
      const outcome = await Promise.race([probe, sleepUnref(STORE_STALL).then(() => 'timeout' as const)])
      if (outcome === 'responded' || this.#responses !== before) return true
      this.#open(outcome)
      if (outcome !== 'timeout' || monotonic() >= deadline) return false
    }
  }

  /** A response that arrives after the deadline still counts. */
  async #sendProbe(deadline: number): Promise<'responded' | 'store-error'> {
    try {
      await this.#probe(deadline).catch((error: unknown) => {
        if (monotonic() >= deadline) throw error
        return this.#probe(deadline) // a single connection may be the cause
      })
    } catch (error) {
      this.#lastError = error
      return 'store-error'
    }
    this.responded()
    return 'responded'
  }

  #open(reason: 'store-error' | 'timeout'): void {
    if (this.#isDown) return
    this.#isDown = true
    this.#emit({ type: 'store-down', reason })
  }

  #isStale(): boolean {
    return monotonic() - this.#activeAt > STALE
  }
}
