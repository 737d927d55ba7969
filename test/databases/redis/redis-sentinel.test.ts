import { afterAll, describe, it } from 'vitest'
import { type RedisClient, RedisStore } from '../../../src/stores/redis.ts'
import { storeSuite } from '../../../src/testing/store-suite.ts'
import { expectOnlyLosses, type Failover, formatCosts, measureFailover } from '../../proof/faults/failover.ts'
import { freshPrefix, LIBRARIES } from '../../services/redis/redis-clients.ts'
import { ioSentinel, nodeSentinel } from '../../services/redis/redis-failover-clients.ts'
import { orSkip, until } from '../../services/redis/redis-node.ts'
import { type RedisSentinels, startRedisSentinels } from '../../services/redis/redis-sentinel.ts'

const started = orSkip(await startRedisSentinels())
const group = started as RedisSentinels
const runner = { describe: describe.skipIf(started === undefined), it }
const clients = { redis: nodeSentinel, ioredis: ioSentinel }
/** A different seed every day. */
const day = Math.floor(Date.now() / 86_400_000)

afterAll(() => started?.remove())

for (const library of LIBRARIES) {
  const makeStore = async (): Promise<RedisStore> => new RedisStore({ client: await clients[library](group), prefix: freshPrefix() })
  storeSuite(`RedisStore, ${library}, through Sentinels`, makeStore, runner, { clearExpired: false })
}

runner.describe('a master under Sentinels fails under load', () => {
  it(`hung: only writes that were not replicated are lost (seed ${day})`, { timeout: 180_000 }, async ({ annotate }) => {
    // Without its detector, ioredis stays connected to a master that hangs.
    const withDetector = (sentinels: RedisSentinels): Promise<RedisClient> => ioSentinel(sentinels, true)
    const costs = await measureFailover(
      { redis: await storesOf(nodeSentinel), ioredis: await storesOf(withDetector) },
      await masterFailure('hung'),
    )
    await annotate(formatCosts(costs))
    expectOnlyLosses(costs)
  })

  it(`killed: only writes that were not replicated are lost (seed ${day})`, { timeout: 180_000 }, async ({ annotate }) => {
    const costs = await measureFailover(
      { redis: await storesOf(nodeSentinel), ioredis: await storesOf(ioSentinel) },
      await masterFailure('killed'),
    )
    await annotate(formatCosts(costs))
    expectOnlyLosses(costs)
  })
})

function storesOf(newClient: (sentinels: RedisSentinels) => Promise<RedisClient>): Promise<RedisStore[]> {
  const prefix = freshPrefix()
  return Promise.all([0, 1].map(async () => new RedisStore({ client: await newClient(group), prefix })))
}

async function masterFailure(kind: 'killed' | 'hung'): Promise<Failover> {
  const master = await group.master()
  return {
    seed: day,
    async trigger() {
      if (kind === 'killed') await master.kill()
      else master.pause()
      await until('a new master', async () => (await group.master()) !== master)
    },
    // A killed master is not restarted: the Sentinels take long to add it again, and it has no
    // data.
    async repair() {
      if (kind === 'killed') return
      master.resume()
      await group.waitUntilHealthy()
    },
    affected: async (keys) => new Set(keys),
  }
}
