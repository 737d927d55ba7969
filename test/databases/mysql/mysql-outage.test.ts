import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Pool, PoolOptions } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Duration } from '../../../src/core/base/duration.ts'
import { createSessions } from '../../../src/index.ts'
import { MysqlStore } from '../../../src/stores/mysql.ts'
import { NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { type Fault, FaultProxy } from '../../proof/proxy/fault-proxy.ts'
import { freshTable } from '../../services/fresh-table.ts'
import { type MysqlServer, startMysql } from '../../services/mysql/mysql.ts'
import { mysqlPool } from '../../services/mysql/mysql-pool.ts'
import { MYSQL } from '../../services/mysql/mysql-pools.ts'

const failure = (applied: false | undefined): unknown => expect.objectContaining({ code: 'ERR_SESSION_STORE', applied })
const ANY_FAILURE = expect.objectContaining({ code: 'ERR_SESSION_STORE' })

/** The data of this server has a few megabytes of disk. */
const SMALL_DISK = ['--innodb-file-per-table=0', '--innodb-data-file-path=ibdata1:24M']
const LARGE_DISK = ['--innodb-file-per-table=0', '--innodb-data-file-path=ibdata1:24M:autoextend']
let server: MysqlServer

function ownPool(options: PoolOptions = {}): Pool {
  const pool = mysqlPool({ uri: server.url, connectTimeout: 1000, ...options }, [])
  onTestFinished(() => pool.end().catch(() => undefined))
  return pool
}

/** Retries the work until it succeeds. */
async function soon<T>(work: () => Promise<T>, expected: unknown): Promise<void> {
  await expect.poll(() => work().catch(() => undefined), { timeout: 15_000 }).toEqual(expected)
}

describe.skipIf(MYSQL === '')('a server', () => {
  beforeAll(async () => {
    const started = await startMysql(SMALL_DISK)
    if (typeof started === 'string') throw new Error(started)
    server = started
  })
  afterAll(() => server?.remove())

  it('that was restarted is used as soon as it is up', async () => {
    const [store, entry] = [new MysqlStore({ pool: ownPool() }), sampleEntry()]
    await store.create({ key: 'a', entry })
    await server.stop()
    await expect(store.load({ key: 'a', now: NOW })).rejects.toEqual(ANY_FAILURE)
    await expect(store.replace({ key: 'a', entry: sampleEntry(), expected: entry.version, now: NOW })).rejects.toEqual(failure(false))
    await server.start()
    await soon(() => store.load({ key: 'a', now: NOW }), entry)
    expect(await store.replace({ key: 'a', entry: sampleEntry(), expected: entry.version, now: NOW })).toEqual({ ok: true })
  })

  it('that hangs fails operations in time, and its connections are closed', async () => {
    const pool = ownPool({ connectionLimit: 2 })
    const [store, entry] = [new MysqlStore({ pool, table: freshTable(), statementTimeout: '400ms' }), sampleEntry()]
    await soon(() => store.create({ key: 'a', entry }), { ok: true })
    process.kill(server.pid as number, 'SIGSTOP')
    try {
      const replace = store.replace({ key: 'a', entry: sampleEntry(), expected: entry.version, now: NOW })
      await expect(replace).rejects.toEqual(failure(undefined))
      await expect(replace).rejects.toThrow('No response in time')
      const loads = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => store.delete({ key: `other ${index}` })))
      expect(new Set(loads.map(({ status }) => status))).toEqual(new Set(['rejected']))
    } finally {
      process.kill(server.pid as number, 'SIGCONT')
    }
    await soon(async () => (await store.load({ key: 'a', now: NOW })) !== undefined, true)
  })

  it('that hangs delays a request at most by its timeout, and loses and repeats no change', async () => {
    const store = new MysqlStore({ pool: ownPool(), table: freshTable(), statementTimeout: '1s' })
    const sessions = createSessions<any>({ store, timeout: { operation: '500ms', request: '20s' } })
    const session = sessions.create()
    session.set('n', 1)
    await session.save()
    const live = await sessions.load(session.id as string)
    live.update('n', (n: number) => n + 1)
    process.kill(server.pid as number, 'SIGSTOP')
    const saved = live.save()
    await expect(sessions.load(session.id as string).then((other) => other.get('n'))).rejects.toMatchObject({ status: 503 })
    process.kill(server.pid as number, 'SIGCONT')
    await saved
    expect((await sessions.load(session.id as string)).get('n')).toBe(2)
  })

  it('that accepts connections and sends nothing has no effect', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => void silent.close())
    const { port } = silent.address() as { port: number }
    const store = new MysqlStore({ pool: ownPool({ port, connectTimeout: 200 }), createTable: false })
    await expect(store.create({ key: 'a', entry: sampleEntry() })).rejects.toEqual(failure(false))
  })

  it('that is read-only refuses writes, serves loads, and accepts writes again later', async () => {
    const [admin, table, user] = [ownPool(), freshTable(), freshTable()]
    await admin.query(`CREATE USER ${user}@'127.0.0.1'`)
    await admin.query(`GRANT ALL ON app.* TO ${user}@'127.0.0.1'`)
    const [store, entry] = [new MysqlStore({ pool: ownPool({ user }), table }), sampleEntry()]
    await store.create({ key: 'a', entry })
    await admin.query('SET GLOBAL read_only = ON')
    await expect(store.replace({ key: 'a', entry: sampleEntry(), expected: entry.version, now: NOW })).rejects.toEqual(failure(false))
    await expect(store.delete({ key: 'a' })).rejects.toThrow('read-only')
    expect(await store.load({ key: 'a', now: NOW })).toEqual(entry)
    await admin.query('SET GLOBAL read_only = OFF')
    expect(await store.delete({ key: 'a' })).toBe(true)
  })

  it('with a full disk refuses writes, serves loads, and accepts writes again when there is space', async () => {
    const store = new MysqlStore({ pool: ownPool(), table: freshTable() })
    const full = async (): Promise<unknown> => {
      for (let row = 0; row < 200; row++) await store.create({ key: `key ${row}`, entry: sampleEntry({ payload: 'x'.repeat(1 << 19) }) })
      return 'room for everything'
    }
    const error = await full().catch((cause: unknown) => cause)
    expect(error).toEqual(failure(false))
    expect(String(error)).toContain('full')
    expect((await store.load({ key: 'key 0', now: NOW }))?.payload).toHaveLength(1 << 19)
    await server.stop()
    await server.start(LARGE_DISK)
    await soon(() => store.create({ key: 'one more', entry: sampleEntry() }), { ok: true })
    expect(await store.delete({ key: 'key 0' })).toBe(true)
  })
})

