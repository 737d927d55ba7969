import { plainInsert, type SqlDialect } from '../sql/sql-statements.ts'
import { isDuplicateKey } from './mysql-errors.ts'

/**
 * MySQL and MariaDB. The result of `INSERT … ON DUPLICATE KEY UPDATE` does not say whether the row
 * was new, so a plain INSERT is used, which fails. Conditions are checked under the lock of the row
 * and by its newest state, in every isolation level. A DELETE in the order of the index reads
 * expired rows only.
 */
export const mysqlDialect: SqlDialect = {
  placeholder: () => '?',
  quote: '`',
  server: 'MySQL',
  describe: 'SELECT version() AS "version", floor(unix_timestamp(now(3)) * 1000) AS "expires_at"',
  insert: plainInsert,
  isTaken: isDuplicateKey,
  deleteExpired: (table) => `DELETE FROM ${table} WHERE "expires_at" <= ? AND "expires_at" >= ? ORDER BY "expires_at" LIMIT ?`,
}

/** Replaces the quotes around names by those of MySQL. */
export function toBackticks(text: string): string {
  return text.replaceAll('"', '`')
}
