import { readFileSync } from 'node:fs'
import mysql from 'mysql2'
import promised, { type Pool, type PoolOptions } from 'mysql2/promise'
import { describe, expect, it } from 'vitest'
import { mysqlSchema } from '../../../src/stores/mysql/mysql-schema.ts'
import { MysqlStore, type MysqlStoreOptions } from '../../../src/stores/mysql.ts'
import { fresh, HOUR, NOW, sampleEntry, TRICKY_TEXTS } from '../../../src/testing/sample.ts'
import { expectDistinctTexts } from '../../helpers/expect-distinct-texts.ts'
import { freshTable } from '../../services/fresh-table.ts'
import { MYSQL, newMysqlPool } from '../../services/mysql/mysql-pools.ts'
import { watchedMysql } from '../../services/mysql/watched-mysql.ts'

const CONFIG = expect.objectContaining({ code: 'ERR_SESSION_CONFIG' })
const NOT_APPLIED = expect.objectContaining({ code: 'ERR_SESSION_STORE', applied: false })

describe('the options of a MysqlStore', () => {
  const pool = mysql.createPool({})

  it.each([
    ['table', 'sessions; DROP TABLE users'],
    ['table', 'a.b.c'],
    ['table', '`app`.sessions'],
    ['table', ''],
    ['table', 7],
    ['createTable', 'yes'],
    ['pool', 'mysql://localhost/app'],
    ['pool', {}],
    ['pool', { pool: {} }],
    ['pool', null],
    ['pool', undefined],
    ['statementTimeout', 10_000],
    ['statementTimeout', '0s'],
    ['statementTimeout', '25d'],
    ['client', pool],
  ])('are refused by name if invalid: %s', (option, value) => {
    const options = { pool, [option]: value } as unknown as MysqlStoreOptions
    expect(() => new MysqlStore(options)).toThrow(CONFIG)
    expect(() => new MysqlStore(options)).toThrow(`\`${option}\``)
  })

  it.each([undefined, {}, pool])('must contain the pool', (options) => {
    expect(() => new MysqlStore(options as unknown as MysqlStoreOptions)).toThrow(CONFIG)
  })

  it('accept the types of both pools', () => {
    expect(() => [new MysqlStore({ pool }), new MysqlStore({ pool: promised.createPool({}) })]).not.toThrow()
  })
})

describe('the schema of a MysqlStore', () => {
  it('equals schema/mysql.sql', () => {
    expect(readFileSync('schema/mysql.sql', 'utf8')).toBe(mysqlSchema('sessions'))
  })
})

/** Creates a database with the given settings. */
async function newDatabase(how = ''): Promise<string> {
  const name = freshTable()
  await newMysqlPool().query(`CREATE DATABASE \`${name}\` ${how}`)
  return name
}

describe.skipIf(MYSQL === '')('the table of a MysqlStore', () => {
  it('is not created with createTable: false, and can be created from the file', async () => {
    const pool = newMysqlPool('repeatable read', { database: await newDatabase() })
    const store = new MysqlStore({ pool, createTable: false })
    await expect(store.load({ key: 'a', now: NOW })).rejects.toEqual(NOT_APPLIED)
    await pool.query(readFileSync('schema/mysql.sql', 'utf8'))
    await pool.query(readFileSync('schema/mysql.sql', 'utf8'))
    expect(await store.create({ key: 'a', entry: sampleEntry() })).toEqual({ ok: true })
  })

  it('may be in another database, and be named by a keyword', async () => {
    const [pool, database] = [newMysqlPool(), await newDatabase()]
    const entry = sampleEntry({ userId: 'ada' })
    for (const table of [`${database}.order`, `${database}.key`, `${database}.user`]) {
      const store = new MysqlStore({ pool, table })
      expect(await store.create({ key: 'a', entry })).toEqual({ ok: true })
      expect(await Promise.all(['a', 'b'].map((key) => store.load({ key, now: NOW })))).toEqual([entry, undefined])
      expect(await store.touch({ key: 'a', expiresAt: NOW + 2 * HOUR, expected: entry.version, now: NOW })).toBe(true)
    }
  })

  it('can be created concurrently', async () => {
    const table = freshTable()
    const pools = Array.from({ length: 4 }, () => newMysqlPool())
    const stores = Array.from({ length: 40 }, (_, index) => new MysqlStore({ pool: pools[index % 4] as Pool, table }))
    const outcomes = await Promise.all(stores.map((store) => store.create({ key: fresh('key'), entry: sampleEntry() })))
    expect(outcomes).toEqual(stores.map(() => ({ ok: true })))
  })

  it('can be used by a user without the right to create it', async () => {
    const [pool, table, user] = [newMysqlPool(), freshTable(), freshTable()]
    await new MysqlStore({ pool, table }).create({ key: 'a', entry: sampleEntry() })
    await pool.query(`CREATE USER ${user}@'127.0.0.1'`)
    await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON app.\`${table}\` TO ${user}@'127.0.0.1'`)
    const theirs = newMysqlPool('repeatable read', { user })
    expect(await new MysqlStore({ pool: theirs, table }).create({ key: 'b', entry: sampleEntry() })).toEqual({ ok: true })
    await expect(new MysqlStore({ pool: theirs, table: freshTable() }).create({ key: 'b', entry: sampleEntry() })).rejects.toEqual(
      NOT_APPLIED,
    )
  })

  it('is looked up once', async () => {
    const pool = watchedMysql(newMysqlPool())
    const store = new MysqlStore({ pool, table: freshTable() })
    await Promise.all([store.load({ key: 'a', now: NOW }), store.create({ key: 'a', entry: sampleEntry() }), store.delete({ key: 'b' })])
    expect(pool.sent.filter((text) => /SHOW COLUMNS|CREATE|@@/.test(text))).toHaveLength(3)
  })

  it('has an index for each query, also if half of the rows are expired', async () => {
    const [pool, table] = [newMysqlPool(), freshTable()]
    const store = new MysqlStore({ pool, table })
    await store.create({ key: 'a', entry: sampleEntry({ userId: 'ada' }) })
    const columns = '`version`, `seen_at`, `created_at`, `id_at`, `proof`, `commits`, `payload`'
    await pool.query(
      `INSERT INTO \`${table}\` (\`key\`, \`expires_at\`, \`user_id\`, ${columns}) SELECT CONCAT('key', seq), seq, CONCAT('user', seq), '', 0, 0, 0, '', '', '' FROM seq_1_to_2000`,
    )
    await pool.query(`ANALYZE TABLE \`${table}\``)
    const plan = async (sql: string): Promise<unknown> => ((await pool.query(`EXPLAIN ${sql}`)) as unknown as [[{ key: string }]])[0][0].key
    const marks = Array.from({ length: 64 }, (_, index) => `'key${index}'`).join()
    expect(await plan(`SELECT \`payload\` FROM \`${table}\` WHERE \`key\` IN (${marks})`)).toBe('PRIMARY')
    expect(await plan(`DELETE FROM \`${table}\` WHERE \`user_id\` = 'ada'`)).toBe('user_id')
    expect(await plan(`DELETE FROM \`${table}\` WHERE \`expires_at\` <= 1000 ORDER BY \`expires_at\` LIMIT 100`)).toBe('expires_at')
  })
})

