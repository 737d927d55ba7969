import type { Store } from '../../../src/core/store/store.ts'
import type { Exchange, History } from '../checks/history.ts'
import type { Network } from '../simulation/browser.ts'
import { inProcess } from '../simulation/in-process.ts'
import { Random } from '../scenario/random.ts'
import { lastLook, ticker } from '../simulation/simulate.ts'
import { type Subject, sojourn } from '../simulation/subject.ts'
import { visit } from '../simulation/browsers.ts'

const DAY = 86_400_000
/** Browsers at work at the same time. */
const BROWSERS = 8
/** Open, two steps of its own, and the commit: each has its deadline, and the machine is slow. */
const PATIENCE = 25_000

/** Requests in real time to managers in this process, one for each store, all of them on the same rows. It goes on until it is stopped. */
export class LiveLoad {
  readonly #network: Network
  readonly #processes: number
  readonly #visits: Promise<void>
  #isStopped = false

  constructor(stores: readonly Store[], seed: number) {
    const random = new Random(seed)
    const subjects = stores.map((store) => sojourn({ store }))
    const around = { wait, now: Date.now }
    const serve = inProcess((process) => subjects[process % subjects.length] as Subject, around)
    this.#network = { ...around, serve, exchanges: [], tick: ticker(), random: random.fork() }
    this.#processes = stores.length
    const done = (): boolean => this.#isStopped
    this.#visits = visit({ network: this.#network, random, browsers: BROWSERS, processes: stores.length, done })
  }

  /** Resolves when so many more requests have been answered. */
  async answered(count: number): Promise<void> {
    const goal = this.#ended().length + count
    await this.#until(() => this.#ended().length >= goal)
  }

  /** Resolves when every process has worked for a while without a failure of the store, and none of its requests has to wait. */
  async calm(ms = 1000): Promise<void> {
    await wait(ms)
    await this.#until(() => {
      const since = Date.now() - ms
      const recent = this.#network.exchanges.filter(({ endedAt }) => endedAt > since)
      const isStuck = recent.some(({ ended, beganAt }) => ended === Infinity && beganAt < since)
      return !isStuck && !recent.some(isFailure) && new Set(recent.map(({ process }) => process)).size === this.#processes
    })
  }

  /**
   * Lets the requests under way come to their ends, and looks once more with every id that was given out. `faults`: whether the store
   * was allowed to fail; `rows`: reads the keys that are left, where they are to be judged.
   */
  async stop(faults: boolean, rows: () => Promise<readonly string[]> = async () => []): Promise<History> {
    this.#isStopped = true
    await this.#visits
    const { exchanges } = this.#network
    await lastLook(this.#network, exchanges)
    const rules = { idle: 14 * DAY, absolute: 30 * DAY, skew: 1000, faults, maxStale: 0, resends: faults, patience: PATIENCE }
    return { exchanges, rows: await rows(), touches: [], lateRows: 0, crashes: [], rules }
  }

  #ended(): Exchange[] {
    return this.#network.exchanges.filter(({ ended }) => ended < Infinity)
  }

  async #until(holds: () => boolean): Promise<void> {
    for (const end = Date.now() + 60_000; Date.now() < end; await wait(50)) if (holds()) return
    throw new Error('the load did not get there within a minute')
  }
}

/** The store did not do its duty, and the request was told so. */
export function isFailure({ code }: Exchange): boolean {
  return code === 'ERR_SESSION_STORE' || code === 'ERR_SESSION_COMMIT_UNKNOWN' || code === 'ERR_SESSION_BUSY'
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
