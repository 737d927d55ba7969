import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClientPool } from 'redis'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createSessions, type Sessions } from '../../../src/index.ts'
import { RedisStore } from '../../../src/stores/redis.ts'
import { NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { FaultProxy } from '../../proof/proxy/fault-proxy.ts'
import { type RedisServer, startRedis } from '../../services/redis/redis.ts'
import { freshPrefix, ioRedis, LIBRARIES, type Library, newStore, nodeRedis, REDIS } from '../../services/redis/redis-clients.ts'

const failure = (applied: false | undefined): unknown => expect.objectContaining({ code: 'ERR_SESSION_STORE', applied })
const QUICK = { operation: '1s', request: '10s' } as const

/** A separate server, because it is stopped, filled and restarted. */
let server: RedisServer

beforeAll(async () => {
  if (REDIS === '') return
  const started = await startRedis()
  if (typeof started === 'string') throw new Error(started)
  server = started
})
afterAll(() => server?.remove())

/** A store that is connected through a proxy that injects faults. */
async function proxied(library: Library): Promise<{ proxy: FaultProxy; sessions: Sessions<any>; store: RedisStore }> {
  const proxy = await new FaultProxy({ port: server.port }).listen()
  onTestFinished(() => proxy.close())
  const store = await newStore(library, `redis://127.0.0.1:${proxy.port}`)
  return { proxy, store, sessions: createSessions<any>({ store, timeout: QUICK }) }
}

/** Creates a session with `n: 1` and a kilobyte of data. */
async function newCounter(sessions: Sessions<any>): Promise<{ readonly id: string; readonly read: () => Promise<unknown> }> {
  const session = sessions.create()
  session.assign({ n: 1, ballast: 'x'.repeat(1000) })
  await session.save()
  const id = session.id as string
  return { id, read: async () => (await sessions.load(id)).get('n') }
}

function callsOf(command: string): number {
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(server.command('info', 'commandstats'))?.[1] ?? 0)
}

describe.skipIf(REDIS === '').each(LIBRARIES)('lost replies (%s)', (library) => {
  it('apply an update once, even if the command is sent again', async () => {
    const { proxy, sessions } = await proxied(library)
    const { id, read } = await newCounter(sessions)
    const session = await sessions.load(id)
    session.update('n', (n: number) => n + 1)
    const before = callsOf('evalsha')
    proxy.fault = { blackHole: 'down' }
    const saved = session.save()
    await expect.poll(() => callsOf('evalsha'), { timeout: 5000 }).toBe(before + 1)
    proxy.fault = {}
    proxy.resetAll()
    await saved
    expect(await read()).toBe(2)
    if (library === 'ioredis') expect(callsOf('evalsha')).toBeGreaterThan(before + 1)
  })

  it('create one session', async () => {
    const { proxy, sessions, store } = await proxied(library)
    await store.load({ key: 'connect', now: NOW })
    const before = callsOf('set')
    const session = sessions.create()
    session.set('n', 1)
    proxy.fault = { blackHole: 'down' }
    const saved = session.save()
    await expect.poll(() => callsOf('set'), { timeout: 5000 }).toBeGreaterThan(before)
    proxy.fault = {}
    proxy.resetAll()
    await saved
    expect((await sessions.load(session.id as string)).get('n')).toBe(1)
    expect((await store.list({ now: 0 })).entries).toHaveLength(1)
  })

  it('during a hundred updates lose no acknowledged update and double none', { timeout: 60_000 }, async () => {
    const proxy = await new FaultProxy({
      port: server.port,
      plan: (_, random) => ({ cut: { after: random.int(9000, 14_000), direction: 'down', how: 'reset' } }),
    }).listen()
    onTestFinished(() => proxy.close())
    const quiet = await newStore(library, server.url, { prefix: `now and then ${library}:` })
    const faulty = await newStore(library, `redis://127.0.0.1:${proxy.port}`, { prefix: `now and then ${library}:` })
    const { id, read } = await newCounter(createSessions<any>({ store: quiet }))
    const sessions = createSessions<any>({ store: faulty, timeout: QUICK })
    const outcomes = { done: 0, unknown: 0 }
    const countOne = async (): Promise<void> => {
      try {
        const own = await sessions.load(id)
        own.update('n', (n: number) => n + 1)
        await own.save()
        outcomes.done += 1
      } catch (error) {
        if ((error as { code?: string }).code === 'ERR_SESSION_COMMIT_UNKNOWN') outcomes.unknown += 1
      }
    }
    for (let round = 0; round < 20; round += 1) await Promise.all(Array.from({ length: 5 }, countOne))
    const counted = Number(await read()) - 1
    expect(counted).toBeGreaterThanOrEqual(outcomes.done)
    expect(counted).toBeLessThanOrEqual(outcomes.done + outcomes.unknown)
    expect(outcomes.done).toBeGreaterThan(20)
    expect(proxy.log.filter(({ event }) => event.startsWith('cut')).length).toBeGreaterThan(3)
  })
})