async function keepExactly(store: MysqlStore): Promise<void> {
  const big = sampleEntry({ payload: '\\é😀\0"\''.repeat(200_000), userId: 'x'.repeat(2048) })
  await store.create({ key: 'big', entry: big })
  expect(await store.load({ key: 'big', now: NOW })).toEqual(big)
  for (const text of TRICKY_TEXTS) {
    const entry = sampleEntry({ payload: text, commits: text, proof: text, userId: text })
    expect(await store.create({ key: text, entry })).toEqual({ ok: true })
    expect(await store.load({ key: text, now: NOW })).toEqual(entry)
    expect(await store.replace({ key: text, entry: { ...entry, version: 'next' }, expected: entry.version, now: NOW })).toEqual({
      ok: true,
    })
  }
}

describe.skipIf(MYSQL === '')('texts in a MysqlStore', () => {
  it.each([
    'CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
    'CHARACTER SET latin1',
    'CHARACTER SET ucs2 COLLATE ucs2_unicode_ci',
    'CHARACTER SET utf8mb3 COLLATE utf8mb3_bin',
  ])('are distinguished to the last code unit, whatever the database folds or pads: %s', async (how) => {
    await expectDistinctTexts(new MysqlStore({ pool: newMysqlPool('repeatable read', { database: await newDatabase(how) }) }))
  })

  it.each(['latin1', 'utf8_general_ci', 'utf8mb4_unicode_ci', 'gbk'])(
    'are returned unchanged with every character set of the connection: %s',
    async (charset) => {
      const pool = newMysqlPool('repeatable read', {
        charset: charset === 'latin1' ? 'latin1_swedish_ci' : charset === 'gbk' ? 'gbk_chinese_ci' : charset,
      })
      await keepExactly(new MysqlStore({ pool, table: freshTable() }))
      await expectDistinctTexts(new MysqlStore({ pool, table: freshTable() }))
    },
  )

  it.each(['', 'TRADITIONAL', 'ANSI,NO_BACKSLASH_ESCAPES', 'ORACLE,EMPTY_STRING_IS_NULL', 'PAD_CHAR_TO_FULL_LENGTH,STRICT_ALL_TABLES'])(
    'come back in the sql_mode %j',
    async (mode) => {
      const pool = newMysqlPool('repeatable read', {}, `SET SESSION sql_mode = '${mode}'`)
      await keepExactly(new MysqlStore({ pool, table: freshTable() }))
      await expectDistinctTexts(new MysqlStore({ pool, table: freshTable() }))
    },
  )

  it('are never cut off, also without strict mode', async () => {
    const pool = newMysqlPool('repeatable read', {}, `SET SESSION sql_mode = ''`)
    const [store, longest] = [new MysqlStore({ pool, table: freshTable() }), 'é'.repeat(127)]
    expect(await store.create({ key: `${longest}x`, entry: sampleEntry({ userId: `${longest}1` }) })).toEqual({ ok: true })
    expect(await store.create({ key: `${longest}y`, entry: sampleEntry({ userId: `${longest}2` }) })).toEqual({ ok: true })
    await expect(store.create({ key: `${longest}xx`, entry: sampleEntry() })).rejects.toEqual(NOT_APPLIED)
    expect(await store.deleteByIndex({ index: 'userId', name: `${longest}1` })).toBe(1)
  })
})

