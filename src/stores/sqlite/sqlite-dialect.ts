import { plainInsert, type SqlDialect } from '../sql/sql-statements.ts'

/** SQLite. Only one statement writes at a time, so no condition has to be checked twice. */
export const sqliteDialect: SqlDialect = {
  placeholder: () => '?',
  quote: '"',
  server: 'SQLite',
  describe: 'SELECT sqlite_version() AS "version", NULL AS "expires_at"',
  insert: (table, columns) => `${plainInsert(table, columns)} ON CONFLICT ("key") DO NOTHING`,
  // A batch blocks the whole database, and with it the event loop of every process that writes.
  batch: 100,
  deleteExpired: (table) => `DELETE FROM ${table} WHERE rowid IN (
  SELECT rowid FROM ${table} WHERE "expires_at" <= ? AND "expires_at" >= ? ORDER BY "expires_at" LIMIT ?
)`,
}
