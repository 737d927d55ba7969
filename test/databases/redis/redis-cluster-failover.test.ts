import { afterAll, describe, expect, it } from 'vitest'
import { RedisStore } from '../../../src/stores/redis.ts'
import { NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { expectOnlyLosses, type Failover, type FailoverCost, formatCosts, measureFailover } from '../../proof/faults/failover.ts'
import { freshPrefix } from '../../services/redis/redis-clients.ts'
import { type RedisCluster, startRedisCluster } from '../../services/redis/redis-cluster.ts'
import { ioCluster, nodeCluster } from '../../services/redis/redis-failover-clients.ts'
import { orSkip, type RedisNode, until } from '../../services/redis/redis-node.ts'

const started = orSkip(await startRedisCluster())
const cluster = started as RedisCluster
/** A different seed every day. */
const day = Math.floor(Date.now() / 86_400_000)

afterAll(() => started?.remove())

describe.skipIf(started === undefined)('a master of a Cluster fails under load', () => {
  it(`killed: only writes that were not replicated are lost (seed ${day})`, { timeout: 180_000 }, async ({ annotate }) => {
    const costs = await failMaster(({ master }) => ({ trigger: () => master.kill(), repair: () => master.start() }))
    await annotate(formatCosts(costs))
  })

  it(`hung: only writes that were not replicated are lost (seed ${day})`, { timeout: 180_000 }, async ({ annotate }) => {
    const costs = await failMaster(({ master }) => ({ trigger: async () => master.pause(), repair: async () => master.resume() }))
    await annotate(formatCosts(costs))
  })

  it(`killed while its replica was cut off: the lost writes are counted (seed ${day})`, { timeout: 180_000 }, async ({ annotate }) => {
    const costs = await failMaster(({ master, replica }) => ({
      prepare: () => cutOff(replica, master),
      async trigger() {
        await master.kill()
        replica.resume()
      },
      repair: () => master.start(),
    }))
    await annotate(formatCosts(costs))
    for (const { lost } of Object.values(costs)) expect(lost).toBeGreaterThan(0)
  })
})

describe.skipIf(started === undefined)('a master with `min-replicas-to-write 1`', () => {
  it('refuses to write without its replica, and a refused write has no effect', { timeout: 60_000 }, async () => {
    const prefix = freshPrefix()
    const [master] = (await cluster.masters()) as [RedisNode]
    const replica = await cluster.replicaOf(master)
    const key = await keyAt(master, prefix)
    const entry = sampleEntry({ version: '1' })
    const [redis, ioredis] = (await Promise.all([nodeCluster, ioCluster].map((make) => storesOf(make, prefix)))).flatMap(
      ([first]) => first as RedisStore,
    ) as [RedisStore, RedisStore]
    await redis.create({ key, entry })
    await master.command('CONFIG', 'SET', 'min-replicas-to-write', '1')
    await cutOff(replica, master)
    try {
      for (const store of [redis, ioredis]) {
        const refused = expect.objectContaining({ code: 'ERR_SESSION_STORE', applied: false })
        await expect(store.replace({ key, entry: sampleEntry({ version: '2' }), expected: '1', now: NOW })).rejects.toEqual(refused)
        await expect(store.delete({ key })).rejects.toEqual(refused)
        expect(await store.load({ key, now: NOW })).toEqual(entry)
      }
    } finally {
      replica.resume()
      await master.command('CONFIG', 'SET', 'min-replicas-to-write', '0')
      await cluster.waitUntilHealthy()
    }
  })
})

interface Pair {
  readonly master: RedisNode
  readonly replica: RedisNode
}

/**
 * Makes one master fail during requests through both libraries. No anomaly other than the counted
 * losses is allowed.
 */
async function failMaster(
  failureOf: (pair: Pair) => Pick<Failover, 'prepare' | 'trigger' | 'repair'>,
): Promise<Record<string, FailoverCost>> {
  const prefix = freshPrefix()
  const [master] = (await cluster.masters()) as [RedisNode]
  const slots = await cluster.slotsAt(master)
  const [slot] = [...slots] as [number]
  const { trigger, repair, ...before } = failureOf({ master, replica: await cluster.replicaOf(master) })
  const stores = { redis: await storesOf(nodeCluster, prefix), ioredis: await storesOf(ioCluster, prefix) }
  const costs = await measureFailover(stores, {
    ...before,
    seed: day,
    async trigger() {
      await trigger()
      await until('a new master', async () => (await cluster.ownerOf(slot)) !== master)
    },
    async repair() {
      await repair()
      await cluster.waitUntilHealthy()
    },
    async affected(keys) {
      const places = await cluster.slotsOf(keys.map((key) => `${prefix}session:${key}`))
      return new Set(keys.filter((_, index) => slots.has(places[index] as number)))
    },
  })
  expectOnlyLosses(costs)
  return costs
}

function storesOf(newClient: typeof ioCluster, prefix: string): Promise<RedisStore[]> {
  return Promise.all([0, 1].map(async () => new RedisStore({ client: await newClient(cluster), prefix })))
}

/** Returns a key whose row is on the master. */
async function keyAt(master: RedisNode, prefix: string): Promise<string> {
  const slots = await cluster.slotsAt(master)
  const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`)
  const places = await cluster.slotsOf(keys.map((key) => `${prefix}session:${key}`))
  return keys.find((_, index) => slots.has(places[index] as number)) as string
}

/** Disconnects the replica from its master, until it is resumed. */
async function cutOff(replica: RedisNode, master: RedisNode): Promise<void> {
  replica.pause()
  await master.command('CLIENT', 'KILL', 'TYPE', 'replica')
}
