import { monotonic, sleepUnref } from '../base/clock.ts'
import { StoreError, type StoreOperation } from '../base/errors.ts'
import type { Listener } from '../base/events.ts'
import { STORE_STALL } from './stall-policy.ts'

/** Between two questions to a store that is away: soon at first, for what was only a moment. */
const FIRST_PAUSE = 25
const LONGEST_PAUSE = 250
/** No sign of the inquiry for so long: timers stood still. The process was frozen, or timers end with their request. */
const STALE = 1000

/**
 * Keeps requests from waiting for a store that is not there.
 *
 * An operation that failed says little: a row may be locked, a session too large for the server. So it only raises the question, and that
 * is put to the store apart from every visitor: `ask` reads a key that nobody has. When it fails too, twice, or nobody at all gets an answer
 * in the time of a silence, the store is away: operations are refused without being sent, and the question is put again and again. Never
 * while one is out, for a server that hangs would find them all in its queue; one that took the whole patience of an operation is given up,
 * for its connection may be dead. The first answer, to whatever it is, ends that.
 */
export class Breaker {
  readonly #probe: (deadline: number) => Promise<unknown>
  readonly #timeout: number
  readonly #emit: Listener
  #isDown = false
  #isProbing = false
  /** When the inquiry was last seen to be alive. */
  #aliveAt = Number.NEGATIVE_INFINITY
  /** Counts the answers, whatever they were. */
  #answers = 0
  /** What the store failed with last. */
  #failure: unknown

  /** @param ask is told until when it waits, `patience` milliseconds at the most: an instant of `monotonic()`. */
  constructor(ask: (deadline: number) => Promise<unknown>, patience: number, emit: Listener) {
    this.#probe = ask
    this.#timeout = patience
    this.#emit = emit
  }

  /** Why an operation is not to be sent, if it is not. */
  refusal(operation: StoreOperation): StoreError | undefined {
    if (!this.#isDown) return undefined
    if (this.#isStale()) {
      this.#aliveAt = monotonic() // this one is the question
      return undefined
    }
    const told = this.#failure instanceof Error ? ` The last failure: ${this.#failure.message}` : ''
    const message = `The session store does not answer and is given time, so it was not asked to ${operation}; a request is served as soon as it is back.${told}`
    return new StoreError(operation, this.#failure, { applied: false, message })
  }

  /** The store has answered an operation. */
  answered(): void {
    this.#answers += 1
    if (!this.#isDown) return
    this.#isDown = false
    this.#emit({ type: 'store-up', reason: 'answered' })
  }

  /** An operation failed, or was not answered in its time. */
  failed(error: unknown): void {
    this.#failure = error
    if (!this.#isProbing || this.#isStale()) void this.#probeUntilUp()
  }

  /** Asks until it is known that the store is there. */
  async #probeUntilUp(): Promise<void> {
    this.#isProbing = true
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      if (await this.#isAnswered()) break
      await sleepUnref(pause)
      if (!this.#isDown) break
    }
    this.#isProbing = false
  }

  /** Puts the question, and waits until it is over or anybody has an answer. While nobody has, the store is away. */
  async #isAnswered(): Promise<boolean> {
    const [before, deadline] = [this.#answers, monotonic() + this.#timeout]
    const question = this.#probeOnce(deadline)
    for (;;) {
      this.#aliveAt = monotonic()
      const outcome = await Promise.race([question, sleepUnref(STORE_STALL).then(() => 'timeout' as const)])
      if (outcome === 'answered' || this.#answers !== before) return true
      this.#open(outcome)
      if (outcome !== 'timeout' || monotonic() >= deadline) return false
    }
  }

  /** An answer that comes later still counts. */
  async #probeOnce(deadline: number): Promise<'answered' | 'store-error'> {
    try {
      await this.#twice(deadline)
    } catch (error) {
      this.#failure = error
      return 'store-error'
    }
    this.answered()
    return 'answered'
  }

  async #twice(deadline: number): Promise<unknown> {
    try {
      return await this.#probe(deadline)
    } catch (error) {
      if (monotonic() >= deadline) throw error
      return this.#probe(deadline) // a single connection may be to blame
    }
  }

  #open(reason: 'store-error' | 'timeout'): void {
    if (this.#isDown) return
    this.#isDown = true
    this.#emit({ type: 'store-down', reason })
  }

  #isStale(): boolean {
    return monotonic() - this.#aliveAt > STALE
  }
}
