import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Store } from '../../../src/index.ts'
import { type RedisClient, RedisStore } from '../../../src/stores/redis.ts'
import { NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { storeSuite } from '../../../src/testing/store-suite.ts'
import { testAttacks } from '../../core/attacks/attacks.ts'
import { listAllEntries } from '../../helpers/list-all-entries.ts'
import { migrateSlot } from '../../helpers/migrate-slot.ts'
import { check } from '../../proof/checks/checker.ts'
import { LiveLoad } from '../../proof/processes/live-load.ts'
import { FaultProxy } from '../../proof/proxy/fault-proxy.ts'
import { formatFailures, runSeeds, type StoreName, seedsFrom } from '../../proof/simulation/campaign.ts'
import { freshPrefix, LIBRARIES, type Library } from '../../services/redis/redis-clients.ts'
import { type RedisCluster, startRedisCluster } from '../../services/redis/redis-cluster.ts'
import { type AddressMap, ioCluster, nodeCluster } from '../../services/redis/redis-failover-clients.ts'
import { orSkip, type RedisNode } from '../../services/redis/redis-node.ts'
import { cellsOf, columnIn, onServer, readStoresPage } from '../../stores/promises/table.ts'

const started = orSkip(await startRedisCluster())
const cluster = started as RedisCluster
const runner = { describe: describe.skipIf(started === undefined), it }
const clients = { redis: nodeCluster, ioredis: ioCluster }
/** A different seed every day. */
const day = Math.floor(Date.now() / 86_400_000)

afterAll(() => started?.remove())

for (const library of LIBRARIES) {
  const makeStore = async (): Promise<RedisStore> => new RedisStore({ client: await clients[library](cluster), prefix: freshPrefix() })

  storeSuite(`RedisStore, ${library}, on a Cluster`, makeStore, runner, { clearExpired: false })

  runner.describe(`on a Cluster, through ${library}`, () => {
    it('works with servers that have lost their scripts', async () => {
      const store = await makeStore()
      const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`)
      await Promise.all(keys.map((key) => store.create({ key, entry: sampleEntry() })))
      for (const node of await cluster.masters()) {
        await node.command('SCRIPT', 'FLUSH')
        expect(await Promise.all(keys.map((key) => replaceOnce(store, key)))).toEqual(keys.map(() => true))
      }
    })
  })
}

runner.describe('attacks on a Cluster', () => {
  let client: Promise<RedisClient> | undefined
  testAttacks(async () => new RedisStore({ client: await (client ??= nodeCluster(cluster)), prefix: freshPrefix() }))
})

runner.describe.each(LIBRARIES)('behind a firewall, through %s', (library) => {
  it('replaces dropped connections after the deadline', { timeout: 60_000 }, async () => {
    const { proxies, client } = await proxiedClient(library)
    const store = new RedisStore({ client, prefix: freshPrefix() })
    const entries = Array.from({ length: 12 }, () => sampleEntry())
    await Promise.all(entries.map((entry, index) => store.create({ key: `${index}`, entry })))
    const soon = (): { deadline: number } => ({ deadline: performance.now() + 300 })
    const loadSoon = (key: string): Promise<unknown> =>
      Promise.race([store.load({ key, now: NOW, ...soon() }).catch(() => undefined), sleep(2000)])
    for (const proxy of proxies) proxy.blackHoleAll()
    await expect.poll(() => Promise.all(entries.map((_, index) => loadSoon(`${index}`))), { timeout: 30_000 }).toEqual(entries)
  })
})

runner.describe('on a Cluster', () => {
  it('the column of docs/stores.md is current', async () => {
    expect(columnIn(readStoresPage(), 'Redis Cluster')).toEqual(await cellsOf(onServer('Redis Cluster', cluster.url)))
  })

  it.each([false, true])(
    `the guarantee holds in simulations from seed ${day * 10}, with users: %s`,
    { timeout: 120_000 },
    async (users) => {
      const results = await runSeeds(cluster.url as StoreName, { seeds: seedsFrom(day * 10, 10), conditions: { users } })
      expect(formatFailures(results, cluster.url as StoreName)).toBe('')
    },
  )

  it('never reads from a replica, even if the client is configured to', async () => {
    const store = new RedisStore({ client: await nodeCluster(cluster, { useReplicas: true }), prefix: freshPrefix() })
    const keys = Array.from({ length: 30 }, (_, index) => `key ${index}`)
    await Promise.all(keys.map((key) => store.create({ key, entry: sampleEntry({ userId: 'ada' }) })))
    const replicas = await cluster.replicas()
    for (const replica of replicas) replica.pause()
    try {
      const found = await Promise.all(keys.map((key) => store.load({ key, now: NOW })))
      expect(found.filter((entry) => entry === undefined)).toEqual([])
      expect((await store.list({ now: NOW, index: 'userId', name: 'ada' })).entries.length).toBe(keys.length)
    } finally {
      for (const replica of replicas) replica.resume()
      await cluster.waitUntilHealthy()
    }
  })

  it(`loses nothing while the slot of all its sessions is migrated through all masters (seed ${day})`, { timeout: 180_000 }, async () => {
    // All keys are in one slot, so that the migration affects every request.
    const prefix = freshPrefix()
    const makers = [nodeCluster, ioCluster, nodeCluster, ioCluster]
    const stores = await Promise.all(makers.map(async (make) => inOneSlot(new RedisStore({ client: await make(cluster), prefix }))))
    const load = new LiveLoad(stores, day)
    await load.completed(200)
    for (const node of await cluster.masters()) await node.command('SCRIPT', 'FLUSH')
    const redirected = await countRedirections(() => migrateThroughAllMasters('{tag}', () => load.completed(10)))
    await load.completed(100)
    const history = await load.stop(false, async () => (await listAllEntries(stores[0] as Store)).map(([key]) => key))
    expect(check(history)).toEqual([])
    expect(redirected).toBeGreaterThan(100)
    expect(history.exchanges.length).toBeGreaterThan(500)
  })
})

/** Returns a client that reaches every server through a proxy. */
async function proxiedClient(library: Library): Promise<{ proxies: readonly FaultProxy[]; client: RedisClient }> {
  const proxies = await Promise.all(cluster.nodes.map(({ host, port }) => new FaultProxy({ host, port }).listen()))
  onTestFinished(() => proxies.forEach((proxy) => proxy.close()))
  const detours: AddressMap = Object.fromEntries(
    cluster.nodes.map(({ host, port }, index) => [`${host}:${port}`, { host: '127.0.0.1', port: proxies[index]?.port ?? 0 }]),
  )
  const client = await clients[library](cluster, { detours })
  return { proxies, client }
}

async function replaceOnce(store: RedisStore, key: string): Promise<boolean> {
  const { version = '' } = (await store.load({ key, now: NOW })) ?? {}
  return (await store.replace({ key, entry: sampleEntry({ version: `${version}+` }), expected: version, now: NOW })).ok
}

/** Stores all rows under keys with one hash tag. */
function inOneSlot(store: RedisStore): Store {
  const tag = '{tag}'
  const tagged = <T extends { readonly key: string }>(operation: T): T => ({ ...operation, key: tag + operation.key })
  return {
    capabilities: store.capabilities,
    load: (operation) => store.load(tagged(operation)),
    create: (operation) => store.create(tagged(operation)),
    replace: (operation) => store.replace(tagged(operation)),
    touch: (operation) => store.touch(tagged(operation)),
    delete: (operation) => store.delete(tagged(operation)),
    deleteByIndex: ({ except, ...operation }) =>
      store.deleteByIndex({ ...operation, ...(except !== undefined && { except: tag + except }) }),
    async list(operation) {
      const { entries, ...rest } = await store.list(operation)
      return { ...rest, entries: entries.map(([key, entry]) => [key.slice(tag.length), entry] as const) }
    },
  }
}

/** Migrates the slot of a prefix to each of the other masters and back. */
async function migrateThroughAllMasters(prefix: string, betweenSteps: () => Promise<void>): Promise<void> {
  const [slot] = (await cluster.slotsOf([prefix])) as [number]
  const masters = await cluster.masters()
  const home = await cluster.ownerOf(slot)
  let from = home
  for (const to of [...masters.filter((node) => node !== home), home]) {
    await migrateSlot({ slot, from, to, masters, betweenSteps })
    from = to
  }
}

/** Returns how often clients were redirected to another server during `work`. */
async function countRedirections(work: () => Promise<void>): Promise<number> {
  const masters = await cluster.masters()
  const count = async (): Promise<number> => (await Promise.all(masters.map(redirectionsBy))).reduce((sum, each) => sum + each, 0)
  const before = await count()
  await work()
  return (await count()) - before
}

async function redirectionsBy(node: RedisNode): Promise<number> {
  const { errorstat_ASK = '=0', errorstat_MOVED = '=0' } = await node.info('errorstats')
  return [errorstat_ASK, errorstat_MOVED].reduce((sum, text) => sum + Number(text.split('=')[1]), 0)
}
