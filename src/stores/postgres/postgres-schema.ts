import { HOUR } from '../../core/base/duration.ts'
import type { StoreOperation } from '../../core/base/errors.ts'
import type { RemoteTable, SendToServer } from '../sql/remote-database.ts'
import { columnList, quoteTable } from '../sql/sql-statements.ts'
import { remoteTable } from '../sql/table-schema.ts'

/**
 * The statements that create the table. Running them again changes nothing. `schema/postgres.sql`
 * is this text for the table `sessions`.
 *
 * Texts compare byte by byte (`COLLATE "C"`), independent of the collation of the database and the
 * version of its library. The expiry is indexed by the hour, because it changes with almost every
 * write, and each change would add an entry to an index of it. With hours, most writes change no
 * indexed column. PostgreSQL then stores the new row on the page of the old one (HOT) and changes
 * no index; the fillfactor leaves space for that.
 */
export function postgresSchema(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${quoteTable(table)} (
  "key" text COLLATE "C" NOT NULL PRIMARY KEY,
  "version" text COLLATE "C" NOT NULL,
  "expires_at" bigint NOT NULL, -- times are epoch milliseconds
  "expires_hour" bigint GENERATED ALWAYS AS ("expires_at" / ${HOUR}) STORED,
  "seen_at" bigint NOT NULL,
  "created_at" bigint NOT NULL,
  "id_at" bigint NOT NULL,
  "user_id" text COLLATE "C",
  "group_id" text COLLATE "C",
  "proof" text COLLATE "C" NOT NULL,
  "commits" text COLLATE "C" NOT NULL,
  "payload" text COLLATE "C" NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS ${expiryIndex(table)};
CREATE INDEX IF NOT EXISTS ${userIndex(table)};
`
}

function expiryIndex(table: string): string {
  return indexOn(table, 'expires_hour')
}

function userIndex(table: string): string {
  return `${indexOn(table, 'user_id', 'key')} WHERE "user_id" IS NOT NULL`
}

function indexOn(table: string, ...columns: readonly string[]): string {
  return `"${indexName(table, columns[0])}" ON ${quoteTable(table)} (${columnList(columns)})`
}

function indexName(table: string, column = ''): string {
  return `${table.split('.').at(-1)}_${column}`
}

/**
 * The table of a store. It is created under a lock, because two concurrent CREATE statements fail,
 * even with IF NOT EXISTS. A missing index is created without a lock that keeps out writes. If that
 * is interrupted, an invalid index of the name remains, which is dropped first.
 */
export function postgresTable(name: string): RemoteTable {
  const readNames = async (send: SendToServer, operation: StoreOperation, text: string): Promise<readonly string[]> => {
    const { rows } = await send(operation, text, [quoteTable(name)])
    return rows.map(([column]) => String(column))
  }
  const schema = quoteTable(name).replace(/"[^"]+"$/, '')
  const create = (column: string, definition: string): readonly string[] => [
    `DROP INDEX CONCURRENTLY IF EXISTS ${schema}"${indexName(name, column)}"`,
    `CREATE INDEX CONCURRENTLY ${definition}`,
  ]
  return remoteTable(name, {
    schema: postgresSchema(name),
    file: 'schema/postgres.sql',
    more: ['expires_hour'],
    lock: `SELECT pg_advisory_xact_lock(hashtext('sojourn'), hashtext('${name}'));\n`,
    indexes: { expires_hour: create('expires_hour', expiryIndex(name)), user_id: create('user_id', userIndex(name)) },
    readColumns: (send, operation) => readNames(send, operation, COLUMNS_OF_TABLE),
    readIndexed: (send, operation) => readNames(send, operation, INDEXED_COLUMNS),
  })
}

const COLUMNS_OF_TABLE = 'SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1::text) AND attnum > 0 AND NOT attisdropped'
const INDEXED_COLUMNS = `SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
WHERE indrelid = to_regclass($1::text) AND indisvalid`