describe.skipIf(MYSQL === '')('the settings of a pool', () => {
  const settings: [string, PoolOptions][] = [
    ['big numbers as texts', { supportBigNumbers: true, bigNumberStrings: true, decimalNumbers: true, dateStrings: true }],
    ['rows and tables of another shape', { rowsAsArray: true, nestTables: true, namedPlaceholders: true, multipleStatements: true }],
    ['a typeCast', { typeCast: (field) => (field.type === 'LONGLONG' ? 'theirs' : field.string()) }],
    ['no typeCast', { typeCast: false }],
    ['no code made at run time', { disableEval: true, timezone: '+05:30', trace: false }],
    ['a queryFormat', { queryFormat: () => 'SELECT 1' }],
    ['compression', { compress: true }],
    ['few prepared statements', { maxPreparedStatements: 1, connectionLimit: 1 }],
    ['a reset of each connection', { resetOnRelease: true, connectionLimit: 1 }],
  ]

  it.each(settings)('do not affect the rows: %s', async (_, options) => {
    const store = new MysqlStore({ pool: mysql.createPool({ uri: MYSQL, ...options }), table: freshTable() })
    const entry = sampleEntry({ userId: 'ada' })
    expect(await store.create({ key: 'a', entry })).toEqual({ ok: true })
    expect(await store.create({ key: 'a', entry })).toEqual({ ok: false, reason: 'taken' })
    expect(await store.load({ key: 'a', now: NOW })).toEqual(entry)
    expect(await Promise.all(['a', 'a', 'b'].map((key) => store.load({ key, now: NOW })))).toEqual([entry, entry, undefined])
    const next = sampleEntry()
    expect(await store.replace({ key: 'a', entry: next, expected: 'another', now: NOW })).toEqual({
      ok: false,
      reason: 'stale',
      current: entry,
    })
    expect(await store.replace({ key: 'a', entry: next, expected: entry.version, now: NOW })).toEqual({ ok: true })
    expect(await store.list({ now: NOW })).toEqual({ entries: [['a', next]] })
  })

  it.each(['FOUND_ROWS', '-FOUND_ROWS'])('do not affect the count of a write that changes nothing: %s', async (flag) => {
    const pool = newMysqlPool('repeatable read', { flags: [flag] })
    const [store, entry] = [new MysqlStore({ pool, table: freshTable() }), sampleEntry({ seenAt: NOW })]
    await store.create({ key: 'a', entry })
    expect(await store.replace({ key: 'a', entry, expected: entry.version, now: NOW })).toEqual({ ok: true })
    expect(await store.touch({ key: 'a', expiresAt: entry.expiresAt, expected: entry.version, now: NOW })).toBe(true)
    expect(await store.touch({ key: 'a', expiresAt: entry.expiresAt, expected: 'another', now: NOW })).toBe(false)
    expect(await store.replace({ key: 'a', entry, expected: 'another', now: NOW })).toEqual({ ok: false, reason: 'stale', current: entry })
  })

  it.each(['de_DE', 'ru_RU', 'ja_JP'])('include no effect of the language of the server: %s', async (language) => {
    const pool = newMysqlPool('repeatable read', { flags: ['-FOUND_ROWS'] }, `SET SESSION lc_messages = '${language}'`)
    const [store, entry] = [new MysqlStore({ pool, table: freshTable() }), sampleEntry({ seenAt: NOW })]
    await store.create({ key: 'a', entry })
    expect(await store.touch({ key: 'a', expiresAt: entry.expiresAt, expected: entry.version, now: NOW })).toBe(true)
    expect(await store.create({ key: 'a', entry })).toEqual({ ok: false, reason: 'taken' })
  })
})

describe.skipIf(MYSQL === '')('close of a MysqlStore', () => {
  it('waits for pending operations, leaves the pool open, and fails later operations', async () => {
    const pool = newMysqlPool('repeatable read', { connectionLimit: 1 })
    const store = new MysqlStore({ pool, table: freshTable() })
    const writes = Array.from({ length: 20 }, (_, index) => store.create({ key: String(index), entry: sampleEntry() }))
    let written = 0
    for (const write of writes) void write.then(() => (written += 1))
    await store.close()
    await new Promise((resolve) => setImmediate(resolve))
    expect(written).toBe(20)
    await store.close()
    await expect(store.load({ key: 'a', now: NOW })).rejects.toThrow('The store is closed')
    await expect(store.load({ key: 'a', now: NOW })).rejects.toEqual(NOT_APPLIED)
    expect((await pool.query('SELECT 1'))[0]).toHaveLength(1)
  })
})
