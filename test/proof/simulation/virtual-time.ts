import { setImmediate as nextTurn } from 'node:timers/promises'

interface Timer {
  readonly at: number
  readonly order: number
  readonly fire: () => void
}

/**
 * A clock that advances only when nothing else runs: no time passes between two timers, and the
 * earliest timer is always next. A run of a minute therefore takes milliseconds, and one seed
 * always gives the same run. Replaces `setTimeout`, `performance.now` and `Math.random`.
 */
export class VirtualTime {
  now = 0
  readonly #timers = new Map<object, Timer>()
  #order = 0
  #pendingIo = 0
  #usesIo = false

  readonly wait = (ms: number): Promise<void> => new Promise((resolve) => this.set(resolve, ms))

  /**
   * Stops the clock while real I/O is in progress, because a database does not run on virtual time.
   */
  readonly trackIo = async <T>(work: Promise<T>): Promise<T> => {
    this.#pendingIo += 1
    this.#usesIo = true
    try {
      return await work
    } finally {
      this.#pendingIo -= 1
    }
  }

  set(fire: () => void, ms = 0): object {
    const timer = { unref: () => timer, ref: () => timer }
    this.#timers.set(timer, { at: this.now + Math.max(0, ms), order: this.#order++, fire })
    return timer
  }

  clear(timer: object | undefined): void {
    if (timer !== undefined) this.#timers.delete(timer)
  }

  /** Runs until `work` is done. Timers that it left are dropped, unless they are run later. */
  async run<T>(random: () => number, work: () => Promise<T>): Promise<T> {
    const restore = this.#replaceGlobals(random)
    try {
      const done = trackOutcome(work())
      for (;;) {
        await nextTurn()
        if (done.outcome !== undefined) return done.outcome()
        if (await this.#isQuiet()) await this.#next()
      }
    } finally {
      restore()
    }
  }

  /** A database store batches the statements that arrive within a few turns of the event loop. */
  async #isQuiet(): Promise<boolean> {
    for (let turns = 0; this.#usesIo && this.#pendingIo === 0 && turns < 5; turns++) await nextTurn()
    return this.#pendingIo === 0
  }

  async #next(): Promise<void> {
    // A database that shares one disk sync returns some turns later, without a timer.
    for (let turns = 0; this.#timers.size === 0 && turns < 10; turns++) await nextTurn()
    let first: [object, Timer] | undefined
    for (const entry of this.#timers) if (first === undefined || isEarlier(entry[1], first[1])) first = entry
    if (first === undefined && this.#pendingIo > 0) return
    if (first === undefined) throw new Error('The work is not done and no timer is left: it waits for something that cannot happen')
    this.#timers.delete(first[0])
    this.now = Math.max(this.now, first[1].at)
    first[1].fire()
  }

  #replaceGlobals(random: () => number): () => void {
    const { setTimeout, clearTimeout } = globalThis
    const mathRandom = Math.random
    Object.assign(globalThis, {
      setTimeout: (fire: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => this.set(() => fire(...args), ms),
      clearTimeout: (timer: object | undefined) => this.clear(timer),
    })
    Object.defineProperty(performance, 'now', { value: () => this.now, configurable: true })
    Math.random = random
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout })
      Reflect.deleteProperty(performance, 'now')
      Math.random = mathRandom
    }
  }
}

function isEarlier(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function trackOutcome<T>(promise: Promise<T>): { outcome: (() => T) | undefined } {
  const done: { outcome: (() => T) | undefined } = { outcome: undefined }
  promise.then(
    (value) => (done.outcome = () => value),
    (error: unknown) =>
      (done.outcome = () => {
        throw error
      }),
  )
  return done
}
