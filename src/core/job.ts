import { monotonic } from './engine.ts'
import { CommitUnknownError, ConflictError } from './errors.ts'
import type { Identity } from './id.ts'
import type { Intent } from './intent.ts'
import type { Merged } from './merge.ts'
import type { Entry, Version } from './store.ts'

/** One request's changes of one session, on their way to the store. */
export interface Job {
  /** The id under which the request came. */
  readonly identity: Identity
  readonly intents: readonly Intent[]
  /** The newest entry the request knows. */
  readonly entry: Entry
  /** The properties it knows. */
  readonly known: ReadonlyMap<string, string>
  /** Its changes on what it saw, good for as long as the entry still has this version. */
  readonly seen: { readonly version: Version; readonly merged: Merged } | undefined
}

/** A job that went through. */
export interface Done {
  readonly entry: Entry
  /** The living id: the job's own, or the one that was born with this write. */
  readonly identity: Identity
  readonly merged: Merged
  readonly token?: string
}

/** A job and whoever waits for it. It is answered once. */
export class Waiting {
  readonly job: Job
  readonly until: number
  readonly #answer: { readonly resolve: (done: Done) => void; readonly reject: (error: unknown) => void }
  #timer: ReturnType<typeof setTimeout> | undefined
  #started = false
  #answered = false

  constructor(job: Job, patience: number, resolve: (done: Done) => void, reject: (error: unknown) => void) {
    this.job = job
    this.until = monotonic() + patience
    this.#answer = { resolve, reject }
  }

  /** Behind the write of others it gives up by itself when its own time is up, whatever they still wait for. */
  queued(patience: number): this {
    this.#timer = setTimeout(() => this.reject(this.#started ? unknown() : busy()), patience)
    return this
  }

  /** Whether it is still to be answered. One whose time is up is told so: nothing of it was saved. */
  start(): boolean {
    this.#started = true
    if (this.until <= monotonic()) this.reject(busy())
    return !this.#answered
  }

  resolve(done: Done): void {
    if (this.#settle()) this.#answer.resolve(done)
  }

  reject(error: unknown): void {
    if (this.#settle()) this.#answer.reject(error)
  }

  #settle(): boolean {
    if (this.#answered) return false
    clearTimeout(this.#timer)
    this.#answered = true
    return true
  }
}

function busy(): ConflictError {
  return new ConflictError(
    'Other requests of this session kept it busy until the deadline (option `timeout.request`). Nothing was saved; the request may be sent again.',
  )
}

/** The error of a write whose fate was not found out. */
export function unknown(cause?: unknown): CommitUnknownError {
  return new CommitUnknownError(
    'The session store did not say in time whether the changes were saved. They were applied once or not at all.',
    cause === undefined ? {} : { cause },
  )
}
