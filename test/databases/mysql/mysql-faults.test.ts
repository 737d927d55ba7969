import type { PoolConnection } from 'mysql2/promise'
import { describe, expect, it } from 'vitest'
import { createSessions } from '../../../src/index.ts'
import { MysqlStore } from '../../../src/stores/mysql.ts'
import { NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { freshTable } from '../../services/fresh-table.ts'
import { mysqlPool } from '../../services/mysql/mysql-pool.ts'
import { MYSQL, newMysqlPool, onlooker } from '../../services/mysql/mysql-pools.ts'
import { watchedMysql } from '../../services/mysql/watched-mysql.ts'
import { ISOLATIONS, type Isolation } from '../../services/postgres/postgres-pool.ts'

const failure = (applied: false | undefined): unknown => expect.objectContaining({ code: 'ERR_SESSION_STORE', applied })

/** Waits until `count` statements on a table wait for a lock, and returns their connections. */
async function waiting(table: string, count: number): Promise<number[]> {
  const text = `SELECT trx_mysql_thread_id AS id FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE '%${table}%'`
  const ids = async (): Promise<number[]> => ((await onlooker().query(text))[0] as { id: number }[]).map(({ id }) => id)
  // The server updates this table at most ten times a second.
  await expect.poll(ids, { interval: 200, timeout: 15_000 }).toHaveLength(count)
  return ids()
}

/** A transaction of another application. */
async function transaction(...statements: string[]): Promise<PoolConnection> {
  const other = await onlooker().getConnection()
  await other.query('START TRANSACTION')
  for (const text of statements) await other.query(text)
  return other
}

async function finish(other: PoolConnection): Promise<void> {
  await other.query('COMMIT')
  other.release()
}

/** Pools in each isolation level, and in the one in which MariaDB refuses to overwrite rows that changed since a snapshot. */
const LEVELS: [name: string, isolation: Isolation, begin: string][] = [
  ...ISOLATIONS.map((isolation): [string, Isolation, string] => [isolation, isolation, 'DO 0']),
  ['repeatable read with strict snapshots', 'repeatable read', 'SET SESSION innodb_snapshot_isolation = ON'],
]

describe.skipIf(MYSQL === '')('lock conflicts', () => {
  it.each(LEVELS)('lose none of 100 compare-and-swaps of one row from four pools (%s)', async (_, isolation, begin) => {
    const table = freshTable()
    const stores = Array.from({ length: 4 }, () => new MysqlStore({ pool: newMysqlPool(isolation, { connectionLimit: 3 }, begin), table }))
    await stores[0]?.create({ key: 'n', entry: sampleEntry({ payload: '0' }) })
    const count = async (store: MysqlStore): Promise<void> => {
      for (let done = 0; done < 25; ) {
        const current = (await store.load({ key: 'n', now: NOW })) ?? sampleEntry()
        const next = sampleEntry({ payload: String(Number(current.payload) + 1) })
        if ((await store.replace({ key: 'n', entry: next, expected: current.version, now: NOW })).ok) done += 1
      }
    }
    await Promise.all(stores.map(count))
    expect((await stores[0]?.load({ key: 'n', now: NOW }))?.payload).toBe('100')
  })

  it.each(LEVELS)('do not fail writes, clearing and deletions of rows that four pools share (%s)', async (_, isolation, begin) => {
    const table = freshTable()
    const stores = Array.from({ length: 4 }, () => new MysqlStore({ pool: newMysqlPool(isolation, { connectionLimit: 3 }, begin), table }))
    const keys = Array.from({ length: 12 }, (__, index) => `key ${index}`)
    const wins = new Map<string, number>()
    const swap = async (store: MysqlStore, key: string): Promise<void> => {
      const current = await store.load({ key, now: NOW })
      const next = sampleEntry({ payload: String(Number(current?.payload ?? 0) + 1), userId: key })
      const { ok } =
        current === undefined
          ? await store.create({ key, entry: next })
          : await store.replace({ key, entry: next, expected: current.version, now: NOW })
      if (ok) wins.set(key, (wins.get(key) ?? 0) + 1)
      await store.create({ key: `${key} that is over`, entry: sampleEntry({ expiresAt: NOW, userId: 'gone' }) })
    }
    const clear = async (store: MysqlStore): Promise<void> => {
      for await (const { deleted } of store.clearExpired({ now: NOW, batch: 3 })) expect(deleted).toBeGreaterThanOrEqual(0)
    }
    for (let round = 0; round < 5; round += 1)
      await Promise.all(
        stores.flatMap((store) => [
          ...keys.map((key) => swap(store, key)),
          clear(store),
          store.deleteByIndex({ index: 'userId', name: 'gone' }),
        ]),
      )
    const rows = await Promise.all(keys.map(async (key) => stores[0]?.load({ key, now: NOW })))
    expect(rows.map((row) => Number(row?.payload))).toEqual(keys.map((key) => wins.get(key)))
  })

  it('are retried after a deadlock whose victim is the store', async () => {
    const table = freshTable()
    const pool = watchedMysql(newMysqlPool())
    const store = new MysqlStore({ pool, table })
    for (const key of ['a', 'b']) await store.create({ key, entry: sampleEntry({ userId: 'ada' }) })
    for (let more = 0; more < 20; more++) await store.create({ key: `more ${more}`, entry: sampleEntry() })
    // The server rolls back the transaction that changed less.
    const other = await transaction(
      `UPDATE \`${table}\` SET seen_at = 1 WHERE \`key\` LIKE 'more%'`,
      `SELECT 1 FROM \`${table}\` WHERE \`key\` = 'b' FOR UPDATE`,
    )
    const deletion = store.deleteByIndex({ index: 'userId', name: 'ada' })
    await waiting(table, 1)
    await other.query(`SELECT 1 FROM \`${table}\` WHERE \`key\` = 'a' FOR UPDATE`)
    await finish(other)
    expect(await deletion).toBe(2)
    expect(pool.sent.filter((text) => text.startsWith('DELETE')).length).toBeGreaterThan(1)
  })

  it('are retried after a lock wait timeout', async () => {
    const table = freshTable()
    const pool = watchedMysql(newMysqlPool('repeatable read', {}, 'SET SESSION innodb_lock_wait_timeout = 1'))
    const [store, entry] = [new MysqlStore({ pool, table }), sampleEntry()]
    await store.create({ key: 'a', entry })
    const other = await transaction(`SELECT 1 FROM \`${table}\` FOR UPDATE`)
    const swap = store.replace({ key: 'a', entry: sampleEntry(), expected: entry.version, now: NOW })
    await expect.poll(() => pool.sent.filter((text) => text.startsWith('UPDATE')).length, { timeout: 10_000 }).toBe(2)
    await finish(other)
    expect(await swap).toEqual({ ok: true })
  })

  it.each([1243, 1615, 1020])('are retried after a dropped or rolled back statement (%i)', async (errno) => {
    let refusals = 1
    const pool = watchedMysql(newMysqlPool(), async (work, text = '') => {
      if (text.startsWith('DELETE') && refusals-- > 0) throw Object.assign(new Error('refused'), { errno, sqlState: 'HY000' })
      return work()
    })
    const store = new MysqlStore({ pool, table: freshTable() })
    await store.create({ key: 'a', entry: sampleEntry() })
    expect(await store.delete({ key: 'a' })).toBe(true)
    expect(refusals).toBe(-1)
  })

  it('end with an error when no attempt succeeds', async () => {
    let tries = 0
    const pool = watchedMysql(newMysqlPool(), async (work, text = '') => {
      if (text.startsWith('DELETE')) tries += 1
      if (text.startsWith('DELETE')) throw Object.assign(new Error('Deadlock found'), { errno: 1213, sqlState: '40001' })
      return work()
    })
    const store = new MysqlStore({ pool, table: freshTable() })
    await expect(store.delete({ key: 'a' })).rejects.toEqual(failure(false))
    expect(tries).toBeGreaterThan(5)
  })

  it('judge a row by its state after the conflict', async () => {
    const [table, pool] = [freshTable(), newMysqlPool()]
    const store = new MysqlStore({ pool, table })
    const [a, b] = [sampleEntry(), sampleEntry()]
    await store.create({ key: 'a', entry: a })
    await store.create({ key: 'b', entry: b })
    const other = await transaction(
      `UPDATE \`${table}\` SET version = 'theirs' WHERE \`key\` = 'a'`,
      `DELETE FROM \`${table}\` WHERE \`key\` = 'b'`,
    )
    const swaps = [
      store.replace({ key: 'a', entry: sampleEntry(), expected: a.version, now: NOW }),
      store.replace({ key: 'b', entry: sampleEntry(), expected: b.version, now: NOW }),
    ]
    await waiting(table, 2)
    await finish(other)
    expect(await Promise.all(swaps)).toEqual([
      { ok: false, reason: 'stale', current: { ...a, version: 'theirs' } },
      { ok: false, reason: 'missing' },
    ])
  })
})

describe.skipIf(MYSQL === '').each(['KILL', 'KILL QUERY'])('a statement that is killed on the server: %s', (kill) => {
  async function held() {
    const table = freshTable()
    const store = new MysqlStore({ pool: newMysqlPool(), table })
    const sessions = createSessions<any>({ store, timeout: { operation: '20s', request: '40s' } })
    const session = sessions.create()
    session.set('n', 1)
    await session.save()
    const other = await transaction(`SELECT 1 FROM \`${table}\` FOR UPDATE`)
    const end = async (): Promise<void> => {
      const [id] = await waiting(table, 1)
      await other.query(`${kill} ${id}`)
    }
    return { store, sessions, session, end, release: () => finish(other) }
  }

  it('has an unknown outcome', async () => {
    const { store, end, release } = await held()
    const [[key]] = (await store.list({ now: 0 })).entries as [[string, unknown]]
    const outcome = expect(store.delete({ key })).rejects.toEqual(failure(undefined))
    await end()
    await outcome
    await release()
    expect(await store.delete({ key })).toBe(true)
  })

  it('is resolved by the session, which applies its change once', async () => {
    const { sessions, session, end, release } = await held()
    session.update('n', (n: number) => n + 1)
    const saved = session.save()
    await end()
    await release()
    await saved
    expect((await sessions.load(session.id as string)).get('n')).toBe(2)
  })
})

describe.skipIf(MYSQL === '')('a pool', () => {
  it('recovers from lost idle connections', async () => {
    const pool = newMysqlPool()
    const store = new MysqlStore({ pool, table: freshTable() })
    await Promise.all([store.create({ key: 'a', entry: sampleEntry() }), store.create({ key: 'b', entry: sampleEntry() })])
    const killer = onlooker()
    const ids = (pool.pool as unknown as { _freeConnections: { length: number; get(n: number): { threadId: number } } })._freeConnections
    expect(ids.length).toBeGreaterThan(0)
    for (const id of Array.from({ length: ids.length }, (_, index) => ids.get(index).threadId)) await killer.query(`KILL ${id}`)
    await expect.poll(() => ids.length, { timeout: 10_000 }).toBe(0)
    expect(await store.load({ key: 'a', now: NOW })).toBeDefined()
  })

  it('whose connections are all in use delays an operation', async () => {
    const pool = newMysqlPool('repeatable read', { connectionLimit: 2 })
    const store = new MysqlStore({ pool, table: freshTable() })
    await store.create({ key: 'a', entry: sampleEntry() })
    const taken = [await pool.getConnection(), await pool.getConnection()]
    const load = store.load({ key: 'a', now: NOW })
    for (const connection of taken) connection.release()
    expect(await load).toBeDefined()
  })

  it.each([
    ['does not queue requests', { waitForConnections: false }, '10s' as const],
    ['queues requests', { waitForConnections: true }, '100ms' as const],
  ])('whose connections are all in use, and which %s, fails without effect', async (_, options, statementTimeout) => {
    const pool = newMysqlPool('repeatable read', { connectionLimit: 1, ...options })
    const store = new MysqlStore({ pool, table: freshTable(), statementTimeout })
    await expect.poll(() => store.create({ key: 'a', entry: sampleEntry() }).catch(() => undefined), { timeout: 10_000 }).toBeDefined()
    const taken = await pool.getConnection()
    await expect(store.delete({ key: 'a' })).rejects.toEqual(failure(false))
    await expect(store.delete({ key: 'a' })).rejects.toThrow(/^The session store failed to delete: No connection/)
    taken.release()
    // The late connection was released: the pool has only one.
    await expect.poll(() => store.delete({ key: 'a' }).catch(() => undefined), { timeout: 10_000 }).toBe(true)
  })

  it.each(['START TRANSACTION', 'SET SESSION autocommit = 0'])(
    'whose connections begin with %s is refused, and nothing is left of the write',
    async (begin) => {
      const table = freshTable()
      const store = new MysqlStore({ pool: newMysqlPool(), table })
      await store.create({ key: 'a', entry: sampleEntry() })
      const careless = new MysqlStore({ pool: newMysqlPool('repeatable read', {}, begin), table, createTable: false })
      await expect(careless.delete({ key: 'a' })).rejects.toEqual(failure(false))
      await expect(careless.delete({ key: 'a' })).rejects.toThrow('autocommit')
      await expect(careless.create({ key: 'b', entry: sampleEntry() })).rejects.toEqual(failure(false))
      expect(await Promise.all(['a', 'b'].map(async (key) => (await store.load({ key, now: NOW })) !== undefined))).toEqual([true, false])
      expect(await store.delete({ key: 'a' })).toBe(true)
    },
  )
})

describe.skipIf(MYSQL === '')('a statement that is larger than the server accepts', () => {
  it.each([16, 17, 60])('is refused at once and keeps the connection: %i MiB', async (size) => {
    const store = new MysqlStore({ pool: newMysqlPool(), table: freshTable() })
    const large = sampleEntry({ payload: 'x'.repeat(size << 20) })
    await expect(store.create({ key: 'a', entry: large })).rejects.toEqual(failure(false))
    await expect(store.create({ key: 'a', entry: large })).rejects.toThrow('`max_allowed_packet`')
    const largest = sampleEntry({ payload: 'x'.repeat((16 << 20) - 2000) })
    expect(await store.create({ key: 'a', entry: largest })).toEqual({ ok: true })
    expect((await store.load({ key: 'a', now: NOW }))?.payload.length).toBe(largest.payload.length)
  })
})

describe.skipIf(MYSQL === '')('clearExpired', () => {
  it.each(ISOLATIONS)('waits for a locked row, and does not delete one that was touched in that time (%s)', async (isolation) => {
    const table = freshTable()
    const store = new MysqlStore({ pool: newMysqlPool(isolation), table })
    for (let index = 0; index < 10; index++)
      await store.create({ key: `key ${index}`, entry: sampleEntry({ expiresAt: NOW - 10 + index }) })
    const other = await transaction(`UPDATE \`${table}\` SET expires_at = ${NOW + 1} WHERE \`key\` = 'key 4'`)
    const totals: number[] = []
    const clear = (async () => {
      for await (const { deleted } of store.clearExpired({ now: NOW, batch: 4 })) totals.push(deleted)
    })()
    await waiting(table, 1)
    expect(totals).toEqual([4])
    await finish(other)
    await clear
    expect(totals).toEqual([4, 8, 9])
    expect((await store.list({ now: 0 })).entries.map(([key]) => key)).toEqual(['key 4'])
  })
})

describe.skipIf(MYSQL === '')('a server that rejects connections', () => {
  it.each([
    ['no such database', { database: 'no_such_database' }],
    ['no such user', { user: 'nobody' }],
    ['nothing listens', { port: 1 }],
    ['no such name', { host: 'nowhere.invalid' }],
  ])('has no effect: %s', async (_, options) => {
    const pool = mysqlPool({ uri: MYSQL, host: '127.0.0.1', ...options }, [])
    const store = new MysqlStore({ pool, createTable: false })
    await expect(store.create({ key: 'a', entry: sampleEntry() })).rejects.toEqual(failure(false))
    await expect(Promise.all([store.load({ key: 'a', now: NOW }), store.load({ key: 'b', now: NOW })])).rejects.toEqual(failure(false))
    await pool.end()
  })
})
