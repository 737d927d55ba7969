interface Run {
  readonly done: Promise<void>
  /** The one after it, if anybody asked meanwhile. */
  next?: Promise<void>
}

/**
 * Does something for keys, again and again. Of one key one run is under way; all who ask meanwhile share the next one, so that what they get
 * began after they asked. The work must not reject.
 */
export class SharedRuns {
  readonly #work: (key: string) => Promise<void>
  readonly #runs = new Map<string, Run>()

  constructor(work: (key: string) => Promise<void>) {
    this.#work = work
  }

  /** Resolves when a run that began after this call is done. */
  ask(key: string): Promise<void> {
    const before = this.#runs.get(key)
    if (before === undefined) return this.#begin(key)
    before.next ??= before.done.then(() => this.#begin(key))
    return before.next
  }

  #begin(key: string): Promise<void> {
    const run: Run = { done: this.#work(key).then(() => void (run.next === undefined ? this.#runs.delete(key) : undefined)) }
    this.#runs.set(key, run)
    return run.done
  }
}
