import { EXIT } from './exit-code.ts'

type Signal = 'SIGINT' | 'SIGTERM'

/** Hears SIGINT and SIGTERM while a run is under way. The first ends it after its batch; a second one ends the process at once. */
export class Interruption {
  readonly #abort = new AbortController()
  readonly #heard: () => void
  #by: Signal | undefined

  /** @param heard is called at the first signal. */
  constructor(heard: () => void) {
    this.#heard = heard
    process.on('SIGINT', this.#take)
    process.on('SIGTERM', this.#take)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Which signal came; `undefined`: none. */
  get by(): Signal | undefined {
    return this.#by
  }

  /** Hears no more. */
  end(): void {
    process.off('SIGINT', this.#take)
    process.off('SIGTERM', this.#take)
  }

  readonly #take = (name: Signal): void => {
    if (this.#by !== undefined) process.exit(EXIT[name])
    this.#by = name
    this.#heard()
    this.#abort.abort()
  }
}
