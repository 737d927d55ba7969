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
  const index = (...columns: readonly string[]): string =>
    `CREATE INDEX IF NOT EXISTS "${table.split('.').at(-1)}_${columns[0]}" ON ${quoteTable(table)} (${columnList(columns)})`
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
${index('expires_hour')};
${index('user_id', 'key')} WHERE "user_id" IS NOT NULL;
`
}

/**
 * The table of a store. It is created under a lock, because two concurrent CREATE statements fail,
 * even with IF NOT EXISTS.
 */
export function postgresTable(name: string): RemoteTable {
  const readColumns = async (send: SendToServer, operation: StoreOperation): Promise<readonly string[]> => {
    const text = 'SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1::text) AND attnum > 0 AND NOT attisdropped'
    const { rows } = await send(operation, text, [quoteTable(name)])
    return rows.map(([column]) => String(column))
  }
  const lock = `SELECT pg_advisory_xact_lock(hashtext('sojourn'), hashtext('${name}'));\n`
  return remoteTable(name, postgresSchema(name), readColumns, { file: 'schema/postgres.sql', more: ['expires_hour'], lock })
}
