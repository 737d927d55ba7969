import type { Store } from '../../core/store/store.ts'
import type { OpenStoreOptions } from '../open.ts'
import { missingDriver } from './missing-driver.ts'
import { owning } from './owning.ts'
import type { StoreUrl } from './store-url.ts'

/** `postgres://user:password@host/database?table=app.sessions`; what else there is goes to `pg`. */
export async function openPostgres(url: StoreUrl, { createTable }: OpenStoreOptions): Promise<Store> {
  const table = url.take('table')
  const connectionString = url.forDriver()
  const { PostgresStore } = await import('../postgres.ts')
  const { Pool } = await import('pg').catch(missingDriver('pg', url.scheme))
  const pool = new Pool({ connectionString, connectionTimeoutMillis: 5000, allowExitOnIdle: true })
  const store = new PostgresStore({ pool, ...(createTable !== undefined && { createTable }), ...(table !== undefined && { table }) })
  return owning(store, () => pool.end())
}
