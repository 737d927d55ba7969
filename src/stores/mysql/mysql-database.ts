import type { RemoteDatabase, RemoteTable } from '../sql/remote-database.ts'
import { MysqlClient, type MysqlPool, type MysqlPromisePool } from './mysql-client.ts'
import { refusedByServer, wasInTheWay } from './mysql-errors.ts'

/** A MySQL or MariaDB, as far as whose table this is does not matter. */
export function mysqlDatabase(pool: MysqlPool | MysqlPromisePool, table: RemoteTable, statementTimeout: number = 10_000): RemoteDatabase {
  const client = new MysqlClient(pool, statementTimeout)
  return {
    send: client.send,
    table,
    begin: (operation, send) => client.learnLargest(operation, send),
    refused: refusedByServer,
    wasInTheWay,
  }
}
