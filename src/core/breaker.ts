import { monotonic, rest } from './clock.ts'
import { StoreError, type StoreOperation } from './errors.ts'
import type { Listener } from './events.ts'

/** So many milliseconds without an answer to anybody are silence. */
const SILENCE = 500
/** Between two questions to a store that is away: soon at first, for what was only a moment. */
const FIRST_PAUSE = 25
const LONGEST_PAUSE = 250
/** No question for so long, although there should be: timers stood still. The process was frozen, or timers end with their request. */
const STALE = 1000

/**
 * Keeps requests from waiting for a store that is not there.
 *
 * An operation that failed says little: a row may be locked, a session too large for the server. So it only raises the question, and that
 * is put to the store apart from every visitor: `ask` reads a key that nobody has. When it fails too, twice, or nobody at all gets an answer in
 * the time of a silence, the store is away: operations are refused without being sent, and the question is put again and again. The first answer,
 * to whatever it is, ends that.
 */
export class Breaker {
  readonly #ask: () => Promise<unknown>
  readonly #emit: Listener
  #isAway = false
  #isInquiring = false
  #askedAt = Number.NEGATIVE_INFINITY
  /** Counts the answers, whatever they were. */
  #answers = 0
  /** What the store failed with last. */
  #failure: unknown

  constructor(ask: () => Promise<unknown>, emit: Listener) {
    this.#ask = ask
    this.#emit = emit
  }

  /** Why an operation is not to be sent, if it is not. */
  refusal(operation: StoreOperation): StoreError | undefined {
    if (!this.#isAway) return undefined
    if (this.#isStale()) {
      this.#askedAt = monotonic() // this one is the question
      return undefined
    }
    const told = this.#failure instanceof Error ? ` The last failure: ${this.#failure.message}` : ''
    const message = `The session store does not answer and is given time, so it was not asked to ${operation}; a request is served as soon as it is back.${told}`
    return new StoreError(operation, this.#failure, { applied: false, message })
  }

  /** The store has answered an operation. */
  answered(): void {
    this.#answers += 1
    if (!this.#isAway) return
    this.#isAway = false
    this.#emit({ type: 'store-back', reason: 'answered' })
  }

  /** An operation failed, or was not answered in its time. */
  failed(error: unknown): void {
    this.#failure = error
    if (!this.#isInquiring || this.#isStale()) void this.#inquire()
  }

  /** Asks until it is known that the store is there. */
  async #inquire(): Promise<void> {
    this.#isInquiring = true
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const before = this.#answers
      const outcome = await this.#question()
      if (this.#answers !== before) break
      this.#leave(outcome)
      await rest(pause)
      if (!this.#isAway) break
    }
    this.#isInquiring = false
  }

  /** An answer that comes later still counts. */
  #question(): Promise<'store-error' | 'timeout'> {
    this.#askedAt = monotonic()
    const failed = (error: unknown): 'store-error' => {
      this.#failure = error
      return 'store-error'
    }
    const asked = this.#ask().catch(() => this.#ask()) // a single connection may be to blame
    const outcome = asked.then(() => {
      this.answered()
      return 'store-error' as const
    }, failed)
    return Promise.race([outcome, rest(SILENCE).then(() => 'timeout' as const)])
  }

  #leave(reason: 'store-error' | 'timeout'): void {
    if (this.#isAway) return
    this.#isAway = true
    this.#emit({ type: 'store-away', reason })
  }

  #isStale(): boolean {
    return monotonic() - this.#askedAt > STALE
  }
}
