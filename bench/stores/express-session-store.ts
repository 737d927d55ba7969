import BetterSqlite3Store from 'better-sqlite3-session-store'
import connectPgSimple from 'connect-pg-simple'
import { RedisStore } from 'connect-redis'
import expressSession from 'express-session'
import { openPool, openRedis, openSqlite, type StoreLocation, type StoreName } from './connections.ts'

/** The stores of express-session, which @fastify/session takes too; each set up as its README does. `undefined` is the built-in one. */
export async function expressSessionStore(store: StoreName | 'cookie', place: StoreLocation): Promise<expressSession.Store> {
  switch (store) {
    case 'cookie':
      throw new Error('This is not a store for cookies')
    case 'memory':
      return new expressSession.MemoryStore()
    case 'sqlite':
    case 'sqlite-full':
      return new (BetterSqlite3Store(expressSession))({ client: await openSqlite(place, store === 'sqlite-full') })
    case 'redis':
      return new RedisStore({ client: await openRedis(place), prefix: `${place.name}:` })
    case 'postgres':
      return new (connectPgSimple(expressSession))({ pool: await openPool(place), tableName: place.name, createTableIfMissing: true })
  }
}
