import type { PgPool, PostgresJs } from '../../stores/postgres/pg-types.ts'
import { postgresDatabase } from '../../stores/postgres/postgres-client.ts'
import type { DjangoRows } from './django-rows.ts'
import { type DjangoSqlDialect, type DjangoTable, djangoTable, remoteRows } from './sql-rows.ts'

const UNIQUE_VIOLATION = '23505'

const postgresDialect: DjangoSqlDialect = {
  placeholder: (n) => `$${n}`,
  quote: '"',
  key: '?::varchar',
  signature: '?::text',
  timestamp: 'to_timestamp(?::double precision / 1000)',
  signatureColumn: 'right("session_data", 43)',
  expiryColumn: 'floor(extract(epoch from "expire_date") * 1000)::text',
  toParameter: (timestamp) => timestamp,
  toTimestamp: Number,
  deleteExpired: (table) => `WITH "expired" AS MATERIALIZED (
  SELECT "session_key" FROM ${table} WHERE "expire_date" <= to_timestamp($1::double precision / 1000) LIMIT $2::bigint FOR UPDATE SKIP LOCKED
)
DELETE FROM ${table} WHERE "session_key" IN (SELECT "session_key" FROM "expired") AND "expire_date" <= to_timestamp($1::double precision / 1000)`,
  isDuplicateKey: (cause) => (cause as { readonly code?: unknown } | undefined)?.code === UNIQUE_VIOLATION,
}

/** Django's table in PostgreSQL. */
export function postgresRows(pool: PgPool | PostgresJs, table: DjangoTable): DjangoRows {
  return remoteRows(postgresDatabase(pool, djangoTable), table, postgresDialect)
}
