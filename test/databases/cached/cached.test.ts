// A cached store on real servers: the suite, and what processes with a cache each tell each other.
import pg from 'pg'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Entry } from '../../../src/core/store/store.ts'
import { CachedStore, type Invalidation, postgresInvalidation, redisInvalidation } from '../../../src/stores/cached.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { PostgresStore } from '../../../src/stores/postgres.ts'
import { RedisStore } from '../../../src/stores/redis.ts'
import { HOUR, NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { storeSuite } from '../../../src/testing/store-suite.ts'
import { FaultProxy } from '../../proof/proxy/fault-proxy.ts'
import { freshTable, newPool, POSTGRES } from '../../services/postgres/postgres-pool.ts'
import { freshPrefix, ioRedis, nodeRedis, REDIS } from '../../services/redis/redis-clients.ts'

const runner = { describe: describe.skipIf(POSTGRES === '' || REDIS === ''), it }

if (POSTGRES !== '' && REDIS !== '') {
  const [pool, redis] = [newPool(), await nodeRedis()]
  const truth = (): PostgresStore => new PostgresStore({ pool, table: freshTable() })
  const inRedis = (): RedisStore => new RedisStore({ client: redis, prefix: freshPrefix() })
  storeSuite(
    'CachedStore, Redis in front of PostgreSQL',
    () => new CachedStore({ store: truth(), cache: inRedis(), maxStale: '1m' }),
    runner,
  )
  storeSuite(
    'CachedStore, memory in front of PostgreSQL',
    () => new CachedStore({ store: truth(), cache: new MemoryStore(), maxStale: '1m' }),
    runner,
  )
}

/** Two processes with a cache each, and what carries their messages. */
interface Pair {
  readonly truth: PostgresStore
  readonly one: CachedStore
  readonly other: CachedStore
  readonly warnings: string[]
}

async function pair(carry: () => Promise<Invalidation>, carryOther: () => Promise<Invalidation> = carry): Promise<Pair> {
  const truth = new PostgresStore({ pool: newPool(), table: freshTable() })
  const warnings: string[] = []
  const cached = async (invalidation: Invalidation): Promise<CachedStore> => {
    const options = { onWarning: (message: string) => void warnings.push(message), invalidation }
    const store = new CachedStore({ store: truth, cache: new MemoryStore(), maxStale: '1h', ...options })
    onTestFinished(() => store.close())
    return store
  }
  return { truth, one: await cached(await carry()), other: await cached(await carryOther()), warnings }
}

/** A new session that both have in their caches. */
async function cachedByBoth({ truth, one, other }: Pair, userId?: string): Promise<{ key: string; entry: Entry }> {
  const [key, entry] = [freshPrefix(), sampleEntry(userId === undefined ? {} : { userId })]
  await truth.create({ key, entry })
  for (const store of [one, other]) await until(async () => expect(await isCached(store, truth, key)).toBe(true))
  return { key, entry }
}

/** Whether a change that the cache does not hear of is not seen. The change is taken back by the next one. */
async function isCached(store: CachedStore, truth: PostgresStore, key: string): Promise<boolean> {
  const before = await store.load({ key, now: NOW })
  const next = { ...(before as Entry), expiresAt: (before as Entry).expiresAt + 1 }
  await truth.touch({ key, expiresAt: next.expiresAt, expected: next.version, now: NOW })
  return (await store.load({ key, now: NOW }))?.expiresAt !== next.expiresAt
}

function until(check: () => Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 20_000, interval: 10 })
}

const channels: Readonly<Record<string, () => Promise<Invalidation>>> = {
  redis: async () => redisInvalidation({ publisher: (await nodeRedis()) as never, subscriber: (await nodeRedis()) as never, channel }),
  ioredis: async () => redisInvalidation({ publisher: ioRedis(), subscriber: ioRedis(), channel }),
  PostgreSQL: async () => postgresInvalidation({ connect: () => listener(POSTGRES), channel: `${channel} "quoted"` }),
}
const channel = freshPrefix()

async function listener(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2000 })
  await client.connect()
  return client
}

