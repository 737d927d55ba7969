import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { missingSchema } from '../sql/missing-schema.ts'
import type { RemoteTable, SendToServer } from '../sql/remote-database.ts'
import { quoted } from '../sql/sql-statements.ts'
import { inBackticks } from './mysql-dialect.ts'
import { isNoSuchTable } from './mysql-errors.ts'

/** The most bytes of a key; longer ones a server that is not strict would cut off. */
export const LONGEST_KEY = 255

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

/** The table of a store in MySQL or MariaDB. */
export class MysqlTable implements RemoteTable {
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  async missing(send: SendToServer, operation: StoreOperation): Promise<string> {
    const columns = await this.#columns(send, operation)
    return missingSchema(this.#name, columns, mysqlSchema(this.#name))
  }

  async create(send: SendToServer, operation: StoreOperation): Promise<string> {
    const schema = await this.missing(send, operation)
    if (schema !== '') await send(operation, schema, [])
    return schema
  }

  async #columns(send: SendToServer, operation: StoreOperation): Promise<string[]> {
    try {
      const { rows } = await send(operation, inBackticks(`SHOW COLUMNS FROM ${quoted(this.#name)}`), [])
      return rows.map(([column]) => String(column))
    } catch (error) {
      if (error instanceof StoreError && isNoSuchTable(error.cause)) return []
      throw error
    }
  }
}
