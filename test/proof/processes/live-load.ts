import type { Store } from '../../../src/core/store/store.ts'
import type { Exchange, History } from '../checks/history.ts'
import { Random } from '../scenario/random.ts'
import type { Network } from '../simulation/browser.ts'
import { runBrowsers } from '../simulation/browsers.ts'
import { inProcess } from '../simulation/in-process.ts'
import { newSequence, readEveryId } from '../simulation/simulate.ts'
import { type Subject, sojourn } from '../simulation/subject.ts'

const DAY = 86_400_000
/** The number of concurrent browsers. */
const BROWSERS = 8
/** Open, two awaited steps and the commit each have a deadline, and the machine is slow. */
const MAX_DURATION = 25_000

/**
 * Sends requests in real time to managers in this process, one for each store, all of them on the
 * same rows, until it is stopped.
 */
export class LiveLoad {
  readonly #network: Network
  readonly #processes: number
  readonly #running: Promise<void>
  #isStopped = false

  constructor(stores: readonly Store[], seed: number) {
    const random = new Random(seed)
    const subjects = stores.map((store) => sojourn({ store }))
    const environment = { wait, now: Date.now }
    const serve = inProcess((process) => subjects[process % subjects.length] as Subject, environment)
    this.#network = { ...environment, serve, exchanges: [], tick: newSequence(), random: random.fork() }
    this.#processes = stores.length
    const done = (): boolean => this.#isStopped
    this.#running = runBrowsers({ network: this.#network, random, browsers: BROWSERS, processes: stores.length, done })
  }

  /** Resolves when this many more requests have finished. */
  async completed(count: number): Promise<void> {
    const goal = this.#ended().length + count
    await this.#until(() => this.#ended().length >= goal)
  }

  /**
   * Resolves when every process has worked for this long without a failure of the store or a
   * waiting request.
   */
  async stable(ms = 1000): Promise<void> {
    await wait(ms)
    await this.#until(() => {
      const since = Date.now() - ms
      const recent = this.#network.exchanges.filter(({ endedAt }) => endedAt > since)
      const isStuck = recent.some(({ ended, beganAt }) => ended === Infinity && beganAt < since)
      return !isStuck && !recent.some(isFailure) && new Set(recent.map(({ process }) => process)).size === this.#processes
    })
  }

  /**
   * Lets the requests in progress finish, and then sends a request with every id that was issued.
   * `faults`: whether the store was allowed to fail; `rows`: reads the keys that are left, if they
   * should be checked.
   */
  async stop(faults: boolean, rows: () => Promise<readonly string[]> = async () => []): Promise<History> {
    this.#isStopped = true
    await this.#running
    const { exchanges } = this.#network
    await readEveryId(this.#network, exchanges)
    const rules = {
      idle: 14 * DAY,
      absolute: 30 * DAY,
      skew: 1000,
      replacedIdsEnd: true,
      faults,
      maxStale: 0,
      resends: faults,
      maxDuration: MAX_DURATION,
    }
    return { exchanges, rows: await rows(), touches: [], lateRows: 0, crashes: [], rules }
  }

  #ended(): Exchange[] {
    return this.#network.exchanges.filter(({ ended }) => ended < Infinity)
  }

  async #until(holds: () => boolean): Promise<void> {
    for (const end = Date.now() + 60_000; Date.now() < end; await wait(50)) if (holds()) return
    throw new Error('the load did not reach the expected state within a minute')
  }
}

/** Whether the request failed because of the store. */
export function isFailure({ code }: Exchange): boolean {
  return code === 'ERR_SESSION_STORE' || code === 'ERR_SESSION_COMMIT_UNKNOWN' || code === 'ERR_SESSION_BUSY'
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
