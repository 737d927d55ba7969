import BetterSqlite3Store from 'better-sqlite3-session-store'
import connectPgSimple from 'connect-pg-simple'
import { RedisStore } from 'connect-redis'
import expressSession from 'express-session'
import { openPool, openRedis, openSqlite, type StoreLocation, type StoreName } from './connections.ts'

/**
 * The stores of express-session, which @fastify/session accepts too, each set up as in its README.
 * `memory` is the built-in one.
 */
export async function expressSessionStore(store: StoreName | 'cookie', location: StoreLocation): Promise<expressSession.Store> {
  switch (store) {
    case 'cookie':
      throw new Error('expressSessionStore: a cookie has no store; fix the row in candidates.ts')
    case 'memory':
      return new expressSession.MemoryStore()
    case 'sqlite':
    case 'sqlite-full':
      return new (BetterSqlite3Store(expressSession))({ client: await openSqlite(location, store === 'sqlite-full') })
    case 'redis':
      return new RedisStore({ client: await openRedis(location), prefix: `${location.name}:` })
    case 'postgres':
      return new (connectPgSimple(expressSession))({ pool: await openPool(location), tableName: location.name, createTableIfMissing: true })
  }
}
