import { storeAt } from '../../services/store-at.ts'
import type { Exchange, History } from '../checks/history.ts'
import type { Network } from '../simulation/browser.ts'
import { Random } from '../scenario/random.ts'
import { lastLook, ticker } from '../simulation/simulate.ts'
import { visit } from '../simulation/browsers.ts'
import { Server } from './server-process.ts'
import { newAgent, overHttp } from './http.ts'

export interface LoadOptions {
  /** Where the sessions are, see `storeAt`. */
  readonly place: string
  readonly seed: number
  readonly processes: number
  /** Requests to send; more when killing takes longer. */
  readonly requests: number
  /** How often a server is killed in the middle of its work. */
  readonly kills: number
  readonly tell?: (sent: number, killed: number) => void
}

/** Browsers at work at the same time. */
const BROWSERS = 24

/** Sends requests to server processes on one database, and kills some of them on the way. */
export async function load(options: LoadOptions): Promise<History> {
  const servers = Array.from({ length: options.processes }, () => new Server(options.place))
  const agent = newAgent()
  try {
    const exchanges = await drive(options, servers, overHttp(servers, agent))
    const rows = await rowsOf(options.place)
    return { exchanges, rows, touches: [], lateRows: 0, crashes: [], rules: rules(options.kills > 0) }
  } finally {
    agent.destroy()
    await Promise.all(servers.map((server) => server.stop('SIGKILL')))
  }
}

async function drive(
  { seed, requests, kills, tell }: LoadOptions,
  servers: readonly Server[],
  serve: Network['serve'],
): Promise<Exchange[]> {
  const random = new Random(seed)
  const exchanges: Exchange[] = []
  const network: Network = { serve, exchanges, wait, now: Date.now, tick: ticker(), random: random.fork() }
  const progress = { killed: 0 }
  const timer = setInterval(() => tell?.(exchanges.length, progress.killed), 5000)
  const done = (): boolean => exchanges.length >= requests && progress.killed >= kills
  const visits = visit({ network, random: random.fork(), browsers: BROWSERS, processes: servers.length, done })
  await Promise.all([visits, killAll(servers, random.fork(), kills, progress)])
  clearInterval(timer)
  // What was acknowledged has to be in the file, so others than those who wrote it are asked.
  await Promise.all(servers.map((server) => server.killAndRestart()))
  await lastLook(network, exchanges)
  return exchanges
}

async function killAll(servers: readonly Server[], random: Random, kills: number, progress: { killed: number }): Promise<void> {
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

function rules(faults: boolean): History['rules'] {
  return { idle: 14 * 86_400_000, absolute: 30 * 86_400_000, skew: 1000, faults, resends: false, maxStale: 0, patience: 30_000 }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
