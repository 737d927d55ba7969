import type { Pool, PoolOptions } from 'mysql2/promise'
import { afterAll, inject } from 'vitest'
import type { Isolation } from '../postgres/postgres-pool.ts'
import { mysqlPool } from './mysql-pool.ts'

/** The URL of the server of this run. Without a server it is `''`, and its tests are skipped. */
export const MYSQL: string = inject('mysql') ?? ''

/**
 * Returns a pool of `mysql2/promise`, which is closed after the test file. Its `pool` is that of
 * `mysql2`.
 */
export function newMysqlPool(isolation: Isolation = 'repeatable read', options: PoolOptions = {}, ...begin: readonly string[]): Pool {
  const pool = mysqlPool({ uri: MYSQL, ...options }, [`SET SESSION TRANSACTION ISOLATION LEVEL ${isolation}`, ...begin])
  open.push(pool)
  return pool
}

let observerPool: Pool | undefined

/** Returns a second pool, to inspect rows or to lock them. */
export function onlooker(): Pool {
  return (observerPool ??= newMysqlPool())
}

const open: Pool[] = []
afterAll(async () => {
  // The pool would wait for a connection that a failed test has kept.
  const timeout = new Promise((resolve) => setTimeout(resolve, 2000))
  await Promise.race([timeout, Promise.all(open.splice(0).map((pool) => pool.end()))])
})
