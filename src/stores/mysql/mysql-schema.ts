import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import type { RemoteTable, SendToServer } from '../sql/remote-database.ts'
import { quoteTable } from '../sql/sql-statements.ts'
import { remoteTable } from '../sql/table-schema.ts'
import { toBackticks } from './mysql-dialect.ts'
import { isNoSuchTable } from './mysql-errors.ts'

/** The maximum size of a key in bytes. A server without strict mode would cut off a longer one. */
export const MAX_KEY_BYTES = 255
/**
 * The maximum size of the text of a user. With the key it fits in an index entry, so a list of a
 * user is read in its order.
 */
export const MAX_USER_BYTES = 2048

/**
 * The statement that creates the table. Running it again changes nothing. `schema/mysql.sql` is
 * this text for the table `sessions`.
 *
 * Texts are stored as their bytes in UTF-8. So no collation folds or pads them, and the character
 * sets of database, table and connection do not matter. A LONGBLOB holds everything that a
 * statement can contain, and the store refuses keys and users that are too long, so a server
 * without strict mode cuts nothing off. A short LONGBLOB is stored in the row like any other value.
 */
export function mysqlSchema(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${toBackticks(quoteTable(table))} (
  \`key\` varbinary(${MAX_KEY_BYTES}) NOT NULL PRIMARY KEY,
  \`version\` longblob NOT NULL,
  \`expires_at\` bigint NOT NULL, -- times are epoch milliseconds
  \`seen_at\` bigint NOT NULL,
  \`created_at\` bigint NOT NULL,
  \`id_at\` bigint NOT NULL,
  \`user_id\` varbinary(${MAX_USER_BYTES}),
  \`group_id\` varbinary(${MAX_USER_BYTES}),
  \`proof\` longblob NOT NULL,
  \`commits\` longblob NOT NULL,
  \`payload\` longblob NOT NULL,
  KEY \`expires_at\` (\`expires_at\`),
  KEY \`user_id\` (\`user_id\`, \`key\`)
) ENGINE = InnoDB;
`
}

export function mysqlTable(name: string): RemoteTable {
  const table = toBackticks(quoteTable(name))
  /** Returns one column of the result, and nothing if the table does not exist. */
  const show = async (send: SendToServer, operation: StoreOperation, text: string, column: number): Promise<readonly string[]> => {
    try {
      const { rows } = await send(operation, text, [])
      return rows.map((row) => String(row[column]))
    } catch (error) {
      if (error instanceof StoreError && isNoSuchTable(error.cause)) return []
      throw error
    }
  }
  const create = (index: string, columns: string): string => `CREATE INDEX \`${index}\` ON ${table} (${columns})`
  return remoteTable(name, {
    schema: mysqlSchema(name),
    file: 'schema/mysql.sql',
    indexes: { expires_at: [create('expires_at', '`expires_at`')], user_id: [create('user_id', '`user_id`, `key`')] },
    readColumns: (send, operation) => show(send, operation, `SHOW COLUMNS FROM ${table}`, 0),
    readIndexed: (send, operation) => show(send, operation, `SHOW INDEX FROM ${table} WHERE Seq_in_index = 1`, COLUMN_NAME),
  })
}

/** The position of `Column_name` in the result of `SHOW INDEX`. */
const COLUMN_NAME = 4
