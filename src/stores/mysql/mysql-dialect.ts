import { plainInsert, type SqlDialect } from '../sql/sql-statements.ts'
import { isDuplicateKey } from './mysql-errors.ts'

/**
 * MySQL and MariaDB. Of `INSERT … ON DUPLICATE KEY UPDATE` the answer does not tell whether the row was new, so an INSERT is plain and fails. A
 * row is judged under its lock, by its newest state, in every isolation level; in the order of their index a sweep looks at expired rows only.
 */
export const mysqlDialect: SqlDialect = {
  placeholder: () => '?',
  quote: '`',
  insert: plainInsert,
  isTaken: isDuplicateKey,
  deleteExpired: (table) => `DELETE FROM ${table} WHERE "expires_at" <= ? AND "expires_at" >= ? ORDER BY "expires_at" LIMIT ?`,
}

/** A text of ours with the marks that MySQL has around names. */
export function inBackticks(text: string): string {
  return text.replaceAll('"', '`')
}
