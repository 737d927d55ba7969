import { detached } from './clock.ts'
import type { Listener } from './events.ts'

/** Clears expired sessions; answers how many. Ends early, and quietly, once the signal is aborted. */
export type Sweep = (signal: AbortSignal) => Promise<number>

/**
 * Sweeps again and again, in the background: about every `interval` milliseconds, a quarter more or less at random, so that many processes do
 * not come at once. The next wait begins when a sweep has ended, however long it took. Keeps no process alive.
 */
export class Sweeper {
  readonly #sweep: Sweep
  readonly #interval: number
  readonly #emit: Listener
  readonly #end = new AbortController()
  #timer: ReturnType<typeof setTimeout> | undefined
  #sweeping: Promise<void> | undefined

  constructor(sweep: Sweep, interval: number, emit: Listener) {
    this.#sweep = sweep
    this.#interval = interval
    this.#emit = emit
    this.#wait()
  }

  /** Resolves when the batch under way is done; no other follows. */
  async close(): Promise<void> {
    this.#end.abort()
    clearTimeout(this.#timer)
    await this.#sweeping
  }

  #wait(): void {
    if (this.#end.signal.aborted) return
    this.#timer = detached(setTimeout(() => void (this.#sweeping = this.#run()), this.#interval * (0.75 + Math.random() / 2)))
  }

  async #run(): Promise<void> {
    try {
      const count = await this.#sweep(this.#end.signal)
      this.#emit({ type: 'swept', reason: 'interval', count })
    } catch {
      this.#emit({ type: 'sweep-failed', reason: 'store-error' })
    }
    this.#wait()
  }
}
