import type { StoreOperation } from '../../core/base/errors.ts'
import { missingSchema } from '../sql/missing-schema.ts'
import type { RemoteTable, SendToServer } from '../sql/remote-database.ts'
import { quoted } from '../sql/sql-statements.ts'
import { HOUR } from './postgres-dialect.ts'

/**
 * What creates the table; run again it changes nothing. `schema/postgres.sql` is this text for the table `sessions`.
 *
 * Texts compare byte by byte (`COLLATE "C"`), whatever the collation of the database and the version of its library. The expiry is indexed by
 * the hour: it moves with almost every write, and an index of it would get an entry each time. As it is, most writes change no indexed
 * column, and PostgreSQL keeps the new row on the page of the old one (HOT) and every index as it was; the fillfactor leaves room for that.
 */
export function postgresSchema(table: string): string {
  const index = (column: string): string =>
    `CREATE INDEX IF NOT EXISTS "${table.split('.').at(-1)}_${column}" ON ${quoted(table)} ("${column}")`
  return `CREATE TABLE IF NOT EXISTS ${quoted(table)} (
  "key" text COLLATE "C" NOT NULL PRIMARY KEY,
  "version" text COLLATE "C" NOT NULL,
  "expires_at" bigint NOT NULL, -- instants are epoch milliseconds
  "expires_hour" bigint GENERATED ALWAYS AS ("expires_at" / ${HOUR}) STORED,
  "seen_at" bigint NOT NULL,
  "created_at" bigint NOT NULL,
  "id_at" bigint NOT NULL,
  "user_id" text COLLATE "C",
  "proof" text COLLATE "C" NOT NULL,
  "commits" text COLLATE "C" NOT NULL,
  "payload" text COLLATE "C" NOT NULL
) WITH (fillfactor = 80);
${index('expires_hour')};
${index('user_id')} WHERE "user_id" IS NOT NULL;
`
}

/** The table of a store in PostgreSQL. */
export class PostgresTable implements RemoteTable {
  readonly #name: string

  constructor(name: string) {
    this.#name = name
  }

  async missing(send: SendToServer, operation: StoreOperation): Promise<string> {
    const text = 'SELECT attname FROM pg_attribute WHERE attrelid = to_regclass($1::text) AND attnum > 0 AND NOT attisdropped'
    const { rows } = await send(operation, text, [quoted(this.#name)])
    const columns = rows.map(([column]) => String(column))
    return missingSchema(this.#name, columns, postgresSchema(this.#name), ['expires_hour'])
  }

  /** Those who create it take turns: two at the same moment get in each other's way, IF NOT EXISTS or not. */
  async create(send: SendToServer, operation: StoreOperation): Promise<string> {
    const schema = await this.missing(send, operation)
    const turn = `SELECT pg_advisory_xact_lock(hashtext('sojourn'), hashtext('${this.#name}'));\n`
    if (schema !== '') await send(operation, turn + schema, undefined)
    return schema
  }
}
