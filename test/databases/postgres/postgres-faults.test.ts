import { once } from 'node:events'
import { createServer } from 'node:net'
import pg from 'pg'
import postgres from 'postgres'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createSessions } from '../../../src/index.ts'
import { PostgresStore } from '../../../src/stores/postgres.ts'
import { NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { startPostgres } from '../../services/postgres/postgres.ts'
import { freshTable, ISOLATIONS, type Isolation, newPool, newSql, POSTGRES } from '../../services/postgres/postgres-pool.ts'
import { watched } from '../../services/postgres/watched-pool.ts'

const failure = (applied: false | undefined): unknown => expect.objectContaining({ code: 'ERR_SESSION_STORE', applied })
const CLIENTS = { pg: newPool, 'postgres.js': newSql }
const EVERY = Object.keys(CLIENTS).flatMap((client) =>
  ISOLATIONS.map((isolation): [keyof typeof CLIENTS, Isolation] => [client as never, isolation]),
)

describe.skipIf(POSTGRES === '')('lock conflicts', () => {
  it.each(EVERY)('lose none of 100 compare-and-swaps of one row from four pools (%s, %s)', async (client, isolation) => {
    const table = freshTable()
    const stores = Array.from({ length: 4 }, () => new PostgresStore({ pool: CLIENTS[client](isolation, { max: 3 }), table }))
    await stores[0]?.create({ key: 'n', entry: sampleEntry({ payload: '0' }) })
    const count = async (store: PostgresStore): Promise<void> => {
      for (let done = 0; done < 25; ) {
        const current = (await store.load({ key: 'n', now: NOW })) ?? sampleEntry()
        const next = sampleEntry({ payload: String(Number(current.payload) + 1) })
        if ((await store.replace({ key: 'n', entry: next, expected: current.version, now: NOW })).ok) done += 1
      }
    }
    await Promise.all(stores.map(count))
    expect((await stores[0]?.load({ key: 'n', now: NOW }))?.payload).toBe('100')
  })

  it.each(EVERY)('do not fail writes of many rows from four pools (%s, %s)', async (client, isolation) => {
    const table = freshTable()
    const stores = Array.from({ length: 4 }, () => new PostgresStore({ pool: CLIENTS[client](isolation, { max: 3 }), table }))
    const [first] = stores as [PostgresStore]
    const keys = Array.from({ length: 12 }, (_, index) => `key ${index}`)
    await Promise.all(keys.map((key) => first.create({ key, entry: sampleEntry({ payload: '0' }) })))
    const swaps = stores.flatMap((store) => keys.map((key) => ({ store, key })))
    const wins = new Map<string, number>()
    for (let round = 0; round < 5; round += 1) {
      const results = swaps.map(async ({ store, key }) => {
        const current = (await store.load({ key, now: NOW })) ?? sampleEntry()
        const next = sampleEntry({ payload: String(Number(current.payload) + 1) })
        if ((await store.replace({ key, entry: next, expected: current.version, now: NOW })).ok) wins.set(key, (wins.get(key) ?? 0) + 1)
      })
      await Promise.all(results)
    }
    const rows = await Promise.all(keys.map((key) => first.load({ key, now: NOW })))
    expect(rows.map((row) => Number(row?.payload))).toEqual(keys.map((key) => wins.get(key)))
  })

  // The session that waits for `deadlock_timeout` detects the deadlock and is rolled back.
  it.each(['pg', 'postgres.js'] as const)('are retried after a deadlock whose victim is the store (%s)', async (client) => {
    const [table, pool] = [freshTable(), newPool()]
    const ours =
      client === 'pg'
        ? newPool('read committed', { options: '-c deadlock_timeout=500ms' })
        : newSql('read committed', { connection: { deadlock_timeout: 500 } as never })
    const store = new PostgresStore({ pool: ours, table })
    for (const key of ['a', 'b']) await store.create({ key, entry: sampleEntry({ userId: 'ada' }) })
    const other = await pool.connect()
    await other.query('SET deadlock_timeout = 60000')
    await other.query('BEGIN')
    await other.query(`SELECT FROM "${table}" WHERE "key" = 'b' FOR UPDATE`)
    const deletion = store.deleteByIndex({ index: 'userId', name: 'ada' })
    await expect.poll(async () => (await pool.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`)).rowCount).toBe(1)
    await other.query(`SELECT FROM "${table}" WHERE "key" = 'a' FOR UPDATE`)
    await other.query('COMMIT')
    other.release()
    expect(await deletion).toBe(2)
  })

  it('end with an error when no attempt succeeds', async () => {
    let tries = 0
    const client = watched(newPool(), (text) => {
      if (!text.includes('DELETE')) return
      tries += 1
      throw Object.assign(new Error('could not serialize access'), { code: '40001', severity: 'ERROR' })
    })
    const store = new PostgresStore({ pool: client, table: freshTable() })
    await expect(store.delete({ key: 'a' })).rejects.toEqual(failure(false))
    expect(tries).toBeGreaterThan(5)
  })
})

describe.skipIf(POSTGRES === '').each(['pg', 'postgres.js'] as const)(
  'a connection that is ended in the middle of a statement (%s)',
  (client) => {
    async function held() {
      const [table, pool] = [freshTable(), newPool()]
      const store = new PostgresStore({ pool: CLIENTS[client](), table })
      const sessions = createSessions<any>({ store })
      const session = sessions.create()
      session.set('n', 1)
      await session.save()
      const other = await pool.connect()
      await other.query('BEGIN')
      await other.query(`SELECT FROM "${table}" FOR UPDATE`)
      const kill = async (): Promise<void> => {
        const waiting = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%${table}%'`
        await expect.poll(async () => (await pool.query(waiting)).rowCount).toBe(1)
      }
      const release = async (): Promise<void> => {
        await other.query('COMMIT')
        other.release()
      }
      return { store, sessions, session, kill, release }
    }

    it('has an unknown outcome', async () => {
      const { store, kill, release } = await held()
      const [[key]] = (await store.list({ now: 0 })).entries as [[string, unknown]]
      const deletion = store.delete({ key })
      const outcome = expect(deletion).rejects.toEqual(failure(undefined))
      await kill()
      await outcome
      await release()
      expect(await store.delete({ key })).toBe(true)
    })

    it('is resolved by the session, which applies its change once', async () => {
      const { sessions, session, kill, release } = await held()
      session.update('n', (n: number) => n + 1)
      const saved = session.save()
      await kill()
      await release()
      await saved
      expect((await sessions.load(session.id as string)).get('n')).toBe(2)
    })
  },
)

describe.skipIf(POSTGRES === '')('idle connections that the server closes', () => {
  it('do not crash the process, even without a listener on the pool', async () => {
    const pool = new pg.Pool({ connectionString: POSTGRES, application_name: 'idle' })
    onTestFinished(() => pool.end())
    const store = new PostgresStore({ pool, table: freshTable() })
    await Promise.all([store.create({ key: 'a', entry: sampleEntry() }), store.create({ key: 'b', entry: sampleEntry() })])
    expect(pool.idleCount).toBeGreaterThan(0)
    await newPool().query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'idle'`)
    await expect.poll(() => pool.idleCount).toBe(0)
    expect(await store.load({ key: 'a', now: NOW })).toBeDefined()
  })
})

describe.skipIf(POSTGRES === '')('a pool whose connections are all in use', () => {
  it('delays an operation', async () => {
    const pool = newPool('read committed', { max: 2 })
    const store = new PostgresStore({ pool, table: freshTable() })
    await store.create({ key: 'a', entry: sampleEntry() })
    const taken = [await pool.connect(), await pool.connect()]
    const load = store.load({ key: 'a', now: NOW })
    for (const client of taken) client.release()
    expect(await load).toBeDefined()
  })

  it('fails without effect when the pool times out', async () => {
    const pool = newPool('read committed', { max: 1, connectionTimeoutMillis: 50 })
    const store = new PostgresStore({ pool, table: freshTable() })
    await store.create({ key: 'a', entry: sampleEntry() })
    const taken = await pool.connect()
    await expect(store.delete({ key: 'a' })).rejects.toEqual(failure(false))
    taken.release()
    expect(await store.delete({ key: 'a' })).toBe(true)
  })
})

describe.skipIf(POSTGRES === '')('a server that cannot be reached', () => {
  const pools = {
    pg: (port: number) => ended(new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', connectionTimeoutMillis: 500 })),
    'postgres.js': (port: number) =>
      ended(postgres({ host: '127.0.0.1', port, user: 'postgres', connect_timeout: 0.5, backoff: false, onnotice: () => undefined })),
  }

  it.each(['pg', 'postgres.js'] as const)('has no effect: it rejects, sends nothing, or has an unknown name (%s)', async (client) => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => void silent.close())
    const { port } = silent.address() as { port: number }
    for (const at of [1, port]) {
      const store = new PostgresStore({ pool: pools[client](at), createTable: false })
      await expect(store.create({ key: 'a', entry: sampleEntry() })).rejects.toEqual(failure(false))
    }
    const nowhere = client === 'pg' ? ended(new pg.Pool({ host: 'nowhere.invalid' })) : ended(postgres({ host: 'nowhere.invalid' }))
    await expect(new PostgresStore({ pool: nowhere, createTable: false }).delete({ key: 'a' })).rejects.toEqual(failure(false))
    const unknown = POSTGRES.replace('/postgres', '/no_such_database').replace('postgres@', 'nobody@')
    const stranger = client === 'pg' ? ended(new pg.Pool({ connectionString: unknown })) : ended(postgres(unknown))
    await expect(new PostgresStore({ pool: stranger, createTable: false }).delete({ key: 'a' })).rejects.toEqual(failure(false))
  })

  it.each(['pg', 'postgres.js'] as const)('is used as soon as it is up (%s)', async (client) => {
    const server = await startPostgres()
    if (typeof server === 'string') throw new Error(server)
    onTestFinished(() => server.remove())
    const pool = pools[client](server.port)
    const [store, entry] = [new PostgresStore({ pool }), sampleEntry()]
    await store.create({ key: 'a', entry })
    await server.stop()
    await expect(store.load({ key: 'a', now: NOW })).rejects.toEqual(expect.objectContaining({ code: 'ERR_SESSION_STORE' }))
    await expect(store.replace({ key: 'a', entry: sampleEntry(), expected: entry.version, now: NOW })).rejects.toEqual(failure(false))
    await server.start()
    await expect.poll(() => store.load({ key: 'a', now: NOW }).catch(() => undefined), { timeout: 5000 }).toEqual(entry)
    expect(await store.replace({ key: 'a', entry: sampleEntry(), expected: entry.version, now: NOW })).toEqual({ ok: true })
  })
})

describe.skipIf(POSTGRES === '')('clearExpired', () => {
  it.each(ISOLATIONS)('skips a locked row, and does not delete one that was touched in that time (%s)', async (isolation) => {
    const [table, pool] = [freshTable(), newPool(isolation)]
    const store = new PostgresStore({ pool, table })
    const keys = Array.from({ length: 10 }, (_, index) => `key ${index}`)
    for (const key of keys) await store.create({ key, entry: sampleEntry({ expiresAt: NOW }) })
    const other = await pool.connect()
    await other.query('BEGIN')
    await other.query(`UPDATE "${table}" SET "expires_at" = $1 WHERE "key" = 'key 4'`, [NOW + 1])
    const totals: number[] = []
    for await (const { deleted } of store.clearExpired({ now: NOW, batch: 4 })) totals.push(deleted)
    await other.query('COMMIT')
    other.release()
    expect(totals).toEqual([4, 8, 9])
    expect((await store.list({ now: 0 })).entries.map(([key]) => key)).toEqual(['key 4'])
    for await (const { deleted } of store.clearExpired({ now: NOW })) expect(deleted).toBe(0)
  })
})

/** Returns a client that is closed at the end of the test. */
function ended<T extends { end(): Promise<void> }>(pool: T): T {
  onTestFinished(() => pool.end().catch(() => undefined))
  return pool
}
