import { afterAll, describe, it } from 'vitest'
import { RedisStore } from '../../src/stores/redis.ts'
import { type Disaster, survive } from '../proof/survive.ts'
import { expectNothingElse, told } from '../proof/toll.ts'
import { freshPrefix } from '../services/redis-clients.ts'
import { type RedisCluster, startRedisCluster } from '../services/redis-cluster.ts'
import { ioCluster, nodeCluster } from '../services/redis-failover-clients.ts'
import { orSkip, type RedisNode, until } from '../services/redis-node.ts'

const started = orSkip(await startRedisCluster())
const cluster = started as RedisCluster
/** Other runs every day. */
const day = Math.floor(Date.now() / 86_400_000)

afterAll(() => started?.remove())

/** What happens to the master, and how it comes back: without what it knew, or with what it believes. */
const FATES = {
  killed: { strike: (master: RedisNode) => master.kill(), repair: (master: RedisNode) => master.start() },
  hung: { strike: async (master: RedisNode) => master.pause(), repair: async (master: RedisNode) => master.resume() },
}

describe.skipIf(started === undefined).each(['killed', 'hung'] as const)('a master of a Cluster is %s under load', (fate) => {
  it(`only what was not replicated is lost (seed ${day})`, { timeout: 180_000 }, async ({ annotate }) => {
    const prefix = freshPrefix()
    const stores = { redis: await storesOf(nodeCluster, prefix), ioredis: await storesOf(ioCluster, prefix) }
    const tolls = await survive(stores, await disaster(fate, prefix))
    await annotate(told(tolls))
    expectNothingElse(tolls)
  })
})

function storesOf(newClient: typeof ioCluster, prefix: string): Promise<RedisStore[]> {
  return Promise.all([0, 1].map(async () => new RedisStore({ client: await newClient(cluster), prefix })))
}

async function disaster(fate: keyof typeof FATES, prefix: string): Promise<Disaster> {
  const [master] = (await cluster.masters()) as [RedisNode]
  const slots = await cluster.slotsAt(master)
  const [slot] = [...slots] as [number]
  return {
    seed: day,
    async strike() {
      await FATES[fate].strike(master)
      await until('a new master', async () => (await cluster.ownerOf(slot)) !== master)
    },
    async repair() {
      await FATES[fate].repair(master)
      await cluster.whole()
    },
    async hit(keys) {
      const places = await cluster.slotsOf(keys.map((key) => `${prefix}session:${key}`))
      return new Set(keys.filter((_, index) => slots.has(places[index] as number)))
    },
  }
}
