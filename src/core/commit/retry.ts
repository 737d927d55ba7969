import { backoff, monotonic } from '../base/clock.ts'
import { CommitUnknownError, ConfigError, StoreError } from '../base/errors.ts'

/** How often an operation that surely failed is tried again. */
const RETRIES = 2

/** The attempts at one write: how many there were, and whether one of them may have taken effect without our knowing. */
export class Retry {
  readonly #deadline: number
  #count = 0
  #doubt: StoreError | undefined

  /** `until` is a `monotonic()` instant: nothing is tried again behind it. */
  constructor(deadline: number) {
    this.#deadline = deadline
  }

  get inDoubt(): boolean {
    return this.#doubt !== undefined
  }

  /** The answer to one attempt, or `undefined` when it failed and another is worth it. Throws the failure when it is not. */
  async attempt<T>(operation: () => Promise<T>): Promise<T | undefined> {
    try {
      const answer = await operation()
      if (answer === undefined)
        throw new ConfigError('The session store answered nothing where a result is due; run it through storeSuite of sojourn/testing.')
      return answer
    } catch (error) {
      await this.#failed(error)
      return undefined
    }
  }

  /** An attempt may have taken effect, although no answer said so. */
  doubt(reason: StoreError): void {
    this.#doubt = reason
  }

  /** Time is up: nothing is tried again, and marks of our own may have been cleared away by others. */
  get isOver(): boolean {
    return monotonic() > this.#deadline
  }

  /** Gives up when time is up. */
  checkTime(): void {
    if (this.isOver) this.giveUp()
  }

  /** Nobody can tell what became of the write. */
  giveUp(): never {
    throw new CommitUnknownError(this.#doubt)
  }

  async #failed(error: unknown): Promise<void> {
    if (!(error instanceof StoreError)) throw error
    if (error.applied === undefined) this.doubt(error)
    if (!this.inDoubt && (this.#count >= RETRIES || this.isOver)) throw error
    await backoff(this.#count++)
  }
}
