import type { RemoteDatabase, RemoteTable } from '../sql/remote-database.ts'
import { MysqlClient, type MysqlPool, type MysqlPromisePool } from './mysql-client.ts'
import { refusedByServer, wasInTheWay } from './mysql-errors.ts'

/** How long a statement may take, in milliseconds, for whoever does not say how long they wait. */
export const STATEMENT_TIMEOUT = 10_000

/** A MySQL or MariaDB, as far as whose table this is does not matter. */
export function mysqlDatabase(
  pool: MysqlPool | MysqlPromisePool,
  table: RemoteTable,
  statementTimeout: number = STATEMENT_TIMEOUT,
): RemoteDatabase {
  const client = new MysqlClient(pool, statementTimeout)
  return {
    send: client.send,
    table,
    begin: (operation, send) => client.learnLargest(operation, send),
    refused: refusedByServer,
    wasInTheWay,
  }
}
