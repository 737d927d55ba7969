// Why: docs say how fast a request fails while the database is away, and how soon it is served again. This measures it, on servers of its own.
//
//   node scripts/measure-outage.ts                     every database, hung (SIGSTOP), killed and cut off the network
//   node scripts/measure-outage.ts --store MariaDB     one of them: PostgreSQL, MariaDB, Redis (redis), Redis (ioredis)
import { setTimeout as rest } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { FaultProxy } from '../test/proof/proxy/fault-proxy.ts'
import { type AppKind, OutageFixture } from '../test/services/outage-fixture.ts'
import { DATABASES, type OutageDatabase, signalAll } from '../test/services/outage-stores.ts'

type Server = Exclude<Awaited<ReturnType<OutageDatabase['start']>>, string>
type Act = (proxy: FaultProxy, server: Server) => unknown

const AWAY_FOR = 3000
const ROUNDS = 3

const TROUBLES: Readonly<Record<string, readonly [begin: Act, end: Act]>> = {
  hung: [(_, { pid }) => signalAll(pid as number, 'SIGSTOP'), (_, { pid }) => signalAll(pid as number, 'SIGCONT')],
  killed: [(_, server) => server.kill(), (_, server) => server.start()],
  'cut off': [(proxy) => (proxy.fault = { blackHole: 'both' }), (proxy) => (proxy.fault = {})],
}

const { store: only } = parseArgs({ options: { store: { type: 'string' } } }).values
if (only !== undefined && !(only in DATABASES)) throw new Error(`There is no store ${only}: ${Object.keys(DATABASES).join(', ')}`)

for (const [name, world] of Object.entries(DATABASES)) {
  if (only !== undefined && only !== name) continue
  const server = await world.start()
  if (typeof server === 'string') {
    console.log(`${name}: ${server}`)
    continue
  }
  try {
    for (const trouble of Object.keys(TROUBLES)) await measure(name, trouble, world, server)
  } finally {
    await server.remove()
  }
}

async function measure(name: string, trouble: string, world: OutageDatabase, server: Server): Promise<void> {
  const proxy = await new FaultProxy({ port: server.port }).listen()
  const through = new URL(server.url)
  through.port = String(proxy.port)
  const { store, end } = world.open(through.href)
  const scene = await OutageFixture.open(store)
  const times: Record<'away' | 'fail' | 'eager' | 'express4' | 'plain' | 'back', number[]> = {
    away: [],
    fail: [],
    eager: [],
    express4: [],
    plain: [],
    back: [],
  }
  const quiet: number[] = []
  const page = (door: AppKind) => (): Promise<unknown> => scene.untouched(door)
  for (let round = 0; round < ROUNDS; round++) {
    await scene.countUntilServed()
    for (let visits = 0; visits < 200; visits++) quiet.push(await timed(page('eager')))
    const [begin, over] = TROUBLES[trouble] as readonly [Act, Act]
    await begin(proxy, server)
    times.away.push(await timed(() => scene.countUntilDown()))
    for (const until = performance.now() + AWAY_FOR; performance.now() < until; await rest(5)) {
      times.fail.push(await timed(() => scene.count()))
      for (const door of ['eager', 'express4', 'plain'] as const) times[door].push(await timed(page(door)))
    }
    await over(proxy, server)
    times.back.push(await timed(() => scene.countUntilServed()))
  }
  const { away, fail, eager, express4, plain, back } = times
  const pages = [eager, express4, plain].map((each) => at(each, 0.99)).join(' / ')
  const failing = `a request fails in ${at(fail, 0.5)} ms (p50), ${at(fail, 0.99)} (p99), ${at(fail, 1)} (max, of ${fail.length})`
  console.log(
    `${name}, ${trouble}: given up after ${at(away, 1)} ms; ${failing}; untouched pages p99 ${pages} ms (Express 5 / Express 4 lazy / plain lazy; before the outage, Express 5: ${at(quiet, 0.99)}); served again after ${back.map(Math.round).join(', ')} ms`,
  )
  await scene.close()
  proxy.close()
  await Promise.race([end().catch(() => undefined), rest(1000)])
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now()
  await work()
  return performance.now() - before
}

function at(times: readonly number[], share: number): string {
  const sorted = times.toSorted((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1)
}
