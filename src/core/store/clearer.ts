import { unref } from '../base/clock.ts'
import type { Listener } from '../base/events.ts'

/**
 * Deletes expired sessions and resolves to their number. Ends early, without an error, when the
 * signal is aborted.
 */
export type ClearExpired = (signal: AbortSignal) => Promise<number>

/**
 * Clears expired sessions in the background, about every `interval` milliseconds. The interval
 * varies by a quarter at random, so that many processes do not start at the same time, and it
 * begins when the previous run has ended. The timer does not keep the process alive.
 */
export class Clearer {
  readonly #clearExpired: ClearExpired
  readonly #interval: number
  readonly #emit: Listener
  readonly #abort = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined
  #running: Promise<void> | undefined

  constructor(clearExpired: ClearExpired, interval: number, emit: Listener) {
    this.#clearExpired = clearExpired
    this.#interval = interval
    this.#emit = emit
    this.#schedule()
  }

  /** Resolves when the running batch is done. No other batch follows. */
  async close(): Promise<void> {
    this.#abort.abort()
    clearTimeout(this.#timer)
    await this.#running
  }

  #schedule(): void {
    if (this.#abort.signal.aborted) return
    const wait = this.#interval * (0.75 + Math.random() / 2)
    this.#timer = unref(setTimeout(() => void (this.#running = this.#run()), wait))
  }

  async #run(): Promise<void> {
    try {
      const count = await this.#clearExpired(this.#abort.signal)
      this.#emit({ type: 'cleared', reason: 'interval', count })
    } catch {
      this.#emit({ type: 'clear-failed', reason: 'store-error' })
    }
    this.#schedule()
  }
}
