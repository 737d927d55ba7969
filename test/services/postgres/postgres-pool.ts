import pg from 'pg'
import postgres from 'postgres'
import { afterAll, inject } from 'vitest'

export { freshTable } from '../fresh-table.ts'

export const ISOLATIONS = ['read committed', 'repeatable read', 'serializable'] as const
export type Isolation = (typeof ISOLATIONS)[number]

/** Where the server of this run is; `''` where there is none, and then the tests of it are skipped. */
export const POSTGRES: string = inject('postgres') ?? ''

/** A pool of `pg`, which ends with the test file. */
export function newPool(isolation: Isolation = 'read committed', config: pg.PoolConfig = {}): pg.Pool {
  const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`
  const pool = new pg.Pool({ connectionString: POSTGRES, options, ...config })
  open.push(() => pool.end())
  return pool
}

/** The `sql` of postgres.js, which ends with the test file. */
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
  // A test that failed may have kept a connection, for which a pool would wait.
  const patience = new Promise((resolve) => setTimeout(resolve, 2000))
  await Promise.race([patience, Promise.all(open.splice(0).map((end) => end()))])
})
