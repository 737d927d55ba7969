import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import BetterSqlite from 'better-sqlite3'
import { describe, expect, it, vi } from 'vitest'
import type { Entry } from '../../../src/core/store/store.ts'
import { sqliteSchema } from '../../../src/stores/sqlite/sqlite-schema.ts'
import { SqliteStore, type SqliteStoreOptions } from '../../../src/stores/sqlite.ts'
import { ALIKE_TEXTS, fresh, NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { storeSuite } from '../../../src/testing/store-suite.ts'
import { newSqliteFile } from './sqlite-folder.ts'

const runner = { describe, it }

storeSuite('SqliteStore, a file', () => new SqliteStore(newSqliteFile()), runner)
storeSuite('SqliteStore, a file with durability full', () => new SqliteStore({ database: newSqliteFile(), durability: 'full' }), runner)
storeSuite('SqliteStore, :memory:', () => new SqliteStore(':memory:'), runner)
storeSuite('SqliteStore, node:sqlite handed in', () => new SqliteStore({ database: new DatabaseSync(':memory:') }), runner)
storeSuite(
  'SqliteStore, node:sqlite handed in, durability normal',
  () => new SqliteStore({ database: new DatabaseSync(':memory:'), durability: 'normal' }),
  runner,
)
storeSuite('SqliteStore, better-sqlite3', () => new SqliteStore({ database: new BetterSqlite(newSqliteFile()) }), runner)
storeSuite(
  'SqliteStore, better-sqlite3 with big integers',
  () => new SqliteStore({ database: new BetterSqlite(':memory:').defaultSafeIntegers(), durability: 'normal' }),
  runner,
)

const CONFIG = expect.objectContaining({ code: 'ERR_SESSION_CONFIG' })
const storeError = (operation: string, applied: { readonly applied?: false } = { applied: false }): unknown =>
  expect.objectContaining({ code: 'ERR_SESSION_STORE', operation, applied: applied.applied })

describe('the settings of a SqliteStore', () => {
  it('creates a file in WAL mode', async () => {
    const path = newSqliteFile()
    await new SqliteStore(path).create({ key: 'a', entry: sampleEntry() })
    expect(new DatabaseSync(path).prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
  })

  it('opens the file at the first use', async () => {
    const store = new SqliteStore('/nowhere/at/all/sessions.db')
    await expect(store.load({ key: 'a', now: NOW })).rejects.toEqual(storeError('load'))
    await expect(store.create({ key: 'a', entry: sampleEntry() })).rejects.toEqual(storeError('create'))
    await store.close()
  })

  it('changes only the given settings of an open database', async () => {
    const database = new DatabaseSync(newSqliteFile())
    const settings = (): unknown[] =>
      ['journal_mode', 'synchronous', 'busy_timeout'].map((name) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0])
    await new SqliteStore({ database }).load({ key: 'a', now: NOW })
    expect(settings()).toEqual(['delete', 2, 0])
    await new SqliteStore({ database, durability: 'normal', busyTimeout: '70ms' }).load({ key: 'a', now: NOW })
    expect(settings()).toEqual(['delete', 1, 70])
  })

  it('closes the database it opened, and not a passed one', async () => {
    const database = new DatabaseSync(':memory:')
    const store = new SqliteStore({ database })
    await store.create({ key: 'a', entry: sampleEntry() })
    await store.close()
    expect(database.isOpen).toBe(true)
    await expect(store.load({ key: 'a', now: NOW })).rejects.toEqual(storeError('load'))
    await expect(store.delete({ key: 'a' })).rejects.toEqual(storeError('delete'))
  })

  it('fails after close, used or not', async () => {
    const store = new SqliteStore(newSqliteFile())
    await store.close()
    await expect(store.create({ key: 'a', entry: sampleEntry() })).rejects.toThrow('The store is closed')
  })

  it('names the file that it cannot open', async () => {
    const path = join(newSqliteFile(), 'in a folder that is not there')
    const failure = new SqliteStore(path).load({ key: 'a', now: NOW })
    await expect(failure).rejects.toEqual(storeError('load'))
    await expect(failure).rejects.toThrow(`unable to open database file: ${path}`)
  })

  it('does not need node:sqlite for a database of another library', async () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined)
    expect(() => new SqliteStore('sessions.db')).toThrow(CONFIG)
    expect(() => new SqliteStore('sessions.db')).toThrow(`22.13 on, and \`process.version\` here is ${process.version}.`)
    const store = new SqliteStore({ database: new BetterSqlite(':memory:') })
    expect(await store.create({ key: 'a', entry: sampleEntry() })).toEqual({ ok: true })
  })

  it.each([
    ['table', 'sessions; DROP TABLE users'],
    ['table', 'a b'],
    ['table', '"'],
    ['table', '1st'],
    ['table', ''],
    ['table', 'sqlite_sessions'],
    ['table', 7],
    ['durability', 'FULL'],
    ['busyTimeout', 0],
    ['busyTimeout', 1000],
    ['busyTimeout', '0ms'],
    ['createTable', 'yes'],
    ['database', ''],
    ['database', {}],
    ['database', null],
    ['database', undefined],
    ['tabel', 'sessions'],
  ])('refuses and names the option %s: %j', (option, value) => {
    const options = { database: ':memory:', [option]: value } as SqliteStoreOptions
    expect(() => new SqliteStore(options)).toThrow(CONFIG)
    expect(() => new SqliteStore(options)).toThrow(`\`${option}\``)
  })
})

