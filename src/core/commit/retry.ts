import { backoff, monotonic } from '../base/clock.ts'
import { CommitUnknownError, ConfigError, StoreError } from '../base/errors.ts'

/** How often an operation that certainly had no effect is sent again. */
const MAX_RETRIES = 2

/**
 * The attempts at one write, and whether one of them may have been applied although its result was
 * lost.
 */
export class Retry {
  readonly #deadline: number
  #count = 0
  #doubt: StoreError | undefined

  /** @param deadline A `monotonic()` time, after which nothing is sent again. */
  constructor(deadline: number) {
    this.#deadline = deadline
  }

  get inDoubt(): boolean {
    return this.#doubt !== undefined
  }

  /**
   * The result of one attempt; `undefined` when it failed and another one makes sense. Rejects with
   * the failure when none does.
   */
  async attempt<T>(operation: Promise<T>): Promise<T | undefined> {
    try {
      const result = await operation
      if (result === undefined)
        throw new ConfigError(
          'The session store resolved to undefined where a result is required. Test it with storeSuite of sojourn/testing.',
        )
      return result
    } catch (error) {
      await this.#failed(error)
      return undefined
    }
  }

  /** An attempt may have been applied, although no result says so. */
  doubt(reason: StoreError): void {
    this.#doubt = reason
  }

  /** Throws `CommitUnknownError` when the time is over. */
  checkTime(): void {
    if (this.#isOver()) this.giveUp()
  }

  giveUp(): never {
    throw new CommitUnknownError(this.#doubt)
  }

  async #failed(error: unknown): Promise<void> {
    if (!(error instanceof StoreError)) throw error
    if (error.applied === undefined) this.doubt(error)
    if (!this.inDoubt && (this.#count >= MAX_RETRIES || this.#isOver())) throw error
    await backoff(this.#count++)
  }

  #isOver(): boolean {
    return monotonic() > this.#deadline
  }
}
