import type { RemoteDatabase, RemoteTable } from '../sql/remote-database.ts'
import { isPostgresJs, type PgPool, type PostgresJs, throughPool, throughPostgresJs } from './postgres-client.ts'
import { isRejectedByServer, isRetryable } from './postgres-errors.ts'

/** A PostgreSQL server with any table: that of this package, or Django's. */
export function postgresDatabase(pool: PgPool | PostgresJs, table: RemoteTable): RemoteDatabase {
  const send = isPostgresJs(pool) ? throughPostgresJs(pool) : throughPool(pool)
  return { send, table, isRejected: isRejectedByServer, isRetryable }
}