describe('the argument of a SqliteStore', () => {
  it.each([undefined, {}, 5])('must contain the database: %j', (options) => {
    expect(() => new SqliteStore(options as SqliteStoreOptions)).toThrow(CONFIG)
  })

  it('may be an open database', async () => {
    const database = new DatabaseSync(':memory:')
    expect(await new SqliteStore(database).load({ key: 'key', now: 0 })).toBeUndefined()
    expect(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'sessions'").get()).toBeDefined()
  })
})

describe('the schema of a SqliteStore', () => {
  it('equals schema/sqlite.sql', () => {
    expect(readFileSync('schema/sqlite.sql', 'utf8')).toBe(sqliteSchema('sessions'))
  })

  it('is not created with createTable: false, and can be created from the file', async () => {
    const database = new DatabaseSync(':memory:')
    const store = new SqliteStore({ database, createTable: false })
    await expect(store.load({ key: 'a', now: NOW })).rejects.toEqual(storeError('load'))
    database.exec(readFileSync('schema/sqlite.sql', 'utf8'))
    expect(await store.create({ key: 'a', entry: sampleEntry() })).toEqual({ ok: true })
  })

  it('is returned by a dry run of migrate, and created once', async () => {
    const path = newSqliteFile()
    const store = new SqliteStore({ database: path, createTable: false })
    expect(await store.migrate({ dryRun: true })).toBe(sqliteSchema('sessions'))
    expect(existsSync(path)).toBe(false)
    expect(await store.migrate()).toBe(sqliteSchema('sessions'))
    expect(await Promise.all([store.migrate(), store.migrate({ dryRun: true })])).toEqual(['', ''])
    expect(await store.create({ key: 'a', entry: sampleEntry() })).toEqual({ ok: true })
    await store.close()
    await expect(store.migrate()).rejects.toThrow('The store is closed')
  })

  it('is returned for an open database too, also if the store would create it at the first use', async () => {
    const store = new SqliteStore(new DatabaseSync(':memory:'))
    expect(await store.migrate({ dryRun: true })).toBe(sqliteSchema('sessions'))
    expect(await store.load({ key: 'a', now: NOW })).toBeUndefined()
    expect(await store.migrate({ dryRun: true })).toBe('')
  })

  it('does not replace a table of another application', async () => {
    const database = new DatabaseSync(':memory:')
    database.exec('CREATE TABLE sessions (key TEXT, sess TEXT)')
    const store = new SqliteStore(database)
    for (const operation of [store.migrate({ dryRun: true }), store.migrate(), store.load({ key: 'a', now: NOW })])
      await expect(operation).rejects.toThrow('is not one of this package (it has no column `version`)')
  })

  it('keeps the tables of two stores in one database apart, also if they are named by keywords', async () => {
    const database = new DatabaseSync(':memory:')
    const [one, other] = [new SqliteStore({ database, table: 'order' }), new SqliteStore({ database, table: 'group' })]
    await one.create({ key: 'a', entry: sampleEntry() })
    expect(await other.load({ key: 'a', now: NOW })).toBeUndefined()
  })

  it('has an index for each query', () => {
    const database = new DatabaseSync(':memory:')
    database.exec(sqliteSchema('sessions'))
    const plan = (sql: string): string => JSON.stringify(database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
    expect(plan('SELECT payload FROM sessions WHERE key = ? AND expires_at > ?')).toContain('sqlite_autoindex_sessions_1 (key=?)')
    expect(plan('DELETE FROM sessions WHERE user_id = ?')).toContain('sessions_user_id (user_id=?)')
    expect(plan('SELECT key FROM sessions WHERE expires_at <= ? LIMIT ?')).toContain('sessions_expires_at (expires_at<?)')
  })

  it('keeps keys and versions to the last code unit, NUL and lone surrogates too', async () => {
    const store = new SqliteStore(':memory:')
    const texts = [...ALIKE_TEXTS, 'alike\0', 'alike\0more', 'alike\ud800', 'alike\udbff', 'alike\ufffd', '\u0001"alike"', '']
    for (const [index, text] of texts.entries())
      expect(await store.create({ key: text, entry: sampleEntry({ version: text, idAt: index }) })).toEqual({ ok: true })
    for (const [index, text] of texts.entries())
      expect(await store.load({ key: text, now: NOW })).toMatchObject({ version: text, idAt: index })
    const { entries } = await store.list({ now: NOW })
    expect(entries.map(([key]) => key).toSorted()).toEqual(texts.toSorted())
  })
})

describe('a failing SqliteStore', () => {
  it('fails for a file that is not a database', async () => {
    const path = newSqliteFile()
    writeFileSync(path, 'this is not a database, and long enough to look like one\n'.repeat(100))
    await expect(new SqliteStore(path).load({ key: 'a', now: NOW })).rejects.toEqual(storeError('load'))
    await expect(new SqliteStore(path).create({ key: 'a', entry: sampleEntry() })).rejects.toEqual(storeError('create'))
  })

  it('recovers with the file', async () => {
    const path = newSqliteFile()
    writeFileSync(path, 'broken\n'.repeat(1000))
    const store = new SqliteStore(path)
    await expect(store.load({ key: 'a', now: NOW })).rejects.toEqual(storeError('load'))
    writeFileSync(path, '')
    expect(await store.create({ key: 'a', entry: sampleEntry() })).toEqual({ ok: true })
  })

  it('reads from a read-only file', async () => {
    const [path, entry] = [newSqliteFile(), sampleEntry()]
    const writer = new SqliteStore(path)
    await writer.create({ key: 'a', entry })
    const store = new SqliteStore({ database: new DatabaseSync(path, { readOnly: true }) })
    expect(await store.load({ key: 'a', now: NOW })).toEqual(entry)
    await expect(store.replace({ key: 'a', entry: sampleEntry(), expected: entry.version, now: NOW })).rejects.toEqual(
      storeError('replace'),
    )
    await expect(store.touch({ key: 'a', expiresAt: NOW * 2, expected: entry.version, now: NOW })).rejects.toEqual(storeError('touch'))
    await expect(store.delete({ key: 'a' })).rejects.toEqual(storeError('delete'))
    await writer.close()
  })

  it.each(['normal', 'full'] as const)(
    'keeps what it has when the disk is full, and can still delete (durability %s)',
    async (durability) => {
      const database = new DatabaseSync(newSqliteFile())
      const store = new SqliteStore({ database, durability })
      const entry = sampleEntry()
      await store.create({ key: 'a', entry })
      database.exec('PRAGMA max_page_count = 20')
      const big = sampleEntry({ payload: 'x'.repeat(200_000) })
      await expect(store.create({ key: 'b', entry: big })).rejects.toEqual(storeError('create'))
      await expect(store.replace({ key: 'a', entry: big, expected: entry.version, now: NOW })).rejects.toEqual(storeError('replace'))
      expect(await store.load({ key: 'a', now: NOW })).toEqual(entry)
      expect(await store.delete({ key: 'a' })).toBe(true)
    },
  )

  it('reports an unknown outcome when the disk failed', async () => {
    const database = new DatabaseSync(':memory:')
    const broken = { ...driver(database), prepare: (sql: string) => failing(database.prepare(sql), { errcode: 10 + (4 << 8) }) }
    const store = new SqliteStore({ database: broken, durability: 'normal' })
    await expect(store.create({ key: 'a', entry: sampleEntry() })).rejects.toEqual(storeError('create', {}))
  })

  it('refuses to write in an open transaction of the application', async () => {
    for (const database of [new DatabaseSync(':memory:'), new BetterSqlite(':memory:')]) {
      const stores = (['normal', 'full'] as const).map((durability) => new SqliteStore({ database, durability, table: durability }))
      for (const store of stores) await store.load({ key: 'a', now: NOW })
      database.exec('BEGIN')
      for (const store of stores) await expect(store.create({ key: 'a', entry: sampleEntry() })).rejects.toEqual(storeError('create'))
      database.exec('ROLLBACK')
      for (const store of stores) expect(await store.create({ key: 'a', entry: sampleEntry() })).toEqual({ ok: true })
    }
  })

  it('waits at most its busy timeout for another writer', async () => {
    const path = newSqliteFile()
    const store = new SqliteStore({ database: path, busyTimeout: '1ms' })
    await store.create({ key: 'a', entry: sampleEntry() })
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(store.delete({ key: 'a' })).rejects.toEqual(storeError('delete'))
    expect(await store.load({ key: 'a', now: NOW })).toBeDefined()
    other.exec('ROLLBACK')
    expect(await store.delete({ key: 'a' })).toBe(true)
  })
})

describe('the writes of one turn with durability full', () => {
  it('are one transaction', async () => {
    const { store, executed } = watched()
    await store.load({ key: 'open', now: NOW })
    executed.length = 0
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => store.create({ key: fresh('key'), entry: sampleEntry() })))
    expect(outcomes).toEqual(Array.from({ length: 20 }, () => ({ ok: true })))
    expect(executed).toEqual(['BEGIN IMMEDIATE', 'COMMIT'])
  })

  it('are split into transactions of limited size, so that reads can run between them', async () => {
    const { store, executed } = watched()
    await store.load({ key: 'open', now: NOW })
    executed.length = 0
    await Promise.all(Array.from({ length: 600 }, () => store.create({ key: fresh('key'), entry: sampleEntry() })))
    expect(executed).toEqual(['BEGIN IMMEDIATE', 'COMMIT', 'BEGIN IMMEDIATE', 'COMMIT', 'BEGIN IMMEDIATE', 'COMMIT'])
  })

  it('need no transaction if there is only one', async () => {
    const { store, executed } = watched()
    await store.create({ key: 'a', entry: sampleEntry() })
    expect(executed).not.toContain('BEGIN IMMEDIATE')
  })

  it('are separate statements with durability normal', async () => {
    const { store, executed } = watched({ durability: 'normal' })
    await Promise.all(Array.from({ length: 20 }, () => store.create({ key: fresh('key'), entry: sampleEntry() })))
    expect(executed).not.toContain('BEGIN IMMEDIATE')
  })

  it('do not delay a load', async () => {
    const { store } = watched()
    const entry = sampleEntry()
    await store.create({ key: 'a', entry })
    const order: string[] = []
    const writes = [1, 2, 3].map(() => store.create({ key: fresh('key'), entry: sampleEntry() }).then(() => order.push('written')))
    const load = store.load({ key: 'a', now: NOW }).then(() => order.push('loaded'))
    await Promise.all([...writes, load])
    expect(order).toEqual(['loaded', 'written', 'written', 'written'])
  })

  it('each have their own result when some are refused', async () => {
    const { store } = watched()
    const entry = sampleEntry()
    await store.create({ key: 'a', entry })
    const next = sampleEntry()
    const outcomes = await Promise.all([
      store.replace({ key: 'a', entry: next, expected: entry.version, now: NOW }),
      store.replace({ key: 'a', entry: sampleEntry(), expected: entry.version, now: NOW }),
      store.replace({ key: 'b', entry: sampleEntry(), expected: entry.version, now: NOW }),
      store.create({ key: 'a', entry: sampleEntry() }),
      store.create({ key: 'c', entry: sampleEntry() }),
      store.touch({ key: 'a', expiresAt: NOW, expected: entry.version, now: NOW }),
      store.delete({ key: 'd' }),
      store.deleteByIndex({ index: 'userId', name: 'nobody' }),
    ])
    const refused = (reason: string, current?: Entry): object => ({ ok: false, reason, ...(current && { current }) })
    expect(outcomes).toEqual([{ ok: true }, refused('stale', next), refused('missing'), refused('taken'), { ok: true }, false, false, 0])
  })

  it('succeed when one of them fails', async () => {
    const { store, database } = watched()
    await store.load({ key: 'open', now: NOW })
    database.exec('PRAGMA max_page_count = 40')
    const outcomes = await Promise.allSettled([
      store.create({ key: 'a', entry: sampleEntry() }),
      store.create({ key: 'b', entry: sampleEntry({ payload: 'x'.repeat(400_000) }) }),
      store.create({ key: 'c', entry: sampleEntry() }),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(outcomes[1]).toMatchObject({ reason: storeError('create') })
    expect((await store.list({ now: NOW })).entries.map(([key]) => key)).toEqual(['a', 'c'])
  })

  it('run one by one when the commit fails', async () => {
    const { store, refuseCommit } = watched()
    await store.load({ key: 'open', now: NOW })
    refuseCommit('before')
    const outcomes = await Promise.all(['a', 'b'].map((key) => store.create({ key, entry: sampleEntry() })))
    expect(outcomes).toEqual([{ ok: true }, { ok: true }])
  })

  it('are not applied twice when the commit succeeded with an error', async () => {
    const { store, refuseCommit } = watched()
    const [entry, next] = [sampleEntry(), sampleEntry()]
    await store.create({ key: 'a', entry })
    refuseCommit('after')
    const outcomes = await Promise.all([
      store.replace({ key: 'a', entry: next, expected: entry.version, now: NOW }),
      store.create({ key: 'b', entry: sampleEntry() }),
    ])
    expect(outcomes).toEqual([
      { ok: false, reason: 'stale', current: next },
      { ok: false, reason: 'taken' },
    ])
  })

  it('all fail at once and without effect when another process holds the lock', async () => {
    const path = newSqliteFile()
    const store = new SqliteStore({ database: path, durability: 'full', busyTimeout: '1ms' })
    await store.load({ key: 'open', now: NOW })
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    const writes = ['a', 'b'].map((key) => store.create({ key, entry: sampleEntry() }))
    for (const write of writes) await expect(write).rejects.toEqual(storeError('create'))
    other.exec('ROLLBACK')
    expect(await Promise.all(['a', 'b'].map((key) => store.create({ key, entry: sampleEntry() })))).toEqual([{ ok: true }, { ok: true }])
  })

  it('are committed before the store closes', async () => {
    const path = newSqliteFile()
    const store = new SqliteStore({ database: path, durability: 'full' })
    await store.load({ key: 'open', now: NOW })
    const writes = Array.from({ length: 300 }, (_, index) => store.create({ key: String(index), entry: sampleEntry() }))
    await Promise.resolve()
    await store.close()
    expect(await Promise.all(writes)).toHaveLength(300)
    expect((await new SqliteStore(path).list({ now: NOW, limit: 1000 })).entries).toHaveLength(300)
  })
})

/** Returns a store on a database that records the executed statements. */
function watched({ durability = 'full' }: { durability?: 'normal' | 'full' } = {}) {
  const database = new DatabaseSync(newSqliteFile())
  const executed: string[] = []
  let failure: 'before' | 'after' | undefined
  const exec = (sql: string): void => {
    executed.push(sql)
    const moment = sql === 'COMMIT' ? failure : undefined
    failure = moment === undefined ? failure : undefined
    if (moment !== 'before') database.exec(sql)
    if (moment !== undefined) throw Object.assign(new Error('disk I/O error'), { errcode: 10 })
  }
  const store = new SqliteStore({ database: { ...driver(database), exec }, durability })
  return { store, database, executed, refuseCommit: (moment: 'before' | 'after') => (failure = moment) }
}

function driver(database: DatabaseSync) {
  return { prepare: (sql: string) => database.prepare(sql), exec: (sql: string) => database.exec(sql), close: () => database.close() }
}

function failing(statement: ReturnType<DatabaseSync['prepare']>, error: object) {
  const run = (): never => {
    throw Object.assign(new Error('disk I/O error'), error)
  }
  return { run, get: () => statement.get(), all: () => statement.all() }
}
