import { monotonic, pause } from './engine.ts'
import { StoreError } from './errors.ts'
import { unknown } from './job.ts'

/** How often an operation that surely failed is tried again. */
const RETRIES = 2

/** How one write has gone so far: how often it was tried, and whether a try may have taken effect without our knowing. */
export class Course {
  readonly #until: number
  #tries = 0
  #doubt: StoreError | undefined

  /** `until` is a `monotonic()` instant: nothing is tried again behind it. */
  constructor(until: number) {
    this.#until = until
  }

  get inDoubt(): boolean {
    return this.#doubt !== undefined
  }

  /** The answer of one try, or `undefined` when it failed and another is worth it. Throws the failure when it is not. */
  async try<T>(operation: () => Promise<T>): Promise<T | undefined> {
    try {
      return await operation()
    } catch (error) {
      await this.#failed(error)
      return undefined
    }
  }

  /** A try may have taken effect, although no answer said so. */
  doubt(reason: StoreError): void {
    this.#doubt = reason
  }

  /** Its time is up: nothing is tried again, and marks of its own may have been cleared away by others. */
  get isOver(): boolean {
    return monotonic() > this.#until
  }

  /** Ends the course when its time is up. */
  checkTime(): void {
    if (this.isOver) this.giveUp()
  }

  /** Nobody can tell what became of the write. */
  giveUp(): never {
    throw unknown(this.#doubt)
  }

  async #failed(error: unknown): Promise<void> {
    if (!(error instanceof StoreError)) throw error
    if (error.applied === undefined) this.doubt(error)
    if (!this.inDoubt && (this.#tries >= RETRIES || this.isOver)) throw error
    await pause(this.#tries++)
  }
}
