import { afterAll, describe, expect, it } from 'vitest'
import { RedisStore } from '../../src/stores/redis.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'
import { type Disaster, survive, type Toll } from '../proof/outage.ts'
import { freshPrefix } from '../services/redis-clients.ts'
import { newIoSentinel, newSentinel } from '../services/redis-failover-clients.ts'
import { orSkip, type RedisNode, until } from '../services/redis-node.ts'
import { type RedisSentinels, startRedisSentinels } from '../services/redis-sentinel.ts'

const started = orSkip(await startRedisSentinels())
const group = started as RedisSentinels
const day = Math.floor(Date.now() / 86_400_000)
afterAll(() => started?.remove())
const runner = { describe: describe.skipIf(started === undefined), it }
const CLIENTS = { redis: newSentinel, ioredis: newIoSentinel } as const

for (const name of ['redis', 'ioredis'] as const) {
  storeSuite(
    `RedisStore, ${name}, through Sentinels`,
    async () => new RedisStore({ client: await CLIENTS[name](group), prefix: freshPrefix() }),
    runner,
    { clearExpired: false },
  )
}

describe.skipIf(started === undefined)('a master under Sentinels fails under load', () => {
  for (const tuned of [false, true])
    for (const how of ['kill', 'pause'] as const)
      it(`${how} (tuned ${tuned}) (seed ${day})`, { timeout: 120_000 }, async () => {
        const prefix = freshPrefix()
        const master = await group.master()
        const redis = async () => new RedisStore({ client: await newSentinel(group), prefix })
        const ioredis = async () =>
          new RedisStore({ client: newIoSentinel(group, tuned ? { failoverDetector: true, socketTimeout: 2000 } : {}), prefix })
        const tolls = await survive(
          { redis: [await redis(), await redis()], ioredis: [await ioredis(), await ioredis()] },
          {
            seed: day,
            async strike() {
              const t = Date.now()
              if (how === 'kill') await master.kill()
              else master.pause()
              await until('a new master', async () => (await group.master()) !== master)
              console.log('new master', Date.now() - t)
            },
            async repair() {
              const t = Date.now()
              if (how === 'kill') await master.start()
              else master.resume()
              await group.whole()
              console.log('repair', Date.now() - t)
            },
            hit: async (keys) => new Set(keys),
          },
        )
        judge(tolls)
      })
})

function judge(tolls: Record<string, Toll>): void {
  for (const [name, { wrong, ...toll }] of Object.entries(tolls)) {
    console.log(name, JSON.stringify(toll), wrong.slice(0, 10))
  }
  for (const { wrong } of Object.values(tolls)) expect(wrong).toEqual([])
}