describe.skipIf(REDIS === '').each(LIBRARIES)('a connection (%s)', (library) => {
  it('does not affect the next command when it is closed', async () => {
    const { store } = await proxied(library)
    const entry = sampleEntry()
    await store.create({ key: 'a', entry })
    server.command('client', 'kill', 'type', 'normal')
    await expect.poll(() => store.load({ key: 'a', now: NOW }).catch(() => undefined), { timeout: 5000 }).toEqual(entry)
  })

  it('makes a request time out while there are no replies, and works again after a reset', async () => {
    const { proxy, sessions, store } = await proxied(library)
    const { id, read } = await newCounter(sessions)
    proxy.fault = { blackHole: 'both' }
    await expect(sessions.load(id).then((session) => session.get('n'))).rejects.toEqual(failure(undefined))
    proxy.fault = {}
    proxy.resetAll()
    expect(await read()).toBe(1)
    expect((await store.list({ now: 0 })).entries).toHaveLength(1)
  })

  it('never returns a part of a reply when it breaks', { timeout: 30_000 }, async () => {
    const entry = sampleEntry({ payload: JSON.stringify('x'.repeat(100_000)) })
    const quiet = await newStore(library, server.url, { prefix: `half ${library}:` })
    await quiet.create({ key: 'a', entry })
    const proxy = await new FaultProxy({
      port: server.port,
      plan: (connection) => (connection <= 3 ? { cut: { after: 50_000, direction: 'down', how: 'reset' } } : {}),
    }).listen()
    onTestFinished(() => proxy.close())
    const store = await newStore(library, `redis://127.0.0.1:${proxy.port}`, { prefix: `half ${library}:` })
    await expect.poll(() => store.load({ key: 'a', now: NOW }).catch(() => undefined), { timeout: 10_000 }).toEqual(entry)
  })

  it('is kept when it is slow', async () => {
    const { proxy, sessions } = await proxied(library)
    const { id, read } = await newCounter(sessions)
    proxy.fault = { delay: 30, jitter: 30 }
    const all = await Promise.all(Array.from({ length: 20 }, () => sessions.load(id)))
    for (const session of all) session.update('n', (n: number) => n + 1)
    await Promise.all(all.map((session) => session.save()))
    expect(await read()).toBe(21)
  })
})

describe.skipIf(REDIS === '').each(LIBRARIES)('an operation with a deadline (%s)', (library) => {
  const soon = (): { deadline: number } => ({ deadline: performance.now() + 300 })

  it('is never sent after its deadline', async () => {
    const { proxy, store } = await proxied(library)
    await store.load({ key: 'connect', now: NOW })
    const before = callsOf('del')
    proxy.refuse()
    proxy.resetAll()
    // Commands that were sent before the client detects the loss do not count.
    const noticed = (): Promise<unknown> => Promise.race([store.load({ key: 'a', now: NOW, ...soon() }).catch(String), sleep(500)])
    await expect.poll(noticed, { timeout: 10_000 }).toContain('cannot be reached')
    for (let tries = 0; tries < 10; tries += 1) await expect(store.delete({ key: `${tries}`, ...soon() })).rejects.toEqual(failure(false))
    await proxy.listen()
    await expect.poll(() => store.load({ key: 'a', now: NOW, ...soon() }).catch(String), { timeout: 10_000 }).toBeUndefined()
    expect(callsOf('del')).toBe(before)
  })

  it.each(['connected', 'ready'])('makes the client replace a stalled connection that is %s', async (state) => {
    const { proxy, store } = await proxied(library)
    const entries = [sampleEntry(), sampleEntry()]
    for (const [index, entry] of entries.entries()) await store.create({ key: `${index}`, entry })
    if (state === 'connected') {
      proxy.fault = { blackHole: 'both' }
      proxy.resetAll()
    } else proxy.blackHoleAll()
    const lost = store.load({ key: '0', now: NOW, ...soon() }).catch(() => undefined)
    await expect.poll(() => proxy.log.filter(({ event }) => event.startsWith('open')).length, { timeout: 10_000 }).toBeGreaterThan(1)
    proxy.fault = {}
    const loads = (): Promise<unknown> =>
      Promise.all(entries.map((_, index) => store.load({ key: `${index}`, now: NOW, ...soon() }).catch(() => undefined)))
    await expect.poll(loads, { timeout: 20_000 }).toEqual(entries)
    await lost
    expect(await loads()).toEqual(entries)
  })

  it('with a short deadline does not close the connection to a slow server', async () => {
    const { proxy, store } = await proxied(library)
    await store.load({ key: 'connect', now: NOW })
    const before = proxy.log.length
    proxy.fault = { delay: 250 }
    await Promise.all(Array.from({ length: 5 }, (_, index) => store.load({ key: `${index}`, now: NOW, deadline: performance.now() + 10 })))
    expect(proxy.log.slice(before)).toEqual([])
  })
})

