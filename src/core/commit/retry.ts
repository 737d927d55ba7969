import { backoff, monotonic } from '../base/clock.ts'
import { BusyError, CommitUnknownError, ConfigError, StoreError } from '../base/errors.ts'

/** How often an operation is repeated after an error with `applied: false`. */
const MAX_RETRIES = 2

/**
 * Counts the attempts at one write, and records whether one of them may have been applied although
 * its result was lost.
 */
export class Retry {
  readonly #deadline: number
  #count = 0
  #unknownReason: StoreError | undefined

  /** @param deadline A `monotonic()` time, after which nothing is sent again. */
  constructor(deadline: number) {
    this.#deadline = deadline
  }

  get isOutcomeUnknown(): boolean {
    return this.#unknownReason !== undefined
  }

  /**
   * Resolves to the result of one attempt, or to `undefined` if it failed and has to be repeated.
   * Rejects with the error if it must not be repeated.
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

  /** Records that an attempt may have been applied. `reason` becomes the `cause` of the error. */
  markOutcomeUnknown(reason: StoreError): void {
    this.#unknownReason = reason
  }

  /**
   * Throws if the deadline has passed: `CommitUnknownError` if an attempt may have been applied,
   * otherwise `BusyError`.
   */
  checkTime(): void {
    if (!this.#isPastDeadline()) return
    if (this.isOutcomeUnknown) this.throwUnknown()
    throw new BusyError()
  }

  throwUnknown(): never {
    throw new CommitUnknownError(this.#unknownReason)
  }

  async #failed(error: unknown): Promise<void> {
    if (!(error instanceof StoreError)) throw error
    if (error.applied === undefined) this.markOutcomeUnknown(error)
    if (!this.isOutcomeUnknown && (error.remedy !== undefined || this.#count >= MAX_RETRIES || this.#isPastDeadline())) throw error
    await backoff(this.#count++)
  }

  #isPastDeadline(): boolean {
    return monotonic() > this.#deadline
  }
}
