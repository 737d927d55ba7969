import { storeAt } from '../../services/store-at.ts'
import type { Exchange, History } from '../checks/history.ts'
import { Random } from '../scenario/random.ts'
import type { Network } from '../simulation/browser.ts'
import { runBrowsers } from '../simulation/browsers.ts'
import { newSequence, OVERLAP, readEveryId } from '../simulation/simulate.ts'
import { newAgent, overHttp } from './http.ts'
import { ServerProcess } from './server-process.ts'

export interface LoadOptions {
  /** The store, see `storeAt`. */
  readonly place: string
  readonly seed: number
  readonly processes: number
  /** Requests to send; more if the kills take longer. */
  readonly requests: number
  /** How many times a server is killed while it handles requests. */
  readonly kills: number
  /**
   * The clocks of the servers differ from the true time by at most this many milliseconds, the first
   * and the last one by exactly as much. Default 0.
   */
  readonly skew?: number
  /** Default true, see `sojourn`. */
  readonly merging?: boolean
  readonly onProgress?: (sent: number, killed: number) => void
}

/** The number of concurrent browsers. */
const BROWSERS = 24

/**
 * Sends requests to server processes on one database, and kills some of the servers at random
 * times.
 */
export async function load(options: LoadOptions): Promise<History> {
  const { place, processes, skew = 0, merging = true, kills } = options
  const clockOf = (index: number): number => Math.round(skew * ((2 * index) / (processes - 1) - 1))
  const servers = Array.from({ length: processes }, (_, index) => new ServerProcess(place, { clock: clockOf(index), merging }))
  const agent = newAgent()
  try {
    const exchanges = await runLoad(options, servers, overHttp(servers, agent))
    const rows = await rowsOf(place)
    return { exchanges, rows, touches: [], lateRows: 0, crashes: [], rules: rules(kills > 0, skew) }
  } finally {
    agent.destroy()
    await Promise.all(servers.map((server) => server.stop('SIGKILL')))
  }
}

async function runLoad(
  { seed, requests, kills, onProgress }: LoadOptions,
  servers: readonly ServerProcess[],
  serve: Network['serve'],
): Promise<Exchange[]> {
  const random = new Random(seed)
  const exchanges: Exchange[] = []
  const network: Network = { serve, exchanges, wait, now: Date.now, tick: newSequence(), random: random.fork() }
  const progress = { killed: 0 }
  const timer = setInterval(() => onProgress?.(exchanges.length, progress.killed), 5000)
  const done = (): boolean => exchanges.length >= requests && progress.killed >= kills
  const running = runBrowsers({ network, random: random.fork(), browsers: BROWSERS, processes: servers.length, done })
  await Promise.all([running, killAll(servers, random.fork(), kills, progress)])
  clearInterval(timer)
  // Acknowledged changes must be in the database, so new processes read them.
  await Promise.all(servers.map((server) => server.killAndRestart()))
  await readEveryId(network, exchanges)
  return exchanges
}

async function killAll(servers: readonly ServerProcess[], random: Random, kills: number, progress: { killed: number }): Promise<void> {
  await Promise.all(servers.map((server) => server.port))
  for (; progress.killed < kills; progress.killed++) {
    await wait(random.int(20, 300))
    await random.pick(servers).killAndRestart()
  }
}

async function rowsOf(place: string): Promise<string[]> {
  const store = storeAt(place)
  const keys: string[] = []
  let cursor: string | undefined
  do {
    const page = await store.list?.({ now: 0, limit: 1000, ...(cursor === undefined ? {} : { cursor }) })
    keys.push(...(page?.entries.map(([key]) => key) ?? []))
    cursor = page?.cursor
  } while (cursor !== undefined)
  await store.close?.()
  return keys
}

function rules(faults: boolean, skew: number): History['rules'] {
  const clocks = { skew: 1000 + 2 * skew, replacedIdsEnd: 2 * skew < OVERLAP }
  return { idle: 14 * 86_400_000, absolute: 30 * 86_400_000, ...clocks, faults, resends: false, maxStale: 0, maxDuration: 30_000 }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
