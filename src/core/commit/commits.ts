import type { Draft } from '../draft/draft.ts'
import type { Committer } from './committer.ts'

/**
 * The commits of one session object: one after another, and a final one when its response starts.
 */
export class Commits {
  readonly #draft: Draft
  readonly #committer: Committer
  /** The operation under way, which the next one waits for. */
  #current: Promise<unknown> | undefined
  #final: Promise<void> | undefined

  constructor(draft: Draft, committer: Committer) {
    this.#draft = draft
    this.#committer = committer
  }

  /** The session can only be read from now on. Repeated calls return the same promise. */
  finish(status: number): Promise<void> {
    this.#draft.close()
    this.#final ??= this.#inTurn(() => this.#committer.commit(this.#draft, status))
    return this.#final
  }

  save(): Promise<void> {
    return this.#inTurn(() => this.#committer.commit(this.#draft))
  }

  claim(name: string): Promise<string | undefined> {
    return this.#inTurn(() => this.#committer.claim(this.#draft, name))
  }

  load(): Promise<void> {
    return this.#inTurn(() => this.#committer.load(this.#draft))
  }

  reload(): Promise<void> {
    return this.#inTurn(() => this.#committer.reload(this.#draft))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#current === undefined ? work() : this.#current.then(work, work)
    this.#current = turn
    return turn
  }
}
