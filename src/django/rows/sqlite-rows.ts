import { isFile, openSqlite, type SqliteDatabase, setUpSqlite } from '../../stores/sqlite/sqlite-database.ts'
import { SqliteExecutor } from '../../stores/sqlite/sqlite-executor.ts'
import type { DjangoRows } from './django-rows.ts'
import { fromDjangoText, type LocalTime, toDjangoText } from './local-time.ts'
import { type DjangoSqlDialect, type DjangoSqlRow, DjangoSqlRows } from './sql-rows.ts'

/** Django keeps dates as texts there, which compare as texts. */
const sqliteDialect = (localTime: LocalTime): DjangoSqlDialect => ({
  placeholder: () => '?',
  quote: '"',
  key: '?',
  signature: '?',
  instant: '?',
  end: 'substr("session_data", -43)',
  expiry: '"expire_date"',
  valueOf: (instant) => toDjangoText(instant, localTime),
  instantOf: (value) => fromDjangoText(String(value), localTime),
  deleteExpired: (table) =>
    `DELETE FROM ${table} WHERE "session_key" IN (SELECT "session_key" FROM ${table} WHERE "expire_date" <= ? LIMIT ?)`,
  isTaken: (cause) => cause instanceof Error && cause.message.includes('UNIQUE constraint failed'),
})

/** Django waits so long for the lock of the file, too. */
const BUSY_TIMEOUT = 1000

/** Django's table in a SQLite file, which stays as Django has set it up. */
export function sqliteRows(database: string | SqliteDatabase, table: string, localTime: LocalTime): DjangoRows {
  const owned = typeof database === 'string'
  const executor = new SqliteExecutor<DjangoSqlRow>({
    table,
    createTable: false,
    owned,
    open: () => (owned ? opened(database) : database),
    isThere: () => true,
  })
  return new DjangoSqlRows(table, sqliteDialect(localTime), executor)
}

function opened(path: string): SqliteDatabase {
  // SQLite would make an empty one of a mistyped path.
  if (!isFile(path)) throw new Error(`There is no file ${path}: Django makes it (manage.py migrate)`)
  const database = openSqlite(path)
  setUpSqlite(database, { durability: undefined, busyTimeout: BUSY_TIMEOUT })
  return database
}
