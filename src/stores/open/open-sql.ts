import type { Duration } from '../../core/base/duration.ts'
import { ConfigError } from '../../core/base/errors.ts'
import type { Store } from '../../core/store/store.ts'
import { isFile } from '../sqlite/sqlite-file.ts'
import type { SqliteStoreOptions } from '../sqlite.ts'
import { definedOptions, missingDriver, withClient } from './driver.ts'
import type { OpenStoreOptions } from './open-options.ts'
import type { StoreUrl } from './store-url.ts'

/** Opens `sqlite:sessions.db`, `sqlite:///var/lib/app/sessions.db?durability=full`. */
export async function openSqlite(url: StoreUrl, { createTable, existing = false }: OpenStoreOptions): Promise<Store> {
  const [table, durability, busyTimeout] = [url.take('table'), url.take('durability'), url.take('busyTimeout')]
  url.refuseUnknown(['table', 'durability', 'busyTimeout'])
  const database = pathOf(url.location)
  if (existing && !isFile(database))
    throw new ConfigError(`There is no SQLite file ${database}. Check the path; \`sojourn migrate\` creates a new file.`)
  const { SqliteStore } = await import('../sqlite.ts')
  const options = { createTable, table, durability, busyTimeout } as Omit<SqliteStoreOptions, 'database'>
  return new SqliteStore({ database, ...definedOptions(options) })
}

/**
 * Opens `postgres://user:password@host/database?table=app.sessions`. All other parameters go to
 * `pg`.
 */
export async function openPostgres(url: StoreUrl, { createTable }: OpenStoreOptions): Promise<Store> {
  const table = url.take('table')
  const connectionString = url.forDriver()
  const { PostgresStore } = await import('../postgres.ts')
  const { Pool } = await import('pg').catch(missingDriver('pg', url.scheme))
  const pool = new Pool({ connectionString, connectionTimeoutMillis: 5000, allowExitOnIdle: true })
  return withClient(new PostgresStore({ pool, ...definedOptions({ createTable, table }) }), () => pool.end())
}

/**
 * Opens `mysql://user:password@host/database?table=app_sessions`. All other parameters go to
 * `mysql2`.
 */
export async function openMysql(url: StoreUrl, { createTable }: OpenStoreOptions): Promise<Store> {
  const [table, statementTimeout] = [url.take('table'), url.take('statementTimeout') as Duration | undefined]
  const uri = url.forDriver()
  const { MysqlStore } = await import('../mysql.ts')
  const { createPool } = await import('mysql2').catch(missingDriver('mysql2', url.scheme))
  const pool = createPool({ uri, connectTimeout: 5000 })
  return withClient(new MysqlStore({ pool, ...definedOptions({ createTable, table, statementTimeout }) }), () => pool.promise().end())
}

function pathOf(location: string): string {
  // `sqlite://sessions.db` would name a server. It is refused, because its path is ambiguous.
  const path = location.replace(/^\/\/(?=\/)/, '')
  if (path === '' || path.startsWith('//'))
    throw new ConfigError(
      'The URL of a SQLite store has no path. Write `sqlite:` and a path: `sqlite:sessions.db`, `sqlite:///var/lib/app/sessions.db`.',
    )
  try {
    return decodeURIComponent(path)
  } catch {
    throw new ConfigError('The path in the URL of the SQLite store contains an invalid `%` sequence. Write %25 for the character `%`.')
  }
}
