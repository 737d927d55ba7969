import { setImmediate as nextTurn } from 'node:timers/promises'

interface Timer {
  readonly at: number
  readonly order: number
  readonly fire: () => void
}

/**
 * Time that runs only when nothing else does: between two timers no time passes, and of timers the earliest is always next. So a run of a
 * minute takes milliseconds, and one seed gives the same run every time. Stands in for `setTimeout`, `performance.now` and `Math.random`.
 */
export class VirtualTime {
  now = 0
  readonly #timers = new Map<object, Timer>()
  #order = 0
  #outside = 0
  #knowsOutside = false

  readonly wait = (ms: number): Promise<void> => new Promise((resolve) => this.set(resolve, ms))

  /** Keeps time standing still while something real is under way: a database has no part in virtual time. */
  readonly outside = async <T>(work: Promise<T>): Promise<T> => {
    this.#outside += 1
    this.#knowsOutside = true
    try {
      return await work
    } finally {
      this.#outside -= 1
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

  /** Runs until `work` is done. What it left running is forgotten, unless it is asked to run on. */
  async run<T>(random: () => number, work: () => Promise<T>): Promise<T> {
    const undo = this.#replaceGlobals(random)
    try {
      const done = settled(work())
      for (;;) {
        await nextTurn()
        if (done.outcome !== undefined) return done.outcome()
        if (await this.#isQuiet()) await this.#next()
      }
    } finally {
      undo()
    }
  }

  /** A store in front of a database lets what comes in some turns travel together. */
  async #isQuiet(): Promise<boolean> {
    for (let turns = 0; this.#knowsOutside && this.#outside === 0 && turns < 5; turns++) await nextTurn()
    return this.#outside === 0
  }

  async #next(): Promise<void> {
    // A database that shares one wait for the disk answers some turns later, without a timer.
    for (let turns = 0; this.#timers.size === 0 && turns < 10; turns++) await nextTurn()
    let first: [object, Timer] | undefined
    for (const entry of this.#timers) if (first === undefined || isEarlier(entry[1], first[1])) first = entry
    if (first === undefined && this.#outside > 0) return
    if (first === undefined) throw new Error('Nothing is left to happen, and the work is not done')
    this.#timers.delete(first[0])
    this.now = Math.max(this.now, first[1].at)
    first[1].fire()
  }

  #replaceGlobals(random: () => number): () => void {
    const { setTimeout, clearTimeout } = globalThis
    const mathRandom = Math.random
    Object.assign(globalThis, {
      setTimeout: (fire: () => void, ms?: number) => this.set(fire, ms),
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

function settled<T>(promise: Promise<T>): { outcome: (() => T) | undefined } {
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
