import type { StoreOperation } from '../../core/base/errors.ts'
import { createTableRemedy, missingIndexes, missingSchema } from '../sql/table-schema.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

/**
 * The statements that create the table. Running them again changes nothing. `schema/sqlite.sql` is
 * this text for the table `sessions`.
 *
 * SQLite compares texts byte by byte, so keys differ by case and padding. The payload is the last
 * column, because SQLite reads through a long column to reach the ones after it. The table has
 * rowids: `WITHOUT ROWID` made writes of a 1.5 KB row three times as slow.
 */
export function sqliteSchema(table: string): string {
  return `CREATE TABLE IF NOT EXISTS "${table}" (
  "key" TEXT NOT NULL PRIMARY KEY,
  "version" TEXT NOT NULL,
  "expires_at" INTEGER NOT NULL, -- times are epoch milliseconds
  "seen_at" INTEGER NOT NULL,
  "created_at" INTEGER NOT NULL,
  "id_at" INTEGER NOT NULL,
  "user_id" TEXT,
  "group_id" TEXT,
  "proof" TEXT NOT NULL,
  "commits" TEXT NOT NULL,
  "payload" TEXT NOT NULL
) STRICT;
${Object.values(indexes(table)).flat().join('')}`
}

/** The statement that creates each index, by its first column. */
function indexes(table: string): Readonly<Record<string, readonly string[]>> {
  return {
    expires_at: [`CREATE INDEX IF NOT EXISTS "${table}_expires_at" ON "${table}" ("expires_at");\n`],
    user_id: [`CREATE INDEX IF NOT EXISTS "${table}_user_id" ON "${table}" ("user_id", "key") WHERE "user_id" IS NOT NULL;\n`],
  }
}

/** What to do when the table does not exist. */
export const MISSING_TABLE: string = createTableRemedy('schema/sqlite.sql')

/**
 * Returns the schema if the table is missing, and an empty text if it exists. Throws if it is not a
 * table of this package.
 */
export function missingSqliteSchema(operation: StoreOperation, database: SqliteDatabase, table: string): string {
  const found = database.prepare('SELECT name FROM pragma_table_info(?)').all(table) as { readonly name: string }[]
  const columns = found.map(({ name }) => name)
  return missingSchema(operation, table, columns, sqliteSchema(table))
}

/** Returns the statements that create the missing indexes of an existing table. */
export function missingSqliteIndexes(database: SqliteDatabase, table: string): string {
  const text = 'SELECT i.name FROM pragma_index_list(?) AS l JOIN pragma_index_info(l.name) AS i WHERE i.seqno = 0'
  const found = database.prepare(text).all(table) as { readonly name: string }[]
  const indexed = found.map(({ name }) => name)
  return missingIndexes(indexes(table), indexed).join('')
}
