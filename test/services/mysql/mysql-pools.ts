import type { Pool, PoolOptions } from 'mysql2/promise'
import { afterAll, inject } from 'vitest'
import type { Isolation } from '../postgres/postgres-pool.ts'
import { mysqlPool } from './mysql-pool.ts'

/** Where the server of this run is; `''` where there is none, and then the tests of it are skipped. */
export const MYSQL: string = inject('mysql') ?? ''

/** A pool of `mysql2/promise`, which ends with the test file; the one of `mysql2` is its `pool`. */
export function newMysqlPool(isolation: Isolation = 'repeatable read', options: PoolOptions = {}, ...begin: readonly string[]): Pool {
  const pool = mysqlPool({ uri: MYSQL, ...options }, [`SET SESSION TRANSACTION ISOLATION LEVEL ${isolation}`, ...begin])
  open.push(pool)
  return pool
}

let looking: Pool | undefined

/** The pool of those who look on from outside, or get in the way. */
export function onlooker(): Pool {
  return (looking ??= newMysqlPool())
}

const open: Pool[] = []
afterAll(async () => {
  // A test that failed may have kept a connection, for which a pool would wait.
  const patience = new Promise((resolve) => setTimeout(resolve, 2000))
  await Promise.race([patience, Promise.all(open.splice(0).map((pool) => pool.end()))])
})
