import type { RemoteDatabase, RemoteTable } from '../sql/remote-database.ts'
import { isPostgresJs, type PgPool, type PostgresJs, throughPool, throughPostgresJs } from './postgres-client.ts'
import { refusedByServer, wasInTheWay } from './postgres-errors.ts'

/** A PostgreSQL, as far as whose table this is does not matter. */
export function postgresDatabase(pool: PgPool | PostgresJs, table: RemoteTable): RemoteDatabase {
  return { send: isPostgresJs(pool) ? throughPostgresJs(pool) : throughPool(pool), table, refused: refusedByServer, wasInTheWay }
}
