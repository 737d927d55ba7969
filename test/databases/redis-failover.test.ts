import { afterAll, describe, expect, it } from 'vitest'
import { RedisStore } from '../../src/stores/redis.ts'
import { type Disaster, survive, type Toll } from '../proof/outage.ts'
import { freshPrefix } from '../services/redis-clients.ts'
import { type RedisCluster, startRedisCluster } from '../services/redis-cluster.ts'
import { newCluster, newIoCluster } from '../services/redis-failover-clients.ts'
import { orSkip, type RedisNode, until } from '../services/redis-node.ts'

const started = orSkip(await startRedisCluster())
const cluster = started as RedisCluster
const day = Math.floor(Date.now() / 86_400_000)
afterAll(() => started?.remove())

describe.skipIf(started === undefined)('a master of a Cluster fails under load', () => {
  it.each([false, true])(`it is killed (tuned %s) (seed ${day})`, { timeout: 120_000 }, async (tuned) => {
    const prefix = freshPrefix()
    const { master, ...disaster } = await disasterOf(prefix)
    const tolls = await survive(await groups(prefix, tuned), {
      ...disaster,
      strike: async () => {
        await master.kill()
        await disaster.strike()
      },
      repair: async () => {
        await master.start()
        await disaster.repair()
      },
    })
    judge(tolls)
  })
  it.each([true, false])(`it is paused (tuned %s) (seed ${day})`, { timeout: 120_000 }, async (tuned) => {
    const prefix = freshPrefix()
    const { master, ...disaster } = await disasterOf(prefix)
    const tolls = await survive(await groups(prefix, tuned), {
      ...disaster,
      strike: async () => {
        master.pause()
        await disaster.strike()
      },
      repair: async () => {
        master.resume()
        await disaster.repair()
      },
    })
    judge(tolls)
  })
})

async function groups(prefix: string, tuned: boolean) {
  const redis = async () =>
    new RedisStore({
      client: await newCluster(
        cluster,
        tuned ? { topologyRefreshOnReconnectionAttemptStrategy: 500, defaults: { pingInterval: 1000, socket: { socketTimeout: 2000 } } } : {},
      ),
      prefix,
    })
  const ioredis = async () => new RedisStore({ client: newIoCluster(cluster, tuned ? { redisOptions: { socketTimeout: 2000 } } : {}), prefix })
  return { redis: [await redis(), await redis()], ioredis: [await ioredis(), await ioredis()] }
}

async function disasterOf(prefix: string): Promise<Disaster & { master: RedisNode }> {
  const [master] = (await cluster.masters()) as [RedisNode]
  const slots = await cluster.slotsAt(master)
  const [slot] = slots as unknown as [number]
  return {
    master,
    seed: day,
    async strike() {
      const t = Date.now()
      await until('a new master', async () => (await cluster.ownerOf([...slots][0] as number)) !== master)
      console.log('new master', Date.now() - t)
    },
    repair: () => cluster.whole(),
    async hit(keys) {
      const at = await cluster.slotsOf(keys.map((key) => `${prefix}session:${key}`))
      return new Set(keys.filter((_, index) => slots.has(at[index] as number)))
    },
  }
}

function judge(tolls: Record<string, Toll>): void {
  for (const [name, { wrong, ...toll }] of Object.entries(tolls)) {
    console.log(name, JSON.stringify(toll), wrong.slice(0, 10))
  }
  for (const { wrong } of Object.values(tolls)) expect(wrong).toEqual([])
}
