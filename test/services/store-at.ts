import { Redis } from 'ioredis'
import pg from 'pg'
import type { Store } from '../../src/core/store.ts'
import { PostgresStore } from '../../src/stores/postgres.ts'
import { RedisStore } from '../../src/stores/redis.ts'
import { SqliteStore, type SqliteStoreOptions } from '../../src/stores/sqlite.ts'

/**
 * The store at a place, for processes that are told the place in one word: `postgres://…#table`, `redis://…#prefix`, or the path of a
 * SQLite file. It closes whatever it opened.
 */
export function storeAt(place: string, sqlite: Partial<SqliteStoreOptions> = {}): Store {
  if (place.startsWith('postgres:')) return postgresAt(place)
  if (place.startsWith('redis:')) return redisAt(place)
  return new SqliteStore({ ...sqlite, database: place })
}

function postgresAt(place: string): Store {
  const [connectionString = '', table = ''] = place.split('#')
  const pool = new pg.Pool({ connectionString })
  const store = new PostgresStore({ pool, table })
  const close = async (): Promise<void> => {
    await PostgresStore.prototype.close.call(store)
    if (!pool.ending) await pool.end()
  }
  return Object.assign(store, { close })
}

function redisAt(place: string): Store {
  const [url = '', prefix = ''] = place.split('#')
  const client = new Redis(url)
  const store = new RedisStore({ client, prefix })
  return Object.assign(store, { close: async () => client.disconnect() })
}
