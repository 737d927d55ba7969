import { readFileSync } from 'node:fs'
import pg from 'pg'
import postgres from 'postgres'
import { describe, expect, it } from 'vitest'
import { postgresDialect } from '../../../src/stores/postgres/postgres-dialect.ts'
import { postgresSchema } from '../../../src/stores/postgres/postgres-schema.ts'
import { PostgresStore, type PostgresStoreOptions } from '../../../src/stores/postgres.ts'
import { sqlStatements } from '../../../src/stores/sql/sql-statements.ts'
import { fresh, HOUR, NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { expectDistinctTexts } from '../../helpers/expect-distinct-texts.ts'
import { freshTable, newPool, newSql, POSTGRES } from '../../services/postgres/postgres-pool.ts'
import { watched } from '../../services/postgres/watched-pool.ts'

const CONFIG = expect.objectContaining({ code: 'ERR_SESSION_CONFIG' })
const NOT_APPLIED = expect.objectContaining({ code: 'ERR_SESSION_STORE', applied: false })

describe('the options of a PostgresStore', () => {
  const pool = new pg.Pool()

  it.each([
    ['table', 'sessions; DROP TABLE users'],
    ['table', 'a.b.c'],
    ['table', 'app.'],
    ['table', '.sessions'],
    ['table', '"app".sessions'],
    ['table', 'pg_catalog.sessions'],
    ['table', ''],
    ['table', 7],
    ['createTable', 'yes'],
    ['pool', 'postgres://localhost/app'],
    ['pool', {}],
    ['pool', null],
    ['pool', undefined],
    ['client', pool],
  ])('are refused by name if invalid: %s', (option, value) => {
    const options = { pool, [option]: value } as unknown as PostgresStoreOptions
    expect(() => new PostgresStore(options)).toThrow(CONFIG)
    expect(() => new PostgresStore(options)).toThrow(`\`${option}\``)
  })

  it.each([undefined, {}, pool])('must contain the pool', (options) => {
    expect(() => new PostgresStore(options as unknown as PostgresStoreOptions)).toThrow(CONFIG)
  })

  it('accept the types of both libraries', () => {
    expect(() => [new PostgresStore({ pool }), new PostgresStore({ pool: postgres() })]).not.toThrow()
  })
})

describe('the schema of a PostgresStore', () => {
  it('equals schema/postgres.sql', () => {
    expect(readFileSync('schema/postgres.sql', 'utf8')).toBe(postgresSchema('sessions'))
  })
})

describe.skipIf(POSTGRES === '')('the table of a PostgresStore', () => {
  it('is not created with createTable: false, and can be created from the file', async () => {
    const [pool, schema] = [newPool(), freshTable()]
    const client = newPool('read committed', { options: `-c search_path=${schema}` })
    const store = new PostgresStore({ pool: client, createTable: false })
    await pool.query(`CREATE SCHEMA "${schema}"`)
    await expect(store.load({ key: 'a', now: NOW })).rejects.toEqual(NOT_APPLIED)
    await client.query(readFileSync('schema/postgres.sql', 'utf8'))
    await client.query(readFileSync('schema/postgres.sql', 'utf8'))
    expect(await store.create({ key: 'a', entry: sampleEntry() })).toEqual({ ok: true })
  })

  it('may be in a schema, and be named by a keyword', async () => {
    const [pool, schema] = [newPool(), freshTable()]
    await pool.query(`CREATE SCHEMA "${schema}"`)
    const entry = sampleEntry({ userId: 'ada' })
    for (const table of [`${schema}.order`, `${schema}.Order`, `${schema}.user`]) {
      const store = new PostgresStore({ pool, table })
      expect(await store.create({ key: 'a', entry })).toEqual({ ok: true })
      expect(await Promise.all(['a', 'b'].map((key) => store.load({ key, now: NOW })))).toEqual([entry, undefined])
      expect(await store.touch({ key: 'a', expiresAt: NOW + 2 * HOUR, expected: entry.version, now: NOW })).toBe(true)
    }
    const { rows } = await pool.query('SELECT indexname FROM pg_indexes WHERE schemaname = $1', [schema])
    expect(rows.map(({ indexname }) => indexname)).toContain('Order_expires_hour')
  })

  it('can be created concurrently', async () => {
    const table = freshTable()
    const pools = Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? newPool() : newSql()))
    const stores = Array.from({ length: 40 }, (_, index) => new PostgresStore({ pool: pools[index % 8] as pg.Pool, table }))
    const outcomes = await Promise.all(stores.map((store) => store.create({ key: fresh('key'), entry: sampleEntry() })))
    expect(outcomes).toEqual(stores.map(() => ({ ok: true })))
  })

  it('is returned and created by migrate, also concurrently', async () => {
    const table = freshTable()
    const stores = Array.from({ length: 8 }, () => new PostgresStore({ pool: newPool(), table, createTable: false }))
    expect(await stores[0]?.migrate({ dryRun: true })).toBe(postgresSchema(table))
    expect(await Promise.all(stores.map((store) => store.migrate()))).toContain(postgresSchema(table))
    expect(await Promise.all(stores.map((store) => store.migrate({ dryRun: true })))).toEqual(stores.map(() => ''))
  })

  it('can be used by a role without the right to create it', async () => {
    const [pool, table, role] = [newPool(), freshTable(), freshTable()]
    await new PostgresStore({ pool, table }).create({ key: 'a', entry: sampleEntry() })
    await pool.query(`CREATE ROLE "${role}" LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON "${table}" TO "${role}"`)
    const theirs = newPool('read committed', { connectionString: POSTGRES.replace('postgres@', `${role}@`) })
    expect(await new PostgresStore({ pool: theirs, table }).create({ key: 'b', entry: sampleEntry() })).toEqual({ ok: true })
    await expect(new PostgresStore({ pool: theirs, table: freshTable() }).create({ key: 'b', entry: sampleEntry() })).rejects.toEqual(
      NOT_APPLIED,
    )
  })

  it('is looked up once', async () => {
    const client = watched(newPool())
    const store = new PostgresStore({ pool: client, table: freshTable() })
    await Promise.all([store.load({ key: 'a', now: NOW }), store.create({ key: 'a', entry: sampleEntry() }), store.delete({ key: 'b' })])
    expect(client.sent.filter((text) => /regclass|CREATE/.test(text))).toHaveLength(2)
  })

  it('has an index for each query, and most writes change none of them', async () => {
    const [pool, table] = [newPool(), freshTable()]
    const store = new PostgresStore({ pool, table })
    let entry = sampleEntry({ userId: 'ada' })
    await store.create({ key: 'a', entry })
    for (let second = 0; second < 200; second += 1) {
      const next = sampleEntry({ userId: 'ada', expiresAt: NOW + HOUR + second * 1000 })
      await store.replace({ key: 'a', entry: next, expected: entry.version, now: NOW })
      entry = next
    }
    await expect
      .poll(
        async () => {
          await pool.query('SELECT pg_stat_clear_snapshot()')
          const { rows } = await pool.query(
            `SELECT n_tup_upd::int AS updates, n_tup_hot_upd::int AS hot FROM pg_stat_user_tables WHERE relname = $1`,
            [table],
          )
          return rows[0]
        },
        { timeout: 10_000 },
      )
      .toMatchObject({ updates: 200, hot: expect.closeTo(200, -2) })
    const client = await pool.connect()
    await client.query('SET enable_seqscan = off')
    const plan = async (sql: string): Promise<string> => JSON.stringify((await client.query(`EXPLAIN ${sql}`)).rows)
    expect(await plan(`SELECT "payload" FROM "${table}" WHERE "key" = 'a'`)).toContain(`${table}_pkey`)
    expect(await plan(`DELETE FROM "${table}" WHERE "user_id" = 'ada'`)).toContain(`${table}_user_id`)
    expect(await plan(`SELECT "key" FROM "${table}" WHERE "expires_hour" <= 7 AND "expires_at" <= 7`)).toContain(`${table}_expires_hour`)
    client.release()
  })
})