describe.skipIf(REDIS === '')('a pool', () => {
  /** A pool with one client. */
  async function newPool() {
    const { proxy } = await proxied('redis')
    const pool = createClientPool({ url: `redis://127.0.0.1:${proxy.port}` }, { minimum: 1, maximum: 1 })
    pool.on('error', () => undefined)
    await pool.connect()
    onTestFinished(() => pool.destroy())
    return { proxy, pool, store: new RedisStore({ client: pool, prefix: freshPrefix() }) }
  }

  it('replaces the stalled connection of one of its clients after the deadline', async () => {
    const { proxy, pool, store } = await newPool()
    const entry = sampleEntry()
    await store.create({ key: 'a', entry })
    await expect.poll(() => pool.idleClients).toBe(1) // the query of the eviction policy, which has no deadline, has its reply
    proxy.blackHoleAll()
    const load = (): Promise<unknown> => store.load({ key: 'a', now: NOW, deadline: performance.now() + 300 }).catch(() => undefined)
    await expect.poll(() => Promise.race([load(), sleep(2000)]), { timeout: 10_000 }).toEqual(entry)
  })

  it('sends nothing if no client was free before the deadline', async () => {
    const { pool, store } = await newPool()
    await store.load({ key: 'connect', now: NOW })
    const before = callsOf('del')
    const free = Promise.withResolvers<void>()
    const busy = pool.execute(() => free.promise)
    const late = expect(store.delete({ key: 'a', deadline: performance.now() + 50 })).rejects.toEqual(failure(false))
    await sleep(100)
    free.resolve()
    await busy
    await late
    expect(callsOf('del')).toBe(before)
  })
})

describe.skipIf(REDIS === '').each(LIBRARIES)('a server (%s)', (library) => {
  it('executes pending commands once after it was stopped for a while', async () => {
    const { sessions } = await proxied(library)
    const { id, read } = await newCounter(sessions)
    const session = await sessions.load(id)
    session.update('n', (n: number) => n + 1)
    process.kill(server.pid as number, 'SIGSTOP')
    const saved = session.save()
    // Longer than the timeout of one operation.
    await sleep(1500)
    process.kill(server.pid as number, 'SIGCONT')
    await saved
    expect(await read()).toBe(2)
  })

  it('has no sessions after an empty restart, and accepts new ones', async () => {
    const { sessions, store } = await proxied(library)
    const { id } = await newCounter(sessions)
    await store.replace({ key: 'none', entry: sampleEntry(), expected: 'v', now: NOW })
    await server.stop('SIGKILL')
    await server.start()
    await expect.poll(() => store.load({ key: 'a', now: NOW }).catch((error: unknown) => error), { timeout: 10_000 }).toBeUndefined()
    expect((await sessions.load(id)).get('n')).toBeUndefined()
    // It has lost its scripts too.
    const { read } = await newCounter(sessions)
    expect(await read()).toBe(1)
  })

  it('gets the scripts again after it lost them', async () => {
    const store = await newStore(library, server.url)
    let current = sampleEntry({ userId: 'ada' })
    await store.create({ key: 'a', entry: current })
    for (let round = 0; round < 3; round += 1) {
      server.command('script', 'flush')
      const next = sampleEntry({ userId: 'ada' })
      expect(await store.replace({ key: 'a', entry: next, expected: current.version, now: NOW })).toEqual({ ok: true })
      server.command('script', 'flush')
      expect(await store.touch({ key: 'a', expiresAt: next.expiresAt + 1, expected: next.version, now: NOW })).toBe(true)
      current = next
    }
    server.command('script', 'flush')
    expect(await store.deleteByIndex({ index: 'userId', name: 'ada' })).toBe(1)
  })

  it('refuses writes and executes deletions when the memory is full', async () => {
    const store = await newStore(library, server.url)
    const entry = sampleEntry({ userId: 'ada' })
    for (const key of ['a', 'b', 'c']) await store.create({ key, entry })
    server.command('config', 'set', 'maxmemory', '1mb')
    onTestFinished(() => void server.command('config', 'set', 'maxmemory', '0'))
    await expect(store.create({ key: 'd', entry: sampleEntry() })).rejects.toEqual(failure(false))
    await expect(store.create({ key: 'd', entry })).rejects.toEqual(failure(false))
    await expect(store.replace({ key: 'a', entry: sampleEntry(), expected: entry.version, now: NOW })).rejects.toEqual(failure(false))
    await expect(store.touch({ key: 'a', expiresAt: entry.expiresAt + 1, expected: entry.version, now: NOW })).rejects.toEqual(
      failure(false),
    )
    expect(await store.load({ key: 'a', now: NOW })).toEqual(entry)
    expect(await store.delete({ key: 'a' })).toBe(true)
    expect(await store.deleteByIndex({ index: 'userId', name: 'ada' })).toBe(2)
  })

  it('deletes sessions when the memory is full', async () => {
    const store = await newStore(library, server.url)
    const sessions = createSessions<any>({ store, timeout: QUICK })
    const { id } = await newCounter(sessions)
    server.command('config', 'set', 'maxmemory', '1mb')
    onTestFinished(() => void server.command('config', 'set', 'maxmemory', '0'))
    const session = await sessions.load(id)
    session.set('n', 2)
    await expect(session.save()).rejects.toEqual(failure(false))
    const other = await sessions.load(id)
    other.flush()
    await other.save()
    expect((await store.list({ now: 0 })).entries).toEqual([])
  })

  it('refuses writes after it became a replica', async () => {
    const store = await newStore(library, server.url)
    const entry = sampleEntry()
    await store.create({ key: 'a', entry })
    server.command('replicaof', '127.0.0.1', '1')
    onTestFinished(() => void server.command('replicaof', 'no', 'one'))
    await expect(store.create({ key: 'b', entry: sampleEntry() })).rejects.toEqual(failure(false))
    await expect(store.replace({ key: 'a', entry: sampleEntry(), expected: entry.version, now: NOW })).rejects.toEqual(failure(false))
    await expect(store.delete({ key: 'a' })).rejects.toEqual(failure(false))
  })
})

