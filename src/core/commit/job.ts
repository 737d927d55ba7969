import { monotonic } from '../base/clock.ts'
import { BusyError, CommitUnknownError } from '../base/errors.ts'
import type { Intent } from '../changes/intent.ts'
import type { Merged } from '../changes/merge.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'

/** One request's changes of one session, on their way to the store. */
export interface Job {
  /** The id under which the request came. */
  readonly identity: Identity
  readonly intents: readonly Intent[]
  /** The newest entry the request knows, */
  readonly entry: Entry
  /** its properties, */
  readonly latestTexts: ReadonlyMap<string, string>
  /** and what the changes make of exactly these. */
  readonly merged: Merged | undefined
  /** The `monotonic()` instant by which the request is answered. */
  readonly deadline: number
}

/** A job that went through. */
export interface Done {
  readonly entry: Entry
  /** The living id: the job's own, or the one that was born with this write. */
  readonly identity: Identity
  readonly merged: Merged
}

/** A job in the queue, and whoever waits for its answer. It is answered once. */
export class QueuedJob {
  readonly job: Job
  readonly #resolve: (done: Done) => void
  readonly #reject: (error: unknown) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #isStarted = false
  #isSettled = false

  constructor(job: Job, resolve: (done: Done) => void, reject: (error: unknown) => void) {
    this.job = job
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Behind the write of others it answers by itself when its own time is up, however long theirs takes. */
  wait(): this {
    const late = (): void => this.reject(this.#isStarted ? new CommitUnknownError() : new BusyError())
    this.#timer = setTimeout(late, this.job.deadline - monotonic())
    return this
  }

  /** Whether it is still to be written. One whose time is up is told that nothing of it was saved. */
  start(): boolean {
    this.#isStarted = true
    if (this.job.deadline <= monotonic()) this.reject(new BusyError())
    return !this.#isSettled
  }

  resolve(done: Done): void {
    if (this.#close()) this.#resolve(done)
  }

  reject(error: unknown): void {
    if (this.#close()) this.#reject(error)
  }

  #close(): boolean {
    if (this.#isSettled) return false
    clearTimeout(this.#timer)
    this.#isSettled = true
    return true
  }
}
