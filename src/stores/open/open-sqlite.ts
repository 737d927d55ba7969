import type { Duration } from '../../core/base/duration.ts'
import { ConfigError } from '../../core/base/errors.ts'
import type { Store } from '../../core/store/store.ts'
import type { OpenStoreOptions } from '../open.ts'
import { isFile } from '../sqlite/sqlite-database.ts'
import type { SqliteStoreOptions } from '../sqlite.ts'
import type { StoreUrl } from './store-url.ts'

/** `sqlite:sessions.db`, `sqlite:///var/lib/app/sessions.db?durability=full` */
export async function openSqlite(url: StoreUrl, { createTable, existing = false }: OpenStoreOptions): Promise<Store> {
  const [table, durability, busyTimeout] = [url.take('table'), url.take('durability'), url.take('busyTimeout')]
  url.refuseRest(['table', 'durability', 'busyTimeout'])
  const database = pathOf(url.place)
  if (existing && !isFile(database))
    throw new ConfigError(`There is no SQLite file ${database}. Look at the path; \`sojourn migrate\` creates a new file.`)
  const { SqliteStore } = await import('../sqlite.ts')
  return new SqliteStore({
    database,
    ...(createTable !== undefined && { createTable }),
    ...(table !== undefined && { table }),
    ...(durability !== undefined && { durability: durability as NonNullable<SqliteStoreOptions['durability']> }),
    ...(busyTimeout !== undefined && { busyTimeout: busyTimeout as Duration }),
  })
}

function pathOf(place: string): string {
  // `sqlite://sessions.db` would name a server, and forget the path when somebody mends it to three slashes.
  const path = place.replace(/^\/\/(?=\/)/, '')
  if (path === '' || path.startsWith('//'))
    throw new ConfigError('The URL of a SQLite store is `sqlite:` and a path: `sqlite:sessions.db`, `sqlite:///var/lib/app/sessions.db`.')
  try {
    return decodeURIComponent(path)
  } catch {
    throw new ConfigError('The path in the URL of the SQLite store has a `%` that encodes nothing; write %25 for the character itself.')
  }
}
