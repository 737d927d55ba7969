import { EXIT } from './exit-code.ts'

type Signal = 'SIGINT' | 'SIGTERM'

/**
 * Handles SIGINT and SIGTERM during a run. The first signal aborts the run after its current batch;
 * a second one exits the process immediately.
 */
export class Interruption {
  readonly #abort = new AbortController()
  readonly #onInterrupt: () => void
  #received: Signal | undefined

  /** `onInterrupt` is called at the first signal. */
  constructor(onInterrupt: () => void) {
    this.#onInterrupt = onInterrupt
    process.on('SIGINT', this.#onSignal)
    process.on('SIGTERM', this.#onSignal)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** The signal that was received, if any. */
  get received(): Signal | undefined {
    return this.#received
  }

  /** Removes the signal handlers. */
  dispose(): void {
    process.off('SIGINT', this.#onSignal)
    process.off('SIGTERM', this.#onSignal)
  }

  readonly #onSignal = (name: Signal): void => {
    if (this.#received !== undefined) process.exit(EXIT[name])
    this.#received = name
    this.#onInterrupt()
    this.#abort.abort()
  }
}
