import { afterAll, describe, expect, it } from 'vitest'
import { RedisStore } from '../../src/stores/redis.ts'
import { NOW, sampleEntry } from '../../src/testing/sample.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'
import { check } from '../proof/checker.ts'
import { LiveLoad } from '../proof/live-load.ts'
import { migrateSlot } from '../services/migrate-slot.ts'
import { newCluster, newIoCluster } from '../services/redis-failover-clients.ts'
import { freshPrefix } from '../services/redis-clients.ts'
import { type RedisCluster, startRedisCluster } from '../services/redis-cluster.ts'
import { orSkip } from '../services/redis-node.ts'

const started = orSkip(await startRedisCluster())
const cluster = started as RedisCluster
const runner = { describe: describe.skipIf(started === undefined), it }
const day = Math.floor(Date.now() / 86_400_000)
const CLIENTS = { redis: newCluster, ioredis: newIoCluster } as const
const EACH = ['redis', 'ioredis'] as const

afterAll(() => started?.remove())

for (const name of EACH) {
  storeSuite(
    `RedisStore, ${name}, on a Cluster`,
    async () => new RedisStore({ client: await CLIENTS[name](cluster), prefix: freshPrefix() }),
    runner,
    {
      clearExpired: false,
      farClocks: false,
    },
  )
}

runner.describe.each(EACH)('on a Cluster, through %s', (name) => {
  const newStore = async (prefix = freshPrefix()) => new RedisStore({ client: await CLIENTS[name](cluster), prefix })

  it('goes on with a node that has lost its scripts', async () => {
    const store = await newStore()
    const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`)
    await Promise.all(keys.map((key) => store.create(key, sampleEntry({ payload: '1' }))))
    for (const node of await cluster.masters()) {
      await node.command('SCRIPT', 'FLUSH')
      const answers = await Promise.all(keys.map((key) => swapped(store, key)))
      expect(answers).toEqual(keys.map(() => true))
    }
  })
})

async function swapped(store: RedisStore, key: string): Promise<boolean> {
  const { version = '' } = (await store.load(key, NOW)) ?? {}
  return (await store.replace(key, sampleEntry({ version: `${version}+` }), version, NOW)).ok
}

runner.describe('on a Cluster that is being changed', () => {
  it(`nothing is lost while the slot of all sessions goes round (seed ${day})`, { timeout: 120_000 }, async () => {
    // All names in one slot, so that whatever a request does meets the migration.
    const prefix = `{${freshPrefix()}}:`
    const stores = await Promise.all([...EACH, ...EACH].map(async (name) => new RedisStore({ client: await CLIENTS[name](cluster), prefix })))
    const [slot] = (await cluster.slotsOf([prefix])) as [number]
    const load = new LiveLoad(stores, day)
    await load.answered(200)
    const redirected = await goRound(slot, () => load.answered(10))
    await load.answered(100)
    const history = await load.stop(false, () => namesIn(stores[0] as RedisStore))
    console.log(redirected, history.exchanges.length)
    expect(check(history)).toEqual([])
    expect(redirected).toBeGreaterThan(100)
  })
})

/** Brings the slot to each of the other masters and back. Answers how many commands were redirected. */
async function goRound(slot: number, rest: () => Promise<void>): Promise<number> {
  const masters = await cluster.masters()
  const home = await cluster.ownerOf(slot)
  const others = masters.filter((node) => node !== home)
  let from = home
  for (const to of [...others, home]) {
    await migrateSlot({ slot, from, to, masters, rest })
    from = to
  }
  const counts = await Promise.all(masters.map((node) => node.info('errorstats')))
  return counts.flatMap(Object.entries).reduce((sum, [name, count]) => sum + (/_(ASK|MOVED)$/.test(name) ? Number(count.split('=')[1]) : 0), 0)
}

async function namesIn(store: RedisStore): Promise<string[]> {
  const keys = new Set<string>()
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await store.list({ now: 0, limit: 1000, ...(cursor === undefined ? {} : { cursor }) })
    for (const [key] of page.entries) keys.add(key)
    cursor = page.cursor
  }
  return [...keys]
}
