import type { Access } from '../base/access.ts'
import { monotonic } from '../base/clock.ts'
import { BusyError, CommitUnknownError } from '../base/errors.ts'
import type { Intent } from '../changes/intent.ts'
import type { Merged } from '../changes/merge.ts'
import type { Committed } from '../changes/state.ts'
import type { Admission } from '../config/lifecycle.ts'
import type { Texts } from '../config/profile.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'

/** The changes of one request to one session, to be written. */
export interface Job {
  /** The id that the request has now. */
  readonly identity: Identity
  readonly intents: readonly Intent[]
  /** The newest entry that the request knows. */
  readonly entry: Entry
  /** The properties of that entry. */
  readonly latestTexts: Texts
  /** `merge(latestTexts, intents)`, if it is already computed. */
  readonly merged: Merged | undefined
  /**
   * The changes that the request may make. Changes of other requests can make its own need a new
   * id.
   */
  readonly access: Access
  /**
   * Whether the response can give the client another id because of the age of the presented one.
   */
  readonly mayCycleId?: boolean
  /** What the write has to respect if it assigns a user. */
  readonly admission?: Admission | undefined
  /** The `monotonic()` time by which the request gets its result. */
  readonly deadline: number
}

/** The result of a job. */
export interface CommitResult extends Committed {
  readonly merged: Merged
  /** The properties that the changes were applied to. */
  readonly before: Texts
  /** Whether a login joined the session of a parallel login. */
  readonly joins: boolean
}

/** A job in the queue with the promise of its result, which is settled once. */
export class QueuedJob {
  readonly job: Job
  readonly result: Promise<CommitResult>
  /** Whether a write with the changes of this job is under way, so that its outcome is unknown. */
  isBeingWritten = false
  readonly #resolve: (done: CommitResult) => void
  readonly #reject: (error: unknown) => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #isSettled = false

  constructor(job: Job) {
    const { promise, resolve, reject } = Promise.withResolvers<CommitResult>()
    this.job = job
    this.result = promise
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Rejects the job at its deadline, even if the write that it waits for takes longer. */
  startDeadline(): void {
    const onDeadline = (): void => this.reject(this.isBeingWritten ? new CommitUnknownError() : new BusyError())
    this.#timer = setTimeout(onDeadline, this.job.deadline - monotonic())
  }

  /**
   * Returns whether the job has to be written. A job whose deadline has passed is rejected, and
   * nothing of it was saved.
   */
  tryStart(): boolean {
    if (this.job.deadline <= monotonic()) this.reject(new BusyError())
    return !this.#isSettled
  }

  resolve(done: CommitResult): void {
    if (this.#settle()) this.#resolve(done)
  }

  reject(error: unknown): void {
    if (this.#settle()) this.#reject(error)
  }

  #settle(): boolean {
    if (this.#isSettled) return false
    clearTimeout(this.#timer)
    this.#isSettled = true
    return true
  }
}
