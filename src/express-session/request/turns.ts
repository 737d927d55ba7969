/** Runs asynchronous operations one after another, in the order of the calls. */
export class Turns {
  #last: Promise<unknown> | undefined

  /** An operation that follows a rejected one runs nevertheless. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last === undefined ? work() : this.#last.then(work, work)
    this.#last = turn
    return turn
  }
}
