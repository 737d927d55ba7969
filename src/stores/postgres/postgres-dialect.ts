import { HOUR } from '../../core/base/duration.ts'
import { plainInsert, type SqlDialect } from '../sql/sql-statements.ts'

/** The index of the expiry has hours; see `postgresSchema`. */
const EXPIRED = `"expires_hour" <= $1::bigint / ${HOUR} AND "expires_at" <= $1::bigint`

/**
 * PostgreSQL. Rows are locked one by one: a DELETE of expired rows skips locked rows, and checks
 * the expiry of the others under the lock.
 */
export const postgresDialect: SqlDialect = {
  placeholder: (n) => `$${n}`,
  quote: '"',
  server: 'PostgreSQL',
  describe: `SELECT current_setting('server_version') AS "version",
  floor(extract(epoch FROM clock_timestamp()) * 1000) AS "expires_at"`,
  insert: (table, columns) => `${plainInsert(table, columns)} ON CONFLICT ("key") DO NOTHING`,
  // Without MATERIALIZED the planner may run the inner SELECT again for every row and lock more
  // than a batch. Without ORDER BY, if many rows are expired, it reads the table from its
  // beginning, which earlier batches have emptied.
  deleteExpired: (table) => `WITH "expired" AS MATERIALIZED (
  SELECT "key" FROM ${table} WHERE ${EXPIRED} AND "expires_hour" >= $2::bigint
  ORDER BY "expires_hour" LIMIT $3::bigint FOR UPDATE SKIP LOCKED
)
DELETE FROM ${table} WHERE "key" IN (SELECT "key" FROM "expired") AND "expires_at" <= $1::bigint`,
  expired: EXPIRED,
  expiryIndexed: 'expires_hour',
}
