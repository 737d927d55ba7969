import { StoreError } from '../../core/base/errors.ts'
import { messageOf } from '../../core/base/realms.ts'
import { configureSqlite, type SqliteDatabase } from '../../stores/sqlite/sqlite-database.ts'
import { SqliteExecutor } from '../../stores/sqlite/sqlite-executor.ts'
import { isFile, openSqlite } from '../../stores/sqlite/sqlite-file.ts'
import { formatDjangoDate, type LocalTime, parseDjangoDate } from '../format/local-time.ts'
import type { DjangoRows } from './django-rows.ts'
import { DJANGO_TABLE_REMEDY, type DjangoSqlDialect, type DjangoSqlRow, DjangoSqlRows, type DjangoTable } from './sql-rows.ts'

/** In SQLite, Django stores dates as texts, which are compared as texts. */
const sqliteDialect = (localTime: LocalTime): DjangoSqlDialect => ({
  placeholder: () => '?',
  quote: '"',
  key: '?',
  signature: '?',
  timestamp: '?',
  signatureColumn: 'substr("session_data", -43)',
  expiryColumn: '"expire_date"',
  toParameter: (timestamp) => formatDjangoDate(timestamp, localTime),
  toTimestamp: (value) => parseDjangoDate(String(value), localTime),
  deleteExpired: (table) =>
    `DELETE FROM ${table} WHERE "session_key" IN (SELECT "session_key" FROM ${table} WHERE "expire_date" <= ? LIMIT ?)`,
  isDuplicateKey: (cause) => messageOf(cause).includes('UNIQUE constraint failed'),
})

/** How long a statement waits for the lock of the file, in milliseconds. */
const BUSY_TIMEOUT = 1000

/** Django's table in a SQLite file, whose settings stay as Django made them. */
export function sqliteRows(database: string | SqliteDatabase, table: DjangoTable, localTime: LocalTime): DjangoRows {
  const owned = typeof database === 'string'
  const executor = new SqliteExecutor<DjangoSqlRow>({
    table: table.name,
    createTable: false,
    missingTable: DJANGO_TABLE_REMEDY,
    owned,
    open: () => (owned ? openFile(database) : database),
    exists: () => true,
  })
  return new DjangoSqlRows(table, sqliteDialect(localTime), executor)
}

function openFile(path: string): SqliteDatabase {
  // SQLite would create an empty database at a mistyped path.
  if (!isFile(path))
    throw new StoreError('open', new Error(`There is no file ${path}`), {
      remedy: 'Check the path, or let Django create the database: manage.py migrate.',
    })
  const database = openSqlite(path)
  configureSqlite(database, { durability: undefined, busyTimeout: BUSY_TIMEOUT })
  return database
}