describe.skipIf(REDIS === '')('a command', () => {
  it('has no effect if the client is closed', async () => {
    const [redis, io] = [await nodeRedis(), ioRedis()]
    await io.ping()
    redis.destroy()
    io.disconnect()
    await expect.poll(() => io.status).toBe('end')
    for (const client of [redis, io]) await expect(new RedisStore({ client }).delete({ key: 'a' })).rejects.toEqual(failure(false))
  })

  it('has no effect if the client is offline and has no queue', async () => {
    const broken = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    await new Promise((resolve) => broken.once('listening', resolve))
    onTestFinished(() => void broken.close())
    const { port } = broken.address() as { port: number }
    const { proxy } = await proxied('redis')
    const redis = await nodeRedis({ url: `redis://127.0.0.1:${proxy.port}`, disableOfflineQueue: true })
    const io = ioRedis({ enableOfflineQueue: false }, `redis://127.0.0.1:${port}`)
    proxy.refuse()
    proxy.resetAll()
    await expect.poll(() => (redis as unknown as { isReady: boolean }).isReady).toBe(false)
    for (const client of [redis, io]) await expect(new RedisStore({ client }).delete({ key: 'a' })).rejects.toEqual(failure(false))
  })

  it('has no effect if the queue is full', async () => {
    const { proxy } = await proxied('redis')
    const client = await nodeRedis({ url: `redis://127.0.0.1:${proxy.port}`, commandsQueueMaxLength: 20 })
    const store = new RedisStore({ client })
    proxy.fault = { blackHole: 'down' }
    const waiting = Array.from({ length: 20 }, (_, index) => store.delete({ key: String(index) }).catch(() => undefined))
    await expect(store.delete({ key: 'rejected' })).rejects.toEqual(failure(false))
    proxy.resetAll()
    await Promise.all(waiting)
  })

  it.each(LIBRARIES)('has no effect if it is refused for a missing permission (%s)', async (library) => {
    const store = await newStore(library, server.url)
    server.command('acl', 'setuser', 'default', '-del')
    onTestFinished(() => void server.command('acl', 'setuser', 'default', '+@all'))
    await expect(store.delete({ key: 'a' })).rejects.toEqual(failure(false))
  })

  it('may have an effect if it is refused when it is sent again, because of the first copy', async () => {
    const { proxy, store } = await proxied('ioredis')
    const [entry, next] = [sampleEntry(), sampleEntry()]
    await store.create({ key: 'a', entry })
    const before = callsOf('evalsha')
    proxy.fault = { blackHole: 'down' }
    const replaced = store.replace({ key: 'a', entry: next, expected: entry.version, now: NOW })
    const outcome = expect(replaced).rejects.toEqual(failure(undefined))
    await expect.poll(() => callsOf('evalsha'), { timeout: 5000 }).toBe(before + 1)
    server.command('acl', 'setuser', 'default', '-evalsha')
    onTestFinished(() => void server.command('acl', 'setuser', 'default', '+@all'))
    proxy.fault = {}
    proxy.resetAll()
    await outcome
    expect(await store.load({ key: 'a', now: NOW })).toEqual(next)
  })
})
