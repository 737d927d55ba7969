// Measures how many bytes a session takes in each store, with its indexes. Needs the database servers
// that the tests use.
//
//   node scripts/measure-capacity.ts --rows 20000
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Redis } from 'ioredis'
import { createPool } from 'mysql2/promise'
import pg from 'pg'
import { createSessions, type Store } from '../src/index.ts'
import { MysqlStore } from '../src/stores/mysql.ts'
import { PostgresStore } from '../src/stores/postgres.ts'
import { RedisStore } from '../src/stores/redis.ts'
import { SqliteStore } from '../src/stores/sqlite.ts'
import { startMysql } from '../test/services/mysql/mysql.ts'
import { startPostgres } from '../test/services/postgres/postgres.ts'
import { startRedis } from '../test/services/redis/redis.ts'

const { values } = parseArgs({ options: { rows: { type: 'string', default: '20000' } } })
const rows = Number(values.rows)
/** The sizes of the values, in characters. */
const SIZES = [100, 1000, 10_000]

/** A database with an empty table, and how many bytes it uses. */
interface Database {
  readonly store: Store
  readonly used: () => Promise<number>
  readonly end: () => Promise<unknown>
}

const DATABASES: Readonly<Record<string, () => Promise<Database | string>>> = {
  SQLite: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sojourn-capacity-'))
    const path = join(folder, 'sessions.db')
    return { store: new SqliteStore(path), used: async () => statSync(path).size, end: async () => rmSync(folder, { recursive: true }) }
  },
  PostgreSQL: async () => {
    const server = await startPostgres()
    if (typeof server === 'string') return server
    const pool = new pg.Pool({ connectionString: server.url })
    const used = async (): Promise<number> => {
      await pool.query('CHECKPOINT')
      return Number((await pool.query("SELECT pg_total_relation_size('sessions') AS size")).rows[0].size)
    }
    return { store: new PostgresStore({ pool }), used, end: () => pool.end().then(() => server.remove()) }
  },
  MariaDB: async () => {
    const server = await startMysql()
    if (typeof server === 'string') return server
    const pool = createPool(server.url)
    const used = async (): Promise<number> => {
      await pool.query('ANALYZE TABLE sessions')
      const [found] = await pool.query(
        "SELECT data_length + index_length AS size FROM information_schema.tables WHERE table_name = 'sessions'",
      )
      return Number((found as { size: number }[])[0]?.size)
    }
    return { store: new MysqlStore({ pool }), used, end: () => pool.end().then(() => server.remove()) }
  },
  Redis: async () => {
    const server = await startRedis()
    if (typeof server === 'string') return server
    const client = new Redis(server.url)
    const memory = async (): Promise<number> => Number(/^used_memory_dataset:(\d+)/m.exec(await client.info('memory'))?.[1])
    const before = await memory()
    const end = async (): Promise<void> => {
      client.disconnect()
      await server.remove()
    }
    return { store: new RedisStore({ client }), used: async () => (await memory()) - before, end }
  },
}

for (const [name, start] of Object.entries(DATABASES)) {
  for (const size of SIZES) {
    const database = await start()
    if (typeof database === 'string') console.log(`${name} is skipped: ${database}`)
    else console.log(`${name.padEnd(10)} ${String(size).padStart(6)} characters: ${Math.round((await fill(database, size)) / rows)} bytes`)
  }
}

/** Stores sessions of users, and returns how many bytes the database uses. */
async function fill({ store, used, end }: Database, size: number): Promise<number> {
  const sessions = createSessions<Record<string, unknown>>({ store, ...(store.clearExpired !== undefined && { clearExpired: false }) })
  for (let n = 0; n < rows; n += 100)
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const session = sessions.create()
        session.set(
          'cart',
          Array.from({ length: size / 36 + 1 }, () => crypto.randomUUID())
            .join('')
            .slice(0, size),
        )
        session.login(n + index)
        await session.save()
      }),
    )
  await sessions.close()
  try {
    return await used()
  } finally {
    await end()
  }
}
