import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createSessions, type Store } from '../../../src/index.ts'
import { MysqlStore } from '../../../src/stores/mysql.ts'
import { PostgresStore } from '../../../src/stores/postgres.ts'
import { catchRejection } from '../../core/fixture.ts'
import { freshTable } from '../../services/fresh-table.ts'
import { MYSQL, newMysqlPool } from '../../services/mysql/mysql-pools.ts'
import { newPool, newSql, POSTGRES } from '../../services/postgres/postgres-pool.ts'
import { startRedis } from '../../services/redis/redis.ts'
import { type Library, newStore, REDIS } from '../../services/redis/redis-clients.ts'

const REFUSE_LONG = (table: string): string => `ALTER TABLE ${table} ADD CHECK (length(payload) < 20)`

/** Creates a table whose rows are refused by a constraint of the administrator. */
async function refusing(make: (table: string) => Store, alter: (sql: string) => Promise<unknown>): Promise<Store> {
  const table = freshTable()
  const store = make(table)
  await store.load({ key: 'a', now: 0 })
  await alter(REFUSE_LONG(table))
  return store
}

/** Stores whose server refuses every session, by client, with the URL of the server. */
const CLIENTS: Readonly<Record<string, readonly [url: string, make: () => Promise<Store>]>> = {
  pg: [
    POSTGRES,
    () => {
      const pool = newPool()
      return refusing(
        (table) => new PostgresStore({ pool, table }),
        (sql) => pool.query(sql),
      )
    },
  ],
  'postgres.js': [
    POSTGRES,
    () => {
      const sql = newSql()
      return refusing(
        (table) => new PostgresStore({ pool: sql, table }),
        (text) => sql.unsafe(text),
      )
    },
  ],
  mysql2: [
    MYSQL,
    () => {
      const pool = newMysqlPool()
      return refusing(
        (table) => new MysqlStore({ pool, table }),
        (sql) => pool.query(sql),
      )
    },
  ],
  ioredis: [REDIS, () => fullRedis('ioredis')],
  redis: [REDIS, () => fullRedis('redis')],
}

/** A store on a server whose memory is full. */
async function fullRedis(library: Library): Promise<Store> {
  const server = await startRedis('--maxmemory', '1', '--maxmemory-policy', 'noeviction')
  if (typeof server === 'string') throw new Error(server)
  onTestFinished(() => server.remove())
  return newStore(library, server.url)
}

describe.each(Object.entries(CLIENTS))('an error of %s', (_name, [url, make]) => {
  it.skipIf(url === '')('contains no value of the session that was refused', async () => {
    const sessions = createSessions({ store: await make() })
    const session = sessions.create()
    session.set('note', 'a secret of the visitor')
    const error = await catchRejection(session.save())
    expect(error.code).toBe('ERR_SESSION_STORE')
    expect(inspect(error, { depth: 20 })).not.toContain('secret')
  })
})
