import express from 'express'
import { describe } from 'vitest'
import type { Store } from '../../../src/core/store/store.ts'
import { CachedStore } from '../../../src/stores/cached.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { MysqlStore } from '../../../src/stores/mysql.ts'
import { PostgresStore } from '../../../src/stores/postgres.ts'
import { RedisStore } from '../../../src/stores/redis.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { freshTable } from '../../services/fresh-table.ts'
import { MYSQL, newMysqlPool } from '../../services/mysql/mysql-pools.ts'
import { newPool, POSTGRES } from '../../services/postgres/postgres-pool.ts'
import { freshPrefix, ioRedis, REDIS } from '../../services/redis/redis-clients.ts'
import { startExpress } from '../../stories/harness/express-harness.ts'
import { stories } from '../../stories/harness/stories.ts'
import { scriptedManagerFactory } from '../../stories/harness/story-app.ts'

/**
 * The URL of each database, and its clients. The stories of a database without a server (`''`) are
 * skipped.
 */
const DATABASES: Readonly<Record<string, readonly [url: string, client: () => () => Store]>> = {
  SQLite: ['here', () => () => new SqliteStore(':memory:')],
  PostgreSQL: [POSTGRES, () => sharedClient(newPool(), (pool) => new PostgresStore({ pool, table: freshTable() }))],
  MariaDB: [MYSQL, () => sharedClient(newMysqlPool(), (pool) => new MysqlStore({ pool, table: freshTable() }))],
  Redis: [REDIS, () => sharedClient(ioRedis(), (client) => new RedisStore({ client, prefix: freshPrefix() }))],
  'memory in front of PostgreSQL': [
    POSTGRES,
    () => sharedClient(newPool(), (pool) => cached(new PostgresStore({ pool, table: freshTable() }))),
  ],
}

for (const [name, [url, client]] of Object.entries(DATABASES)) {
  describe.skipIf(url === '')(name, () => {
    if (url !== '')
      stories({ name: `Express on ${name}`, hasErrorPage: true, remedy: 'trust proxy', startServer: startExpress(express) }, over(client))
  })
}

function over(client: () => () => Store): { readonly createManager: ReturnType<typeof scriptedManagerFactory>; readonly hasRows: true } {
  return { createManager: scriptedManagerFactory(client()), hasRows: true }
}

/** Returns a function that opens stores with one shared client. */
function sharedClient<Client>(client: Client, open: (client: Client) => Store): () => Store {
  return () => open(client)
}

function cached(store: Store): Store {
  return new CachedStore({ store, cache: new MemoryStore(), maxStale: '1m' })
}