describe.skipIf(MYSQL === '')('a network', () => {
  async function through(statementTimeout: Duration = '400ms', options: PoolOptions = {}) {
    const proxy = await new FaultProxy({ port: Number(new URL(MYSQL).port) }).listen()
    onTestFinished(() => proxy.close())
    const pool = mysqlPool({ uri: MYSQL, host: '127.0.0.1', port: proxy.port, connectTimeout: 1000, ...options }, [])
    onTestFinished(() => pool.end().catch(() => undefined))
    const table = freshTable()
    const store = new MysqlStore({ pool, table, statementTimeout })
    const entries = Array.from({ length: 4 }, (_, index) => sampleEntry({ payload: String(index).repeat(5000) }))
    for (const [index, entry] of entries.entries()) await soon(() => store.create({ key: `key ${index}`, entry }).then(() => true), true)
    return { proxy, store, entries, table }
  }

  it('that is slow only causes delay', async () => {
    const { proxy, store, entries } = await through('10s')
    proxy.fault = { delay: 20, jitter: 20 }
    expect(await Promise.all(entries.map((_, index) => store.load({ key: `key ${index}`, now: NOW })))).toEqual(entries)
    expect(await store.delete({ key: 'key 1' })).toBe(true)
  })

  it.each<[string, Fault]>([
    ['drops responses', { blackHole: 'down' }],
    ['swallows everything', { blackHole: 'both' }],
    ['breaks in the middle of a response', { cut: { after: 3000, direction: 'down', how: 'reset' } }],
    ['ends in the middle of a response', { cut: { after: 3000, direction: 'down', how: 'end' } }],
    ['breaks in the middle of a statement', { cut: { after: 300, direction: 'up', how: 'reset' } }],
  ])('that %s never mixes up responses', async (_, fault) => {
    const { proxy, store, entries } = await through('400ms', { connectionLimit: 3 })
    proxy.fault = fault
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, async (__, index) => {
        // Each in a separate turn.
        for (let turn = 0; turn < index; turn++) await new Promise((resolve) => setImmediate(resolve))
        return store.load({ key: `key ${index % 4}`, now: NOW })
      }),
    )
    for (const [index, result] of results.entries()) {
      if (result.status === 'fulfilled') expect(result.value).toEqual(entries[index % 4])
      else expect(result.reason).toEqual(ANY_FAILURE)
    }
    expect(results.some(({ status }) => status === 'rejected')).toBe(true)
    proxy.fault = {}
    for (const [index, entry] of entries.entries()) await soon(() => store.load({ key: `key ${index}`, now: NOW }), entry)
    await store.close()
  })

  it('that breaks during a write leaves the outcome unknown', async () => {
    const { proxy, store } = await through('2s', { connectionLimit: 1 })
    // The statement is prepared now, so it can be sent without a response before it.
    expect(await store.delete({ key: 'nothing' })).toBe(false)
    proxy.fault = { blackHole: 'down' }
    await expect(store.delete({ key: 'key 0' })).rejects.toEqual(failure(undefined))
    proxy.fault = {}
    await soon(() => store.load({ key: 'key 0', now: NOW }).then((entry) => entry === undefined), true)
  })

  it('that breaks during a write makes a session neither repeat nor lose a change', async () => {
    const { proxy, store, table } = await through('10s', { connectionLimit: 1 })
    const sessions = createSessions<any>({ store, timeout: { operation: '20s', request: '40s' } })
    const session = sessions.create()
    for (const n of [0, 1]) {
      session.set('n', n)
      await session.save()
    }
    const healthy = mysqlPool({ uri: MYSQL }, [])
    onTestFinished(() => healthy.end())
    const unaffected = createSessions<any>({ store: new MysqlStore({ pool: healthy, table }) })
    proxy.fault = { blackHole: 'down' }
    session.update('n', (n: number) => n + 1)
    const saved = session.save()
    await soon(async () => (await unaffected.load(session.id as string)).get('n'), 2)
    proxy.fault = {}
    proxy.resetAll()
    await saved
    expect((await sessions.load(session.id as string)).get('n')).toBe(2)
  })
})
