import { createPool, type Pool, type PoolOptions } from 'mysql2/promise'

/** A pool whose connections begin with some statements. */
export function mysqlPool(options: PoolOptions, begin: readonly string[]): Pool {
  const pool = createPool(options)
  // The connection is that of the callbacks, whatever its type says.
  const asked = (connection: unknown): { query(sql: string): unknown } => connection as { query(sql: string): unknown }
  for (const text of begin) pool.on('connection', (connection) => asked(connection).query(text))
  return pool
}