describe.skipIf(POSTGRES === '' || REDIS === '').each(Object.entries(channels))('processes that tell each other through %s', (_, carry) => {
  it('see at once what another changed, deleted or ended for a user', async () => {
    const processes = await pair(carry)
    const { one, other } = processes
    const { key, entry } = await cachedByBoth(processes, 'ada')
    const next = sampleEntry({ userId: 'ada' })
    await one.replace({ key, entry: next, expected: entry.version, now: NOW })
    await until(async () => expect(await other.load({ key, now: NOW })).toEqual(next))
    await other.touch({ key, expiresAt: NOW + 3 * HOUR, expected: next.version, now: NOW })
    await until(async () => expect(await one.load({ key, now: NOW })).toMatchObject({ expiresAt: NOW + 3 * HOUR }))
    expect(await one.deleteByIndex?.({ index: 'userId', name: 'ada' })).toBe(1)
    await until(async () => expect(await other.load({ key, now: NOW })).toBeUndefined())
    const second = await cachedByBoth(processes)
    await other.delete({ key: second.key })
    await until(async () => expect(await one.load({ key: second.key, now: NOW })).toBeUndefined())
    expect(processes.warnings).toEqual([])
  })
})

/** Of the same channel: through the server itself, and through a network that can be spoilt. */
const networks = {
  redis: async (proxy: FaultProxy) => {
    const subscriber = (await nodeRedis({ url: `redis://127.0.0.1:${proxy.port}` })) as never
    return redisInvalidation({ publisher: (await nodeRedis()) as never, subscriber, channel })
  },
  ioredis: async (proxy: FaultProxy) =>
    redisInvalidation({ publisher: ioRedis(), subscriber: ioRedis({}, `redis://127.0.0.1:${proxy.port}`), channel }),
  PostgreSQL: async (proxy: FaultProxy) => {
    const url = new URL(POSTGRES)
    url.port = String(proxy.port)
    return postgresInvalidation({ connect: () => listener(url.href), channel: `${channel} "quoted"` })
  },
}

describe.skipIf(POSTGRES === '' || REDIS === '').each(Object.entries(networks))('a process that misses messages of %s', (name, behind) => {
  const server = name === 'PostgreSQL' ? POSTGRES : REDIS

  it.each(['reset', 'black hole'] as const)('asks the store until it hears again, and then knows nothing of before: %s', async (fault) => {
    const proxy = await new FaultProxy({ port: Number(new URL(server).port) }).listen()
    onTestFinished(() => proxy.close())
    const processes = await pair(channels[name] as () => Promise<Invalidation>, () => behind(proxy))
    const { one, other, truth, warnings } = processes
    const { key } = await cachedByBoth(processes)
    const second = await cachedByBoth(processes)
    if (fault === 'reset') {
      proxy.refuse()
      proxy.resetAll()
    } else proxy.fault = { blackHole: 'both' }
    await one.delete({ key })
    await until(async () => expect(await other.load({ key, now: NOW })).toBeUndefined())
    expect(await isCached(other, truth, second.key)).toBe(false)
    expect(await isCached(one, truth, second.key)).toBe(true)
    await until(async () => expect(warnings).toEqual([expect.stringContaining('does not hear')]))
    await truth.delete({ key: second.key })
    proxy.fault = {}
    if (fault === 'reset') await proxy.listen()
    else proxy.resetAll()
    const third = sampleEntry()
    await truth.create({ key: `${key}3`, entry: third })
    await until(async () => expect(await isCached(other, truth, `${key}3`)).toBe(true))
    expect(await other.load({ key: second.key, now: NOW })).toBeUndefined()
  })
})

describe.skipIf(POSTGRES === '')('a process that could not tell', () => {
  it('makes up for it: the others forget everything', async () => {
    const proxy = await new FaultProxy({ port: Number(new URL(POSTGRES).port) }).listen()
    onTestFinished(() => proxy.close())
    const processes = await pair(channels['PostgreSQL'] as () => Promise<Invalidation>, () => networks.PostgreSQL(proxy))
    const { one, other } = processes
    const { key } = await cachedByBoth(processes)
    proxy.refuse()
    proxy.resetAll()
    await other.delete({ key })
    await proxy.listen()
    await until(async () => expect(await one.load({ key, now: NOW })).toBeUndefined())
  })
})