describe.skipIf(POSTGRES === '')('clearExpired of a PostgresStore with many expired rows', () => {
  it('reads in the order of the index, because earlier batches have emptied the beginning of the table', async () => {
    const [pool, table] = [newPool(), freshTable()]
    await new PostgresStore({ pool, table }).migrate()
    await pool.query(`INSERT INTO "${table}" ("key", "version", "expires_at", "seen_at", "created_at", "id_at", "proof", "commits", "payload")
      SELECT n, '', n::bigint * 3600000, 0, 0, 0, '', '', repeat('x', 400) FROM generate_series(1, 5000) AS n; ANALYZE "${table}"`)
    const { text } = sqlStatements(table, postgresDialect).clearExpired
    const { rows } = await pool.query(
      `EXPLAIN ${text
        .replace(/\$1/g, String(2500 * HOUR))
        .replace('$2', '0')
        .replace('$3', '10')}`,
    )
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    expect(plan).toContain(`Index Scan using "${table}_expires_hour"`.replaceAll('"', ''))
    expect(plan).not.toContain('Seq Scan')
  })
})

describe.skipIf(POSTGRES === '')('texts in a PostgresStore', () => {
  it('are distinguished to the last code unit', () => expectDistinctTexts(new PostgresStore({ pool: newPool(), table: freshTable() })))

  it.each(["ICU_LOCALE 'de-u-co-phonebk-ks-level1' LOCALE_PROVIDER icu LOCALE 'C'", "LOCALE 'C.UTF-8'"])(
    'are kept apart whatever the collation of the database: %s',
    async (locale) => {
      const name = freshTable()
      await newPool().query(`CREATE DATABASE "${name}" TEMPLATE template0 ENCODING 'UTF8' ${locale}`)
      await expectDistinctTexts(
        new PostgresStore({ pool: newPool('read committed', { connectionString: POSTGRES.replace(/[^/]+$/, name) }) }),
      )
    },
  )

  it('that the encoding of the database cannot store are refused', async () => {
    const name = freshTable()
    await newPool().query(`CREATE DATABASE "${name}" TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`)
    const store = new PostgresStore({ pool: newPool('read committed', { connectionString: POSTGRES.replace(/[^/]+$/, name) }) })
    expect(await store.create({ key: 'a', entry: sampleEntry({ payload: 'é' }) })).toEqual({ ok: true })
    await expect(store.create({ key: 'b', entry: sampleEntry({ payload: '😀' }) })).rejects.toEqual(NOT_APPLIED)
  })
})

