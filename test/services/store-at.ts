import pg from 'pg'
import type { Store } from '../../src/core/store.ts'
import { PostgresStore } from '../../src/stores/postgres.ts'
import { SqliteStore, type SqliteStoreOptions } from '../../src/stores/sqlite.ts'

/**
 * The store at a place, for processes that are told the place in one word: `postgres://…#table`, or the path of a SQLite file. It closes
 * whatever it opened.
 */
export function storeAt(place: string, sqlite: Partial<SqliteStoreOptions> = {}): Store {
  if (!place.startsWith('postgres:')) return new SqliteStore({ ...sqlite, database: place })
  const [connectionString = '', table = ''] = place.split('#')
  const pool = new pg.Pool({ connectionString })
  const store = new PostgresStore({ pool, table })
  const close = async (): Promise<void> => {
    await PostgresStore.prototype.close.call(store)
    if (!pool.ending) await pool.end()
  }
  return Object.assign(store, { close })
}
