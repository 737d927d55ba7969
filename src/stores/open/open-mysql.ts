import type { Duration } from '../../core/base/duration.ts'
import type { Store } from '../../core/store/store.ts'
import type { OpenStoreOptions } from '../open.ts'
import { missingDriver } from './missing-driver.ts'
import { owning } from './owning.ts'
import type { StoreUrl } from './store-url.ts'

/** `mysql://user:password@host/database?table=app_sessions`; what else there is goes to `mysql2`. */
export async function openMysql(url: StoreUrl, { createTable }: OpenStoreOptions): Promise<Store> {
  const [table, statementTimeout] = [url.take('table'), url.take('statementTimeout')]
  const uri = url.forDriver()
  const { MysqlStore } = await import('../mysql.ts')
  const { createPool } = await import('mysql2').catch(missingDriver('mysql2', url.scheme))
  const pool = createPool({ uri, connectTimeout: 5000 })
  const store = new MysqlStore({
    pool,
    ...(createTable !== undefined && { createTable }),
    ...(table !== undefined && { table }),
    ...(statementTimeout !== undefined && { statementTimeout: statementTimeout as Duration }),
  })
  return owning(store, () => pool.promise().end())
}
