import { Cluster, Redis } from 'ioredis'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis.ts'
import { HOUR, NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { startRedis } from '../../services/redis/redis.ts'
import { freshPrefix, ioRedis, LIBRARIES, newStore, REDIS } from '../../services/redis/redis-clients.ts'

const CONFIG = expect.objectContaining({ code: 'ERR_SESSION_CONFIG' })
const nodes = [{ host: '127.0.0.1', port: 1 }]

describe('the options of a RedisStore', () => {
  const client = createClient()

  it.each([
    ['client', 'redis://localhost'],
    ['client', {}],
    ['client', undefined],
    ['client', new Cluster(nodes, { lazyConnect: true, scaleReads: 'slave' })],
    ['prefix', 7],
    ['prefix', '\ud800'],
    ['onWarning', 'console'],
    ['pool', client],
  ])('reject an invalid value by name: %s', (option, value) => {
    const options = { client, [option]: value } as unknown as RedisStoreOptions
    expect(() => new RedisStore(options)).toThrow(CONFIG)
    expect(() => new RedisStore(options)).toThrow(`\`${option}\``)
  })

  it.each([undefined, {}, client])('require the client', (options) => {
    expect(() => new RedisStore(options as unknown as RedisStoreOptions)).toThrow(CONFIG)
  })

  it('accept the types of both libraries', () => {
    const stores = () => [
      new RedisStore({ client }),
      new RedisStore({ client: createClientPool() }),
      new RedisStore({ client: createCluster({ rootNodes: [] }) }),
      new RedisStore({ client: createSentinel({ name: 'a', sentinelRootNodes: nodes }) }),
      new RedisStore({ client: new Redis({ lazyConnect: true }) }),
      new RedisStore({ client: new Cluster(nodes, { lazyConnect: true }) }),
    ]
    expect(stores).not.toThrow()
  })
})

/** A store, the commands it sends, and a client to inspect the server. */
function newFixture(options: Partial<RedisStoreOptions> = {}) {
  const [redis, prefix, sent] = [ioRedis(), freshPrefix(), [] as string[]]
  const call = (name: string, args: string[]): Promise<unknown> => {
    sent.push(name)
    return redis.call(name, args)
  }
  const client = { status: 'ready', options: {}, on: () => undefined, call }
  return { redis, prefix, sent, store: new RedisStore({ client, prefix, onWarning: () => undefined, ...options }) }
}

describe.skipIf(REDIS === '')('a session in Redis', () => {
  it('is one key, and a write is one command, also with a user', async () => {
    const { store, redis, prefix, sent } = newFixture()
    const next = [sampleEntry(), sampleEntry()]
    const [first, user] = [sampleEntry(), sampleEntry({ userId: 'ada' })]
    await store.create({ key: 'a', entry: first })
    await store.create({ key: 'b', entry: user })
    expect((await redis.keys(`${prefix}*`)).sort()).toEqual([`${prefix}session:a`, `${prefix}session:b`, `${prefix}user:ada`])
    // Commands that are sent once per store and server.
    await store.replace({ key: 'a', entry: next[0] as never, expected: first.version, now: NOW })
    await store.touch({ key: 'a', expiresAt: NOW + 2 * HOUR, expected: (next[0] as never as { version: string }).version, now: NOW })
    sent.length = 0
    await store.load({ key: 'b', now: NOW })
    const again = sampleEntry({ userId: 'ada', expiresAt: NOW + HOUR + 1 })
    expect(await store.replace({ key: 'b', entry: again, expected: user.version, now: NOW })).toEqual({ ok: true })
    expect(await store.touch({ key: 'b', expiresAt: again.expiresAt + 1, expected: again.version, now: NOW })).toBe(true)
    expect(await store.delete({ key: 'b' })).toBe(true)
    // A touch, at most one an hour, adds the session to the list of its user again.
    expect(sent).toEqual(['get', 'evalsha', 'evalsha', 'evalsha', 'evalsha', 'del'])
  })

  it('is kept for an hour after it expires, whatever clock wrote it', async () => {
    const { store, redis, prefix } = newFixture()
    const minute = 60_000
    for (const now of [1_000_000, Date.now(), NOW]) {
      const entry = sampleEntry({ seenAt: now, expiresAt: now + minute })
      const left = async (): Promise<number> => Math.round((await redis.pttl(`${prefix}session:${now}`)) / minute)
      await store.create({ key: String(now), entry })
      expect(await left()).toBe(61)
      await store.touch({ key: String(now), expiresAt: now + 5 * minute, expected: entry.version, now })
      expect(await left()).toBe(65)
      await store.replace({
        key: String(now),
        entry: sampleEntry({ expiresAt: now + 9 * minute }),
        expected: entry.version,
        now: now + minute,
      })
      expect(await left()).toBe(68)
    }
  })

  it('may have a prefix with special characters of Redis, next to other keys', async () => {
    const { redis } = newFixture()
    const prefix = `${freshPrefix()}[a-z]*?\\{x:`
    const [mine, others] = [new RedisStore({ client: redis, prefix }), new RedisStore({ client: redis, prefix: `${prefix}b` })]
    for (const store of [mine, others]) await store.create({ key: 'user:ada', entry: sampleEntry({ userId: 'ada' }) })
    await redis.set(`${prefix}other`, 'not a session')
    expect((await mine.list({ now: NOW })).entries.map(([key]) => key)).toEqual(['user:ada'])
    expect(await mine.deleteByIndex({ index: 'userId', name: 'ada' })).toBe(1)
    expect(await others.load({ key: 'user:ada', now: NOW })).toBeDefined()
  })

  it('with an invalid value is an error, not an absent session', async () => {
    const { store, redis, prefix } = newFixture()
    await redis.set(`${prefix}session:a`, 'something')
    await redis.lpush(`${prefix}session:b`, 'a list')
    for (const key of ['a', 'b']) await expect(store.load({ key, now: NOW })).rejects.toThrow()
    await expect(store.list({ now: NOW, cursor: 'x' })).rejects.toEqual(expect.objectContaining({ code: 'ERR_SESSION_STORE' }))
  })
})

describe('a fresh load', () => {
  it('waits for a pending create of the key, which the client may send again', async () => {
    const [answer, sent] = [Promise.withResolvers<unknown>(), [] as string[]]
    const call = (name: string): Promise<unknown> => {
      sent.push(name)
      return name === 'set' ? answer.promise : Promise.resolve(null)
    }
    const store = new RedisStore({ client: { status: 'ready', options: {}, on: () => undefined, call } })
    const created = store.create({ key: 'a', entry: sampleEntry() })
    const found = store.load({ key: 'a', now: NOW, fresh: true })
    await store.load({ key: 'a', now: NOW })
    await store.load({ key: 'b', now: NOW, fresh: true })
    expect(sent.filter((name) => name === 'get')).toHaveLength(2)
    answer.resolve('OK')
    expect(await created).toEqual({ ok: true })
    expect(await found).toBeUndefined()
    expect(sent.filter((name) => name === 'get')).toHaveLength(3)
  })
})

describe.skipIf(REDIS === '')('a listing of all sessions', () => {
  it('is complete with any page size', async () => {
    const { store, redis, prefix } = newFixture()
    const keys = Array.from({ length: 2500 }, (_, index) => `key ${index}`)
    await Promise.all(keys.map((key) => store.create({ key, entry: sampleEntry() })))
    for (const limit of [400, 1, 1000, 10_000]) {
      const found: string[] = []
      let cursor: string | undefined
      do {
        const page = await store.list({ now: NOW, limit, ...(cursor === undefined ? {} : { cursor }) })
        expect(page.entries.length).toBeLessThanOrEqual(limit)
        found.push(...page.entries.map(([key]) => key))
        cursor = page.cursor
      } while (cursor !== undefined && found.length < (limit === 1 ? 30 : 3000))
      expect(new Set(found).size).toBe(found.length)
      if (limit > 1) expect(found.toSorted()).toEqual(keys.toSorted())
    }
    await redis.unlink(keys.map((key) => `${prefix}session:${key}`))
  })

  it('continues with the next SCAN after a page that ends with one', async () => {
    const record = `${timestamp(NOW + HOUR)}${timestamp(NOW)}${timestamp(0)}"v"\n\n["p",1,1,""]\n{}`
    const scans: Record<string, [string, string[]]> = { '0': ['5', ['a', 'b']], '5': ['0', ['c']] }
    const call = async (name: string, [cursor = '']: string[]): Promise<unknown> => {
      const [next, keys] = scans[cursor] ?? ['0', []]
      return name === 'scan' ? [next, keys.map((key) => `sojourn:session:${key}`)] : name === 'get' ? record : ''
    }
    const store = new RedisStore({ client: { status: 'ready', options: {}, on: () => undefined, call } })
    const first = await store.list({ now: NOW, limit: 2 })
    expect(first.entries.map(([key]) => key)).toEqual(['a', 'b'])
    const second = await store.list({ now: NOW, limit: 2, cursor: first.cursor as string })
    expect(second.entries.map(([key]) => key)).toEqual(['c'])
    expect(second.cursor).toBeUndefined()
  })
})

function timestamp(at: number): string {
  return String(at).padStart(16, '0')
}

describe.skipIf(REDIS === '')('the list of a user', () => {
  it('contains the session before its row is written', async () => {
    const { store, redis, prefix, sent } = newFixture()
    await store.create({ key: 'a', entry: sampleEntry() })
    sent.length = 0
    const [first] = (await store.list({ now: NOW })).entries.map(([, entry]) => entry.version)
    await store.replace({ key: 'a', entry: sampleEntry({ userId: 'ada' }), expected: first as string, now: NOW })
    expect(await redis.zrange(`${prefix}user:ada`, '0', '-1')).toEqual(['a'])
    // The first attempt found the session not listed and wrote nothing.
    expect(sent.filter((name) => name.startsWith('eval')).length).toBeGreaterThanOrEqual(3)
  })

  it('does not expire before its sessions, however often they are extended', async () => {
    const { store, redis, prefix } = newFixture()
    let [now, entry] = [NOW, sampleEntry({ userId: 'ada', seenAt: NOW })]
    await store.create({ key: 'a', entry })
    const lasts = async (name: string): Promise<number> => redis.pttl(prefix + name)
    for (let round = 0; round < 12; round += 1) {
      now += HOUR / 2
      if (round % 2 === 0) expect(await store.touch({ key: 'a', expiresAt: now + HOUR, expected: entry.version, now })).toBe(true)
      else {
        const next = sampleEntry({ userId: 'ada', expiresAt: now + HOUR })
        expect(await store.replace({ key: 'a', entry: next, expected: entry.version, now })).toEqual({ ok: true })
        entry = next
      }
      expect(await lasts('user:ada')).toBeGreaterThanOrEqual((await lasts('session:a')) - 60_000)
    }
    expect(await store.deleteByIndex({ index: 'userId', name: 'ada' })).toBe(1)
  })

  it('gets a lost session again when that is touched or extended', async () => {
    const { store, redis, prefix } = newFixture()
    const entry = sampleEntry({ userId: 'ada' })
    await store.create({ key: 'a', entry })
    await redis.del(`${prefix}user:ada`)
    expect(await store.touch({ key: 'a', expiresAt: entry.expiresAt, expected: entry.version, now: NOW })).toBe(true)
    expect(await redis.zrange(`${prefix}user:ada`, '0', '-1')).toEqual(['a'])
    await redis.del(`${prefix}user:ada`)
    await store.replace({
      key: 'a',
      entry: sampleEntry({ userId: 'ada', expiresAt: entry.expiresAt + HOUR }),
      expected: entry.version,
      now: NOW,
    })
    expect(await store.deleteByIndex({ index: 'userId', name: 'ada' })).toBe(1)
  })

  it('contains a session again that returns from another user', async () => {
    const { store } = newFixture()
    const [ada, eve, again] = ['ada', 'eve', 'ada'].map((userId) => sampleEntry({ userId })) as [any, any, any]
    await store.create({ key: 'a', entry: ada })
    await store.replace({ key: 'a', entry: eve, expected: ada.version, now: NOW })
    await store.replace({ key: 'a', entry: again, expected: eve.version, now: NOW })
    expect(await store.deleteByIndex({ index: 'userId', name: 'eve' })).toBe(0)
    expect(await store.deleteByIndex({ index: 'userId', name: 'ada' })).toBe(1)
  })

  it('loses sessions that ended an hour ago when new ones are added', async () => {
    const { store, redis, prefix } = newFixture()
    const count = (): Promise<number> => redis.zcard(`${prefix}user:ada`)
    await store.create({ key: 'current', entry: sampleEntry({ userId: 'ada', seenAt: NOW, expiresAt: NOW + 1000 * HOUR }) })
    for (let index = 0; index < 30; index += 1) {
      await store.create({ key: `old ${index}`, entry: sampleEntry({ userId: 'ada', seenAt: NOW }) })
      await store.delete({ key: `old ${index}` })
    }
    expect(await count()).toBe(31)
    const later = NOW + 2 * HOUR
    let login = 0
    const logIn = async (): Promise<number> => {
      await store.create({ key: `new ${login++}`, entry: sampleEntry({ userId: 'ada', seenAt: later, expiresAt: later + HOUR }) })
      return (await redis.zrange(`${prefix}user:ada`, '0', '-1')).filter((member) => member.startsWith('old')).length
    }
    await expect.poll(logIn, { timeout: 20_000, interval: 5 }).toBe(0)
    expect(await store.deleteByIndex({ index: 'userId', name: 'ada' })).toBe(login + 1)
  })
})

describe.skipIf(REDIS === '')('a server that evicts keys when its memory is full', () => {
  it.each(LIBRARIES)('causes one warning (%s)', async (library) => {
    const server = await startRedis('--maxmemory', '100mb', '--maxmemory-policy', 'volatile-lru')
    if (typeof server === 'string') throw new Error(server)
    onTestFinished(() => server.remove())
    const warnings: string[] = []
    const store = await newStore(library, server.url, { onWarning: (message) => warnings.push(message) })
    for (const key of ['a', 'b']) await store.load({ key, now: NOW })
    await expect.poll(() => warnings).toEqual([expect.stringContaining('volatile-lru')])
    for (const [setting, value] of [
      ['maxmemory-policy', 'noeviction'],
      ['maxmemory', '0'],
    ] as const) {
      server.command('config', 'set', 'maxmemory-policy', 'allkeys-lru')
      server.command('config', 'set', setting, value)
      const quiet = await newStore(library, server.url, { onWarning: (message) => warnings.push(message) })
      await quiet.load({ key: 'a', now: NOW })
      await quiet.load({ key: 'a', now: NOW })
    }
    expect(warnings).toHaveLength(1)
  })
})

describe.skipIf(REDIS === '')('RedisStore.close()', () => {
  it('does not close the client', async () => {
    const client = ioRedis()
    await new RedisStore({ client }).close()
    expect(await client.ping()).toBe('PONG')
  })
})
