import pg from 'pg'
import postgres from 'postgres'
import { afterAll, inject } from 'vitest'

export { freshTable } from '../fresh-table.ts'

export const ISOLATIONS = ['read committed', 'repeatable read', 'serializable'] as const
export type Isolation = (typeof ISOLATIONS)[number]

/** The URL of the server of this run. Without a server it is `''`, and its tests are skipped. */
export const POSTGRES: string = inject('postgres') ?? ''

/** Returns a pool of `pg`, which is closed after the test file. */
export function newPool(isolation: Isolation = 'read committed', config: pg.PoolConfig = {}): pg.Pool {
  const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`
  const pool = new pg.Pool({ connectionString: POSTGRES, options, ...config })
  open.push(() => pool.end())
  return pool
}

/** Returns a `sql` of postgres.js, which is closed after the test file. */
export function newSql(
  isolation: Isolation = 'read committed',
  config: postgres.Options<Record<string, postgres.PostgresType>> = {},
): postgres.Sql<Record<string, any>> {
  const connection = { default_transaction_isolation: isolation }
  const sql = postgres(POSTGRES, { connection, onnotice: () => undefined, ...config })
  open.push(() => sql.end({ timeout: 1 }))
  return sql
}

const open: (() => Promise<void>)[] = []
afterAll(async () => {
  // The pool would wait for a connection that a failed test has kept.
  const timeout = new Promise((resolve) => setTimeout(resolve, 2000))
  await Promise.race([timeout, Promise.all(open.splice(0).map((end) => end()))])
})
