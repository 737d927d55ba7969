import type { PgPool, PostgresJs } from '../../stores/postgres/postgres-client.ts'
import { postgresDatabase } from '../../stores/postgres/postgres-database.ts'
import { RemoteExecutor } from '../../stores/sql/remote-executor.ts'
import type { DjangoRows } from './django-rows.ts'
import { DJANGO_COLUMNS, type DjangoSqlDialect, type DjangoSqlRow, DjangoSqlRows, djangoTable } from './sql-rows.ts'

const UNIQUE_VIOLATION = '23505'

const postgresDialect: DjangoSqlDialect = {
  placeholder: (n) => `$${n}`,
  quote: '"',
  key: '?::varchar',
  signature: '?::text',
  instant: 'to_timestamp(?::double precision / 1000)',
  end: 'right("session_data", 43)',
  expiry: 'floor(extract(epoch from "expire_date") * 1000)::text',
  valueOf: (instant) => instant,
  instantOf: Number,
  deleteExpired: (table) => `WITH "expired" AS MATERIALIZED (
  SELECT "session_key" FROM ${table} WHERE "expire_date" <= to_timestamp($1::double precision / 1000) LIMIT $2::bigint FOR UPDATE SKIP LOCKED
)
DELETE FROM ${table} WHERE "session_key" IN (SELECT "session_key" FROM "expired") AND "expire_date" <= to_timestamp($1::double precision / 1000)`,
  isTaken: (cause) => (cause as { readonly code?: unknown } | undefined)?.code === UNIQUE_VIOLATION,
}

/** Django's table in PostgreSQL. */
export function postgresRows(pool: PgPool | PostgresJs, table: string): DjangoRows {
  const database = postgresDatabase(pool, djangoTable)
  const executor = new RemoteExecutor<DjangoSqlRow>(database, new Map(), false, DJANGO_COLUMNS)
  return new DjangoSqlRows(table, postgresDialect, executor)
}
