import { plainInsert, quoted, type SqlDialect } from './sql-statements.ts'

/** The index by expiry counts in hours; see `postgresSchema`. */
const HOUR = 3_600_000

/** PostgreSQL. Rows are locked one by one there: a sweep passes over those that somebody is at work on, and judges the others under the lock. */
export const postgresDialect: SqlDialect = {
  placeholder: (n) => `$${n}`,
  quote: '"',
  insert: (table, columns) => `${plainInsert(table, columns)} ON CONFLICT ("key") DO NOTHING`,
  // MATERIALIZED, or the planner may run the inner part again for every row and lock more than a batch.
  deleteExpired: (table) => `WITH "expired" AS MATERIALIZED (
  SELECT "key" FROM ${table} WHERE "expires_hour" <= $1::bigint / ${HOUR} AND "expires_at" <= $1::bigint LIMIT $2::bigint FOR UPDATE SKIP LOCKED
)
DELETE FROM ${table} WHERE "key" IN (SELECT "key" FROM "expired") AND "expires_at" <= $1::bigint`,
}

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
