import type { Store } from 'sojourn'
import { CookieStore } from 'sojourn/stores/cookie'
import { MemoryStore } from 'sojourn/stores/memory'
import { PostgresStore } from 'sojourn/stores/postgres'
import { SqliteStore } from 'sojourn/stores/sqlite'
import { SECRET } from '../servers/library.ts'
import { openPool, openRedis, type StoreLocation, type StoreName, sqliteFile } from './connections.ts'

/** sojourn's stores with nothing but what they need. */
export async function sojournStore(store: StoreName | 'cookie', place: StoreLocation): Promise<Store> {
  switch (store) {
    case 'cookie':
      return new CookieStore({ secrets: SECRET })
    case 'memory':
      return new MemoryStore({ max: 1_000_000 })
    case 'sqlite':
      return new SqliteStore(sqliteFile(place))
    case 'sqlite-full':
      return new SqliteStore({ database: sqliteFile(place), durability: 'full' })
    case 'redis': {
      const { RedisStore } = await import('sojourn/stores/redis')
      return new RedisStore({ client: await openRedis(place), prefix: `${place.name}:` })
    }
    case 'postgres':
      return new PostgresStore({ pool: await openPool(place), table: place.name })
  }
}
