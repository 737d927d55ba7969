import { afterAll, describe, it } from 'vitest'
import { djangoLogin, djangoSessions } from '../../../src/django/django.ts'
import { createSessions, type Session, type Store } from '../../../src/index.ts'
import { MysqlStore } from '../../../src/stores/mysql.ts'
import { PostgresStore } from '../../../src/stores/postgres.ts'
import { RedisStore } from '../../../src/stores/redis.ts'
import { adminSuite, ownLogin } from '../../admin/admin-suite.ts'
import { SECRET } from '../../django/site.ts'
import { DJANGO_TABLE } from '../../django/tables.ts'
import { freshTable } from '../../services/fresh-table.ts'
import { MYSQL, newMysqlPool } from '../../services/mysql/mysql-pools.ts'
import { newPool, newSql, POSTGRES } from '../../services/postgres/postgres-pool.ts'
import { freshPrefix, newStore, REDIS } from '../../services/redis/redis-clients.ts'
import { type RedisCluster, startRedisCluster } from '../../services/redis/redis-cluster.ts'
import { ioCluster, nodeCluster } from '../../services/redis/redis-failover-clients.ts'
import { orSkip } from '../../services/redis/redis-node.ts'

const [pool, sql, mysql] = [newPool(), newSql(), newMysqlPool()]
const started = orSkip(await startRedisCluster())
afterAll(() => started?.remove())
const cluster = started as RedisCluster

const STORES: readonly (readonly [name: string, isThere: boolean, server: RegExp, make: () => Promise<Store>])[] = [
  ['PostgreSQL, pg', POSTGRES !== '', /^PostgreSQL \d/, async () => new PostgresStore({ pool, table: freshTable() })],
  ['PostgreSQL, postgres.js', POSTGRES !== '', /^PostgreSQL \d/, async () => new PostgresStore({ pool: sql, table: freshTable() })],
  ['MariaDB', MYSQL !== '', /^MySQL \d.*MariaDB/, async () => new MysqlStore({ pool: mysql, table: freshTable() })],
  ['Redis, redis', REDIS !== '', /^Redis \d/, () => newStore('redis')],
  ['Redis, ioredis', REDIS !== '', /^Redis \d/, () => newStore('ioredis')],
  [
    'a Redis Cluster, redis',
    started !== undefined,
    /^Redis .*, 3 masters/,
    async () => new RedisStore({ client: await nodeCluster(cluster), prefix: freshPrefix() }),
  ],
  [
    'a Redis Cluster, ioredis',
    started !== undefined,
    /^Redis .*, 3 masters/,
    async () => new RedisStore({ client: await ioCluster(cluster), prefix: freshPrefix() }),
  ],
]

for (const [name, isThere, server, make] of STORES)
  adminSuite(
    name,
    {
      makeSessions: async (options) => {
        const store = await make()
        return createSessions<any>({ store, ...(store.clearExpired !== undefined && { clearExpired: false }), ...options })
      },
      login: ownLogin,
      server,
    },
    { describe: describe.skipIf(!isThere), it },
  )

function loginOfDjango(session: Session<any>, id: number): void {
  djangoLogin(session, { id, password: 'hash' })
}

adminSuite(
  "Django's table on PostgreSQL",
  {
    makeSessions: async (options) => {
      const table = freshTable()
      await pool.query(DJANGO_TABLE.postgres(table))
      return djangoSessions<any>({ secretKey: SECRET, database: pool, table, ...options })
    },
    login: loginOfDjango,
    server: undefined,
  },
  { describe: describe.skipIf(POSTGRES === ''), it },
)

adminSuite(
  "Django's table on MariaDB",
  {
    makeSessions: async (options) => {
      const table = freshTable()
      await mysql.query(DJANGO_TABLE.mysql(table))
      return djangoSessions<any>({ secretKey: SECRET, database: mysql, table, ...options })
    },
    login: loginOfDjango,
    server: undefined,
  },
  { describe: describe.skipIf(MYSQL === ''), it },
)
