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

  constructor(draft: Draft, committer: Committer) {
    this.#draft = draft
    this.#committer = committer
  }

  /**
   * Closes the draft, which can only be read from then on, and commits it for a response with this
   * status. Repeated calls return the same promise.
   */
  finish(status: number, response?: StartedResponse): Promise<void> {
    this.#draft.close(response)
    this.#final ??= this.#delivered(this.#inTurn(() => this.#committer.commit(this.#draft, status)))
    return this.#final
  }

  async save(): Promise<void> {
    const draft = this.#draft.openForWrite()
    if (draft.context.profile.savesUnchanged === true) draft.record({ kind: 'save' })
    return this.#delivered(this.#inTurn(() => this.#committer.commit(this.#draft)))
  }

  async claim(name: string): Promise<string | undefined> {
    this.#draft.openForRead().openForWrite()
    return this.#delivered(this.#inTurn(() => this.#committer.claim(this.#draft, name)))
  }

  load(): Promise<void> {
    return this.#inTurn(() => this.#committer.load(this.#draft))
  }

  reload(): Promise<void> {
    return this.#inTurn(() => this.#committer.reload(this.#draft))
  }

  /** The connection of the request closed, and no response will commit its changes. */
  abandon(): Promise<void> {
    return this.#inTurn(async () => this.#committer.reportUncommitted(this.#draft))
  }

  /** Writes the cookies to the jar of the request, if it has one, also after a failed commit. */
  #delivered<T>(committed: Promise<T>): Promise<T> {
    return this.#draft.hasJar ? committed.finally(() => void this.#draft.delivery()) : committed
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#current === undefined ? work() : this.#current.then(work, work)
    this.#current = turn
    return turn
  }
}
