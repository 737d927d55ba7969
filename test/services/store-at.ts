import { createPool } from 'mysql2/promise'
import pg from 'pg'
import type { Store } from '../../src/core/store.ts'
import { MysqlStore } from '../../src/stores/mysql.ts'
import { PostgresStore } from '../../src/stores/postgres.ts'
import { SqliteStore, type SqliteStoreOptions } from '../../src/stores/sqlite.ts'

/**
 * The store at a place, for processes that are told the place in one word: `postgres://…#table`, `mysql://…#table`, or the path of a SQLite
 * file. It closes whatever it opened.
 */
export function storeAt(place: string, sqlite: Partial<SqliteStoreOptions> = {}): Store {
  const [url = '', table = ''] = place.split('#')
  if (place.startsWith('postgres:')) return onPostgres(url, table)
  if (place.startsWith('mysql:')) return onMysql(url, table)
  return new SqliteStore({ ...sqlite, database: place })
}

function onPostgres(connectionString: string, table: string): Store {
  const pool = new pg.Pool({ connectionString })
  const store = new PostgresStore({ pool, table })
  return closing(store, async () => {
    if (!pool.ending) await pool.end()
  })
}

function onMysql(url: string, table: string): Store {
  const pool = createPool(url)
  const store = new MysqlStore({ pool, table })
  let ended: Promise<void> | undefined
  return closing(store, () => (ended ??= pool.end()))
}

function closing(store: PostgresStore | MysqlStore, end: () => Promise<void>): Store {
  const closeStore = store.close.bind(store)
  const close = async (): Promise<void> => {
    await closeStore()
    await end()
  }
  return Object.assign(store, { close })
}
