import { refuseForeignTable } from '../sql/foreign-table.ts'
import { COLUMNS } from '../sql/sql-statements.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

/**
 * What creates the table; run again it changes nothing. `schema/sqlite.sql` is this text for the table `sessions`.
 *
 * Texts compare byte by byte in SQLite, so keys differ by case and padding. The payload stands last: SQLite walks through a long column to
 * reach the ones behind it. A table with rowids, as `WITHOUT ROWID` made writes of a 1.5 KB row three times as slow.
 */
export function sqliteSchema(table: string): string {
  return `CREATE TABLE IF NOT EXISTS "${table}" (
  "key" TEXT NOT NULL PRIMARY KEY,
  "version" TEXT NOT NULL,
  "expires_at" INTEGER NOT NULL, -- instants are epoch milliseconds
  "seen_at" INTEGER NOT NULL,
  "created_at" INTEGER NOT NULL,
  "id_at" INTEGER NOT NULL,
  "user_id" TEXT,
  "proof" TEXT NOT NULL,
  "commits" TEXT NOT NULL,
  "payload" TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS "${table}_expires_at" ON "${table}" ("expires_at");
CREATE INDEX IF NOT EXISTS "${table}_user_id" ON "${table}" ("user_id") WHERE "user_id" IS NOT NULL;
`
}

/** The schema where the table is missing, and nothing where it is there. A table that is not ours is refused. */
export function missingSqliteSchema(database: SqliteDatabase, table: string): string {
  const found = database.prepare('SELECT name FROM pragma_table_info(?)').all(table) as { readonly name: string }[]
  if (found.length === 0) return sqliteSchema(table)
  refuseForeignTable(
    table,
    found.map(({ name }) => name),
    ['key', ...COLUMNS],
  )
  return ''
}
