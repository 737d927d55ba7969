import { Redis } from 'ioredis'
import { createPool } from 'mysql2/promise'
import pg from 'pg'
import type { Store } from '../../src/core/store/store.ts'
import { MysqlStore } from '../../src/stores/mysql.ts'
import { PostgresStore } from '../../src/stores/postgres.ts'
import { RedisStore } from '../../src/stores/redis.ts'
import { SqliteStore, type SqliteStoreOptions } from '../../src/stores/sqlite.ts'

/** Opens a store on a server: by its URL, and a table or prefix of its own. */
const SERVERS: Readonly<Record<string, (url: string, name: string) => Store>> = {
  'postgres:': (connectionString, table) => {
    const pool = new pg.Pool({ connectionString })
    return closing(new PostgresStore({ pool, table }), async () => (pool.ending ? undefined : pool.end()))
  },
  'mysql:': (url, table) => {
    const pool = createPool(url)
    let ended: Promise<void> | undefined
    return closing(new MysqlStore({ pool, table }), () => (ended ??= pool.end()))
  },
  'redis:': (url, prefix) => {
    const client = new Redis(url)
    return closing(new RedisStore({ client, prefix }), async () => client.disconnect())
  },
}

/**
 * The store at a place, for processes that are told the place in one word: `postgres://…#table`, `mysql://…#table`, `redis://…#prefix`, or
 * the path of a SQLite file. It closes whatever it opened.
 */
export function storeAt(place: string, sqlite: Partial<SqliteStoreOptions> = {}): Store {
  const [url = '', name = ''] = place.split('#')
  const open = SERVERS[/^\w+:/.exec(url)?.[0] ?? '']
  return open?.(url, name) ?? new SqliteStore({ ...sqlite, database: place })
}

function closing(store: Store, end: () => Promise<void>): Store {
  const closeStore = store.close?.bind(store)
  const close = async (): Promise<void> => {
    await closeStore?.()
    await end()
  }
  return Object.assign(store, { close })
}