describe.skipIf(POSTGRES === '')('the settings of a client', () => {
  it('do not affect the rows: transformed names, parsed integers', async () => {
    const table = freshTable()
    const types = { getTypeParser: () => (value: string) => (/^\d+$/.test(value) ? BigInt(value) : value) }
    const pools = [
      newSql('read committed', { transform: postgres.camel, types: { bigint: postgres.BigInt } }),
      newSql('read committed', { prepare: false, max: 1 }),
      newPool('read committed', { types: types as never }),
    ]
    for (const [index, pool] of pools.entries()) {
      const [store, entry] = [new PostgresStore({ pool, table }), sampleEntry({ userId: 'ada' })]
      await store.create({ key: `key ${index}`, entry })
      expect(await store.load({ key: `key ${index}`, now: NOW })).toEqual(entry)
      expect(await Promise.all([0, 1].map(() => store.load({ key: `key ${index}`, now: NOW })))).toEqual([entry, entry])
    }
  })
})

describe.skipIf(POSTGRES === '')('close of a PostgresStore', () => {
  it('waits for pending operations, leaves the pool open, and fails later operations', async () => {
    const pool = newPool('read committed', { max: 1 })
    const store = new PostgresStore({ pool, table: freshTable() })
    const writes = Array.from({ length: 20 }, (_, index) => store.create({ key: String(index), entry: sampleEntry() }))
    let written = 0
    for (const write of writes) void write.then(() => (written += 1))
    await store.close()
    await new Promise((resolve) => setImmediate(resolve))
    expect(written).toBe(20)
    await store.close()
    await expect(store.load({ key: 'a', now: NOW })).rejects.toThrow('The store is closed')
    await expect(store.load({ key: 'a', now: NOW })).rejects.toEqual(NOT_APPLIED)
    expect((await pool.query('SELECT 1')).rowCount).toBe(1)
  })
})
