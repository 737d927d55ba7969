import { isDuplicateKey } from './mysql-errors.ts'
import { plainInsert, quoted, type SqlDialect } from './sql-statements.ts'

/** The most bytes of a key; longer ones a server that is not strict would cut off. */
export const LONGEST_KEY = 255

/**
 * MySQL and MariaDB. Of `INSERT … ON DUPLICATE KEY UPDATE` the answer does not tell whether the row was new, so an INSERT is plain and fails. A
 * row is judged under its lock, by its newest state, in every isolation level; in the order of their index a sweep looks at expired rows only.
 */
export const mysqlDialect: SqlDialect = {
  placeholder: () => '?',
  quote: '`',
  insert: plainInsert,
  isTaken: isDuplicateKey,
  deleteExpired: (table) => `DELETE FROM ${table} WHERE "expires_at" <= ? ORDER BY "expires_at" LIMIT ?`,
}

/**
 * What creates the table; run again it changes nothing. `schema/mysql.sql` is this text for the table `sessions`.
 *
 * Texts are kept as their bytes in UTF-8: so no collation folds or pads them, and the character sets of database, table and connection have
 * no say. A LONGBLOB holds whatever a statement can carry, so that nothing is cut off by a server that is not strict; a short one is kept in
 * the row like any other value.
 */
export function mysqlSchema(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${inBackticks(quoted(table))} (
  \`key\` varbinary(${LONGEST_KEY}) NOT NULL PRIMARY KEY,
  \`version\` longblob NOT NULL,
  \`expires_at\` bigint NOT NULL, -- instants are epoch milliseconds
  \`seen_at\` bigint NOT NULL,
  \`created_at\` bigint NOT NULL,
  \`id_at\` bigint NOT NULL,
  \`user_id\` longblob,
  \`proof\` longblob NOT NULL,
  \`commits\` longblob NOT NULL,
  \`payload\` longblob NOT NULL,
  KEY \`expires_at\` (\`expires_at\`),
  KEY \`user_id\` (\`user_id\`(64))
) ENGINE = InnoDB;
`
}

/** A text of ours with the marks that MySQL has around names. */
export function inBackticks(text: string): string {
  return text.replaceAll('"', '`')
}
