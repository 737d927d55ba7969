import { monotonic, rest } from './clock.ts'
import { StoreError, type StoreOperation } from './errors.ts'
import type { Listener } from './events.ts'

/** So many milliseconds without an answer to anybody are silence. */
const SILENCE = 500
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
  readonly #ask: (until: number) => Promise<unknown>
  readonly #patience: number
  readonly #emit: Listener
  #isAway = false
  #isInquiring = false
  /** When the inquiry was last seen to be alive. */
  #aliveAt = Number.NEGATIVE_INFINITY
  /** Counts the answers, whatever they were. */
  #answers = 0
  /** What the store failed with last. */
  #failure: unknown

  /** @param ask is told until when it waits, `patience` milliseconds at the most: an instant of `monotonic()`. */
  constructor(ask: (until: number) => Promise<unknown>, patience: number, emit: Listener) {
    this.#ask = ask
    this.#patience = patience
    this.#emit = emit
  }

  /** Why an operation is not to be sent, if it is not. */
  refusal(operation: StoreOperation): StoreError | undefined {
    if (!this.#isAway) return undefined
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
      if (await this.#getsAnswer()) break
      await rest(pause)
      if (!this.#isAway) break
    }
    this.#isInquiring = false
  }

  /** Puts the question, and waits until it is over or anybody has an answer. While nobody has, the store is away. */
  async #getsAnswer(): Promise<boolean> {
    const [before, until] = [this.#answers, monotonic() + this.#patience]
    const question = this.#question(until)
    for (;;) {
      this.#aliveAt = monotonic()
      const outcome = await Promise.race([question, rest(SILENCE).then(() => 'timeout' as const)])
      if (outcome === 'answered' || this.#answers !== before) return true
      this.#leave(outcome)
      if (outcome !== 'timeout' || monotonic() >= until) return false
    }
  }

  /** An answer that comes later still counts. */
  async #question(until: number): Promise<'answered' | 'store-error'> {
    try {
      await this.#twice(until)
    } catch (error) {
      this.#failure = error
      return 'store-error'
    }
    this.answered()
    return 'answered'
  }

  async #twice(until: number): Promise<unknown> {
    try {
      return await this.#ask(until)
    } catch (error) {
      if (monotonic() >= until) throw error
      return this.#ask(until) // a single connection may be to blame
    }
  }

  #leave(reason: 'store-error' | 'timeout'): void {
    if (this.#isAway) return
    this.#isAway = true
    this.#emit({ type: 'store-away', reason })
  }

  #isStale(): boolean {
    return monotonic() - this.#aliveAt > STALE
  }
}
