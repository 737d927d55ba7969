import { createPool, type Pool, type PoolOptions } from 'mysql2/promise'

/** Returns a pool that executes statements on each new connection. */
export function mysqlPool(options: PoolOptions, begin: readonly string[]): Pool {
  const pool = createPool(options)
  // At run time the connection is the callback version, unlike its type.
  const callbackVersion = (connection: unknown): { query(sql: string): unknown } => connection as { query(sql: string): unknown }
  for (const text of begin) pool.on('connection', (connection) => callbackVersion(connection).query(text))
  return pool
}
