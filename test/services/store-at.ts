import { Cluster, Redis } from 'ioredis'
import { createPool } from 'mysql2/promise'
import pg from 'pg'
import type { Store } from '../../src/core/store/store.ts'
import { MysqlStore } from '../../src/stores/mysql.ts'
import { PostgresStore } from '../../src/stores/postgres.ts'
import { RedisStore } from '../../src/stores/redis.ts'
import { SqliteStore, type SqliteStoreOptions } from '../../src/stores/sqlite.ts'

/** Opens a store by the URL of its server and its table or prefix. */
const SERVERS: Readonly<Record<string, (url: string, name: string) => Store>> = {
  'postgres:': (connectionString, table) => {
    const pool = new pg.Pool({ connectionString })
    return closingBoth(new PostgresStore({ pool, table }), async () => (pool.ending ? undefined : pool.end()))
  },
  'mysql:': (url, table) => {
    const pool = createPool(url)
    let ended: Promise<void> | undefined
    return closingBoth(new MysqlStore({ pool, table }), () => (ended ??= pool.end()))
  },
  'redis:': (url, prefix) => {
    const client = new Redis(url)
    return closingBoth(new RedisStore({ client, prefix }), async () => client.disconnect())
  },
  'redis-cluster:': (url, prefix) => {
    const { hostname: host, port } = new URL(url)
    const client = new Cluster([{ host, port: Number(port) }])
    return closingBoth(new RedisStore({ client, prefix }), async () => client.disconnect())
  },
}

/**
 * Opens the store at a place, which is one word for child processes: `postgres://…#table`,
 * `mysql://…#table`, `redis://…#prefix`, `redis-cluster://…#prefix` with one server of the Cluster,
 * or the path of a SQLite file. `close()` closes the client too.
 */
export function storeAt(place: string, sqlite: Partial<SqliteStoreOptions> = {}): Store {
  const [url = '', name = ''] = place.split('#')
  const open = SERVERS[/^[\w-]+:/.exec(url)?.[0] ?? '']
  return open?.(url, name) ?? new SqliteStore({ ...sqlite, database: place })
}

function closingBoth(store: Store, end: () => Promise<void>): Store {
  const closeStore = store.close?.bind(store)
  const close = async (): Promise<void> => {
    await closeStore?.()
    await end()
  }
  return Object.assign(store, { close })
}
