// A cached store on real servers: the suite, and invalidations between processes with private
// caches.
import pg from 'pg'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Channel, postgresChannel, redisChannel } from '../../../src/channels/channels.ts'
import type { Entry } from '../../../src/core/store/store.ts'
import { CachedStore } from '../../../src/stores/cached.ts'
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

/** Two processes with private caches and one store. */
interface Pair {
  readonly truth: PostgresStore
  readonly one: CachedStore
  readonly other: CachedStore
  readonly warnings: string[]
}

async function pair(open: () => Promise<Channel>, openOther: () => Promise<Channel> = open): Promise<Pair> {
  const truth = new PostgresStore({ pool: newPool(), table: freshTable() })
  const warnings: string[] = []
  const cached = async (channel: Channel): Promise<CachedStore> => {
    const options = { onWarning: (message: string) => void warnings.push(message), channel }
    const store = new CachedStore({ store: truth, cache: new MemoryStore(), maxStale: '1h', ...options })
    onTestFinished(() => store.close())
    return store
  }
  return { truth, one: await cached(await open()), other: await cached(await openOther()), warnings }
}

/** Creates a session that is in both caches. */
async function cachedByBoth({ truth, one, other }: Pair, userId?: string): Promise<{ key: string; entry: Entry }> {
  const [key, entry] = [freshPrefix(), sampleEntry(userId === undefined ? {} : { userId })]
  await truth.create({ key, entry })
  for (const store of [one, other]) await until(async () => expect(await isCached(store, truth, key)).toBe(true))
  return { key, entry }
}

/**
 * Whether a read misses a change that bypassed the cached store. Each call makes another change.
 */
async function isCached(store: CachedStore, truth: PostgresStore, key: string): Promise<boolean> {
  const before = await store.load({ key, now: NOW })
  const next = { ...(before as Entry), expiresAt: (before as Entry).expiresAt + 1 }
  await truth.touch({ key, expiresAt: next.expiresAt, expected: next.version, now: NOW })
  return (await store.load({ key, now: NOW }))?.expiresAt !== next.expiresAt
}

function until(check: () => Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 20_000, interval: 10 })
}

const channels: Readonly<Record<string, () => Promise<Channel>>> = {
  redis: async () => redisChannel({ publisher: (await nodeRedis()) as never, subscriber: (await nodeRedis()) as never, name: NAME }),
  ioredis: async () => redisChannel({ publisher: ioRedis(), subscriber: ioRedis(), name: NAME }),
  PostgreSQL: async () => postgresChannel({ connect: () => listener(POSTGRES), name: `${NAME} "quoted"` }),
}
const NAME = freshPrefix()

async function listener(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2000 })
  await client.connect()
  return client
}

describe.skipIf(POSTGRES === '' || REDIS === '').each(Object.entries(channels))('processes with a channel through %s', (_, open) => {
  it('see at once a change, a deletion and the end of the sessions of a user by another process', async () => {
    const processes = await pair(open)
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

/** The same channels, through a proxy that injects faults. */
const proxied = {
  redis: async (proxy: FaultProxy) => {
    const subscriber = (await nodeRedis({ url: `redis://127.0.0.1:${proxy.port}` })) as never
    return redisChannel({ publisher: (await nodeRedis()) as never, subscriber, name: NAME })
  },
  ioredis: async (proxy: FaultProxy) =>
    redisChannel({ publisher: ioRedis(), subscriber: ioRedis({}, `redis://127.0.0.1:${proxy.port}`), name: NAME }),
  PostgreSQL: async (proxy: FaultProxy) => {
    const url = new URL(POSTGRES)
    url.port = String(proxy.port)
    return postgresChannel({ connect: () => listener(url.href), name: `${NAME} "quoted"` })
  },
}

describe.skipIf(POSTGRES === '' || REDIS === '').each(Object.entries(proxied))(
  'a process that misses messages of %s',
  (name, openProxied) => {
    const server = name === 'PostgreSQL' ? POSTGRES : REDIS

    it.each(['reset', 'black hole'] as const)(
      'reads from the store until the channel works again, and drops all older rows: %s',
      async (fault) => {
        const proxy = await new FaultProxy({ port: Number(new URL(server).port) }).listen()
        onTestFinished(() => proxy.close())
        const processes = await pair(channels[name] as () => Promise<Channel>, () => openProxied(proxy))
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
        await until(async () => expect(warnings).toEqual([expect.stringContaining('the channel was interrupted')]))
        await truth.delete({ key: second.key })
        proxy.fault = {}
        if (fault === 'reset') await proxy.listen()
        else proxy.resetAll()
        const third = sampleEntry()
        await truth.create({ key: `${key}3`, entry: third })
        await until(async () => expect(await isCached(other, truth, `${key}3`)).toBe(true))
        expect(await other.load({ key: second.key, now: NOW })).toBeUndefined()
      },
    )
  },
)

describe.skipIf(POSTGRES === '')('a process that could not publish an invalidation', () => {
  it('makes the other processes drop all their rows', async () => {
    const proxy = await new FaultProxy({ port: Number(new URL(POSTGRES).port) }).listen()
    onTestFinished(() => proxy.close())
    const processes = await pair(channels['PostgreSQL'] as () => Promise<Channel>, () => proxied.PostgreSQL(proxy))
    const { one, other } = processes
    const { key } = await cachedByBoth(processes)
    proxy.refuse()
    proxy.resetAll()
    await other.delete({ key })
    await proxy.listen()
    await until(async () => expect(await one.load({ key, now: NOW })).toBeUndefined())
  })
})
