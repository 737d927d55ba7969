import type { RemoteDatabase, RemoteTable } from '../sql/remote-database.ts'
import { MysqlClient, type MysqlPool, type MysqlPromisePool } from './mysql-client.ts'
import { isRejectedByServer, isRetryable } from './mysql-errors.ts'

/** A MySQL or MariaDB server with any table: that of this package, or Django's. `statementTimeout` is in milliseconds. */
export function mysqlDatabase(pool: MysqlPool | MysqlPromisePool, table: RemoteTable, statementTimeout: number = 10_000): RemoteDatabase {
  const client = new MysqlClient(pool, statementTimeout)
  return {
    send: client.send,
    table,
    initialize: (operation, send) => client.readMaxPacket(operation, send),
    isRejected: isRejectedByServer,
    isRetryable,
  }
}
