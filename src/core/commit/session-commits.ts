import type { Draft } from '../draft/draft.ts'
import type { StartedResponse } from '../draft/started-response.ts'
import type { Committer } from './committer.ts'

/**
 * Runs the commits of one session object one after another, and a final one when the response
 * starts.
 */
export class SessionCommits {
  readonly #draft: Draft
  readonly #committer: Committer
  /** The running operation, which the next one waits for. */
  #current: Promise<unknown> | undefined
  #final: Promise<void> | undefined
  /** Whether the status of the response drops the changes. */
  #hasDropped = false
  /** The error of the final commit. What the request has changed is then not saved later. */
  #failure: { readonly error: unknown } | undefined

  constructor(draft: Draft, committer: Committer) {
    this.#draft = draft
    this.#committer = committer
  }

  /**
   * Closes the draft, and commits it for a response with this status. From then on it can only be
   * read, or changed until `finishLate` if the response can wait for that. Repeated calls return
   * the same promise.
   */
  finish(status: number, response?: StartedResponse): Promise<void> {
    this.#draft.response.start(response)
    this.#hasDropped = this.#committer.dropsChanges(status)
    this.#final ??= this.#delivered(this.#inTurn(this.#firstCommit(status, response)))
    return this.#final
  }

  /**
   * Commits what was changed since the response started; from then on the session can only be read.
   * `undefined` if there is nothing to commit, or if the first commit failed or dropped its
   * changes.
   */
  finishLate(): Promise<void> | undefined {
    const { access, isLate } = this.#draft.response
    const hasChanges = isLate && this.#draft.hasChanges
    const done = hasChanges ? this.#inTurn(() => this.#committer.commit(this.#draft, { access })) : undefined
    this.#draft.response.endLate()
    return done
  }

  async save(): Promise<void> {
    const draft = this.#draft.openForWrite()
    const { access } = draft.response
    if (draft.context.profile.savesUnchanged === true) draft.record({ kind: 'save' })
    return this.#delivered(this.#inTurn(() => this.#unlessFailed(() => this.#committer.commit(draft, { access }))))
  }

  async claim(name: string): Promise<string | undefined> {
    const { access } = this.#draft.openForRead().openForWrite().response
    return this.#delivered(this.#inTurn(() => this.#unlessFailed(() => this.#committer.claim(this.#draft, name, access))))
  }

  load(): Promise<void> {
    return this.#inTurn(() => this.#committer.load(this.#draft))
  }

  reload(): Promise<void> {
    return this.#inTurn(() => this.#committer.reload(this.#draft))
  }

  /** The connection of the request closed before its changes were committed. */
  abandon(): Promise<void> {
    if (this.#hasDropped) return Promise.resolve()
    return this.#inTurn(async () => this.#committer.reportUncommitted(this.#draft))
  }

  #firstCommit(status: number, started: StartedResponse | undefined): () => Promise<void> {
    const { response } = this.#draft
    const { access } = response
    // Asked last, because some frameworks build a response that is never needed to show its body.
    if (response.savesOnEnd && !this.#hasDropped && started?.isComplete !== true) response.startLate()
    const commit = (): Promise<void> => this.#committer.commit(this.#draft, { status, access })
    return response.isLate ? () => this.#endLateOnFailure(commit) : commit
  }

  async #endLateOnFailure(commit: () => Promise<void>): Promise<void> {
    try {
      await commit()
    } catch (error) {
      this.#failure = { error }
      this.#draft.response.endLate()
      throw error
    }
  }

  async #unlessFailed<T>(work: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure.error
    return work()
  }

  /** Writes the cookies to the jar of the request, if it has one, also after a failed commit. */
  #delivered<T>(committed: Promise<T>): Promise<T> {
    return this.#draft.pending.hasJar ? this.#writtenToJar(committed) : committed
  }

  async #writtenToJar<T>(committed: Promise<T>): Promise<T> {
    try {
      return await committed
    } finally {
      this.#draft.delivery()
      await this.#draft.pending.written
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#current === undefined ? work() : this.#current.then(work, work)
    this.#current = turn
    return turn
  }
}
