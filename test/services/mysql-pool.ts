import { createPool, type Pool, type PoolOptions } from 'mysql2/promise'

/** A pool whose connections begin with some statements. */
export function mysqlPool(options: PoolOptions, begin: readonly string[]): Pool {
  const pool = createPool(options)
  // The connection is that of the callbacks, whatever its type says.
  for (const text of begin) pool.on('connection', (connection) => void (connection as unknown as { query(sql: string): void }).query(text))
  return pool
}
