// Why: the docs state how fast a request fails while the database is down, and how soon requests
// succeed again. This measures it, on servers that it starts.
//
//   node scripts/measure-outage.ts                     every database: hung (SIGSTOP), killed, and
//                                                      disconnected from the network
//   node scripts/measure-outage.ts --store MariaDB     one of them: PostgreSQL, MariaDB,
//                                                      Redis (redis), Redis (ioredis)
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type AppKind, OutageFixture } from '../test/helpers/outage-fixture.ts'
import { FaultProxy } from '../test/proof/proxy/fault-proxy.ts'
import { DATABASES, type OutageDatabase, signalAll } from '../test/services/outage-stores.ts'

type Server = Exclude<Awaited<ReturnType<OutageDatabase['start']>>, string>
type Action = (proxy: FaultProxy, server: Server) => unknown

const OUTAGE_MS = 3000
const ROUNDS = 3

const OUTAGES: Readonly<Record<string, readonly [begin: Action, end: Action]>> = {
  hung: [(_, { pid }) => signalAll(pid as number, 'SIGSTOP'), (_, { pid }) => signalAll(pid as number, 'SIGCONT')],
  killed: [(_, server) => server.kill(), (_, server) => server.start()],
  disconnected: [(proxy) => (proxy.fault = { blackHole: 'both' }), (proxy) => (proxy.fault = {})],
}

const { store: only } = parseArgs({ options: { store: { type: 'string' } } }).values
if (only !== undefined && !(only in DATABASES))
  throw new Error(`measure-outage: unknown store ${only}. Use one of ${Object.keys(DATABASES).join(', ')}`)

for (const [name, database] of Object.entries(DATABASES)) {
  if (only !== undefined && only !== name) continue
  const server = await database.start()
  if (typeof server === 'string') {
    console.log(`${name}: ${server}`)
    continue
  }
  try {
    for (const outage of Object.keys(OUTAGES)) await measure(name, outage, database, server)
  } finally {
    await server.remove()
  }
}

async function measure(name: string, outage: string, database: OutageDatabase, server: Server): Promise<void> {
  const proxy = await new FaultProxy({ port: server.port }).listen()
  const through = new URL(server.url)
  through.port = String(proxy.port)
  const { store, end: closeStore } = database.open(through.href)
  const fixture = await OutageFixture.open(store)
  const times: Record<'away' | 'fail' | 'eager' | 'express4' | 'plain' | 'back', number[]> = {
    away: [],
    fail: [],
    eager: [],
    express4: [],
    plain: [],
    back: [],
  }
  const quiet: number[] = []
  const page = (kind: AppKind) => (): Promise<unknown> => fixture.untouched(kind)
  for (let round = 0; round < ROUNDS; round++) {
    await fixture.countUntilServed()
    for (let count = 0; count < 200; count++) quiet.push(await measureTime(page('eager')))
    const [begin, end] = OUTAGES[outage] as readonly [Action, Action]
    await begin(proxy, server)
    times.away.push(await measureTime(() => fixture.countUntilDown()))
    for (const until = performance.now() + OUTAGE_MS; performance.now() < until; await sleep(5)) {
      times.fail.push(await measureTime(() => fixture.count()))
      for (const kind of ['eager', 'express4', 'plain'] as const) times[kind].push(await measureTime(page(kind)))
    }
    await end(proxy, server)
    times.back.push(await measureTime(() => fixture.countUntilServed()))
  }
  const { away, fail, eager, express4, plain, back } = times
  const pages = [eager, express4, plain].map((each) => percentile(each, 0.99)).join(' / ')
  const failing = `then a request fails in ${percentile(fail, 0.5)} ms (p50), ${percentile(fail, 0.99)} (p99), ${percentile(fail, 1)} (max, of ${fail.length})`
  console.log(
    `${name}, ${outage}: requests fail after ${percentile(away, 1)} ms; ${failing}; untouched pages p99 ${pages} ms (Express 5 / Express 4 lazy / plain lazy; before the outage, Express 5: ${percentile(quiet, 0.99)}); requests succeed again after ${back.map(Math.round).join(', ')} ms`,
  )
  await fixture.close()
  proxy.close()
  await Promise.race([closeStore().catch(() => undefined), sleep(1000)])
}

async function measureTime(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now()
  await work()
  return performance.now() - before
}

function percentile(times: readonly number[], share: number): string {
  const sorted = times.toSorted((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1)
}
