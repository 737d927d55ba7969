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
/** Other runs every day. */
const day = Math.floor(Date.now() / 86_400_000)

afterAll(() => started?.remove())

for (const library of LIBRARIES) {
  const makeStore = async (): Promise<RedisStore> => new RedisStore({ client: await clients[library](group), prefix: freshPrefix() })
  storeSuite(`RedisStore, ${library}, through Sentinels`, makeStore, runner, { clearExpired: false })
}

runner.describe('a master under Sentinels fails under load', () => {
  it(`hung: only what was not replicated is lost (seed ${day})`, { timeout: 180_000 }, async ({ annotate }) => {
    // Without its detector, ioredis stays with a master that does not end the connection.
    const patient = (sentinels: RedisSentinels): Promise<RedisClient> => ioSentinel(sentinels, true)
    const costs = await measureFailover({ redis: await storesOf(nodeSentinel), ioredis: await storesOf(patient) }, await disaster('hung'))
    await annotate(formatCosts(costs))
    expectOnlyLosses(costs)
  })

  it(`killed: only what was not replicated is lost (seed ${day})`, { timeout: 180_000 }, async ({ annotate }) => {
    const costs = await measureFailover(
      { redis: await storesOf(nodeSentinel), ioredis: await storesOf(ioSentinel) },
      await disaster('killed'),
    )
    await annotate(formatCosts(costs))
    expectOnlyLosses(costs)
  })
})

function storesOf(newClient: (sentinels: RedisSentinels) => Promise<RedisClient>): Promise<RedisStore[]> {
  const prefix = freshPrefix()
  return Promise.all([0, 1].map(async () => new RedisStore({ client: await newClient(group), prefix })))
}

async function disaster(fate: 'killed' | 'hung'): Promise<Failover> {
  const master = await group.master()
  return {
    seed: day,
    async trigger() {
      if (fate === 'killed') await master.kill()
      else master.pause()
      await until('a new master', async () => (await group.master()) !== master)
    },
    // One that was killed stays away: the Sentinels take their time with it, and it has nothing to tell.
    async repair() {
      if (fate === 'killed') return
      master.resume()
      await group.whole()
    },
    affected: async (keys) => new Set(keys),
  }
}
