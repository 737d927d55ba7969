import { plainInsert, type SqlDialect } from './sql-statements.ts'

/** SQLite. A statement is alone in the database while it writes, so nothing has to be judged twice. */
export const sqliteDialect: SqlDialect = {
  placeholder: () => '?',
  quote: '"',
  insert: (table, columns) => `${plainInsert(table, columns)} ON CONFLICT ("key") DO NOTHING`,
  deleteExpired: (table) => `DELETE FROM ${table} WHERE rowid IN (
  SELECT rowid FROM ${table} WHERE "expires_at" <= ? AND "expires_at" >= ? ORDER BY "expires_at" LIMIT ?
)`,
}
