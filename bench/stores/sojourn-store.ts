import type { Store } from 'sojourn'
import { CookieStore } from 'sojourn/stores/cookie'
import { MemoryStore } from 'sojourn/stores/memory'
import { PostgresStore } from 'sojourn/stores/postgres'
import { SqliteStore } from 'sojourn/stores/sqlite'
import { SECRET } from '../servers/library.ts'
import { openPool, openRedis, type StoreLocation, type StoreName, sqliteFile } from './connections.ts'

/** sojourn's stores with only the required options. */
export async function sojournStore(store: StoreName | 'cookie', location: StoreLocation): Promise<Store> {
  switch (store) {
    case 'cookie':
      return new CookieStore({ secrets: SECRET })
    case 'memory':
      return new MemoryStore({ max: 1_000_000 })
    case 'sqlite':
      return new SqliteStore(sqliteFile(location))
    case 'sqlite-full':
      return new SqliteStore({ database: sqliteFile(location), durability: 'full' })
    case 'redis': {
      const { RedisStore } = await import('sojourn/stores/redis')
      return new RedisStore({ client: await openRedis(location), prefix: `${location.name}:` })
    }
    case 'postgres':
      return new PostgresStore({ pool: await openPool(location), table: location.name })
  }
}
