import { plainInsert, type SqlDialect } from '../sql/sql-statements.ts'

/** The index by expiry counts in hours; see `postgresSchema`. */
export const HOUR = 3_600_000

const EXPIRED = `"expires_hour" <= $1::bigint / ${HOUR} AND "expires_at" <= $1::bigint`

/** PostgreSQL. Rows are locked one by one there: a sweep passes over those that somebody is at work on, and judges the others under the lock. */
export const postgresDialect: SqlDialect = {
  placeholder: (n) => `$${n}`,
  quote: '"',
  insert: (table, columns) => `${plainInsert(table, columns)} ON CONFLICT ("key") DO NOTHING`,
  // MATERIALIZED, or the planner may run the inner part again for every row and lock more than a batch. In the order of the index, or where
  // much is expired the planner reads the table from its beginning, which the batches before have emptied.
  deleteExpired: (table) => `WITH "expired" AS MATERIALIZED (
  SELECT "key" FROM ${table} WHERE ${EXPIRED} AND "expires_hour" >= $2::bigint
  ORDER BY "expires_hour" LIMIT $3::bigint FOR UPDATE SKIP LOCKED
)
DELETE FROM ${table} WHERE "key" IN (SELECT "key" FROM "expired") AND "expires_at" <= $1::bigint`,
  expired: EXPIRED,
  expiryIndexed: 'expires_hour',
}
