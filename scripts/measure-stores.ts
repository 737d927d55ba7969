// Why: docs/stores.md states the CPU cost of an operation of each store. This measures it, on
// servers that it starts.
//
//   node scripts/measure-stores.ts        every store: 64 callers, 20,000 sessions of 1 KB
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createPool } from 'mysql2/promise'
import pg from 'pg'
import postgres from 'postgres'
import { createClient } from 'redis'
import type { Entry, Store } from '../src/core/store/store.ts'
import { CookieStore } from '../src/stores/cookie.ts'
import { MemoryStore } from '../src/stores/memory.ts'
import { MysqlStore } from '../src/stores/mysql.ts'
import { PostgresStore } from '../src/stores/postgres.ts'
import { RedisStore } from '../src/stores/redis.ts'
import { SqliteStore } from '../src/stores/sqlite.ts'
import { startMysql } from '../test/services/mysql/mysql.ts'
import { startPostgres } from '../test/services/postgres/postgres.ts'
import { startRedis } from '../test/services/redis/redis.ts'

const SESSIONS = 20_000
const CALLERS = 64
const OPERATIONS = 30_000
const ROUNDS = 5
const NOW = Date.now()
const LATER = NOW + 14 * 86_400_000

/** Ten properties, 1 KB. */
const PAYLOAD = `{${Array.from({ length: 10 }, (_, index) => `\t"property${index}":"${'x'.repeat(84)}"`).join(',\n')}\n}`

type Keys = string[]

const folder = mkdtempSync(join(tmpdir(), 'sojourn-measure-'))
const [pgServer, mysqlServer, redisServer] = await Promise.all([
  requireServer(startPostgres()),
  requireServer(startMysql()),
  requireServer(startRedis()),
])
const pool = new pg.Pool({ connectionString: pgServer.url, max: 10 })
const sql = postgres(pgServer.url, { max: 10, onnotice: () => undefined })
const mysql = createPool({ uri: mysqlServer.url, connectionLimit: 10 })
const client = await createClient({ url: redisServer.url }).connect()
const ioredis = new Redis(redisServer.url)

const STORES: Readonly<Record<string, () => Store>> = {
  memory: () => new MemoryStore(),
  SQLite: () => new SqliteStore(join(folder, 'sessions.db')),
  'PostgreSQL, pg': () => new PostgresStore({ pool, table: 'by_pg' }),
  'PostgreSQL, postgres.js': () => new PostgresStore({ pool: sql, table: 'by_js' }),
  'MariaDB, mysql2': () => new MysqlStore({ pool: mysql }),
  'Redis, redis': () => new RedisStore({ client, prefix: 'one:' }),
  'Redis, ioredis': () => new RedisStore({ client: ioredis, prefix: 'two:' }),
  'sealed cookie': () => new CookieStore({ secrets: crypto.randomUUID() + crypto.randomUUID() }),
}

try {
  for (const [name, open] of Object.entries(STORES)) console.log(await measure(name, open()))
} finally {
  await Promise.all([pool.end(), sql.end(), mysql.end(), client.close(), ioredis.quit()])
  await Promise.all([pgServer, mysqlServer, redisServer].map((server) => server.remove()))
  rmSync(folder, { recursive: true, force: true })
}

async function requireServer<Server>(starting: Promise<Server | string>): Promise<Server> {
  const server = await starting
  if (typeof server === 'string') throw new Error(server)
  return server
}

async function measure(name: string, store: Store): Promise<string> {
  const keys = await fillStore(store)
  const versions = keys.map(() => 'v0')
  const load = async (index: number): Promise<void> => {
    if ((await store.load({ key: keys[index] as string, now: NOW })) === undefined) throw new Error(`${name}: a session is missing`)
  }
  const replace = async (index: number): Promise<void> => {
    const version = `v${Number(versions[index]?.slice(1)) + 1}`
    const written = await store.replace({
      key: keys[index] as string,
      entry: sample(version),
      expected: versions[index] as string,
      now: NOW,
    })
    if (!written.ok) throw new Error(`${name}: ${written.reason}`)
    versions[index] = version
    if (written.token !== undefined) keys[index] = written.token
  }
  const [loads, replaces] = [await median(load), await median(replace)]
  return [name, `load ${formatCost(loads)}`, `replace ${formatCost(replaces)}`].join(' · ')
}

async function fillStore(store: Store): Promise<Keys> {
  const keys = Array.from({ length: SESSIONS }, (_, index) => `key-${index}-${crypto.randomUUID()}`)
  for (let start = 0; start < SESSIONS; start += CALLERS) {
    await Promise.all(
      keys.slice(start, start + CALLERS).map(async (key, offset) => {
        const written = await store.create({ key, entry: sample('v0') })
        if (written.ok && written.token !== undefined) keys[start + offset] = written.token
      }),
    )
  }
  return keys
}

interface OperationCost {
  /** Microseconds of this process's CPU time for each operation. */
  readonly cpu: number
  readonly perSecond: number
}

async function median(operation: (index: number) => Promise<void>): Promise<OperationCost> {
  const rounds: OperationCost[] = []
  for (let round = 0; round <= ROUNDS; round++) rounds.push(await measureRound(operation))
  rounds.shift() // the first round warms up
  return rounds.sort((a, b) => a.cpu - b.cpu)[ROUNDS >> 1] as OperationCost
}

/** Each caller uses its own sessions, so that no write conflicts. */
async function measureRound(operation: (index: number) => Promise<void>): Promise<OperationCost> {
  const each = Math.floor(SESSIONS / CALLERS)
  const turns = Math.floor(OPERATIONS / CALLERS)
  const [cpu, began] = [process.cpuUsage(), performance.now()]
  const caller = async (number: number): Promise<void> => {
    for (let turn = 0; turn < turns; turn++) await operation(number * each + (turn % each))
  }
  await Promise.all(Array.from({ length: CALLERS }, (_, number) => caller(number)))
  const { user, system } = process.cpuUsage(cpu)
  const operations = turns * CALLERS
  return { cpu: (user + system) / operations, perSecond: (operations * 1000) / (performance.now() - began) }
}

function sample(version: string): Entry {
  const proof = 'p'.repeat(43)
  return {
    payload: PAYLOAD,
    proof,
    idAt: NOW,
    version,
    commits: `manager0:${version}:${NOW}`,
    createdAt: NOW,
    seenAt: NOW,
    expiresAt: LATER,
  }
}

function formatCost({ cpu, perSecond }: OperationCost): string {
  return `${cpu.toFixed(1)} µs, ${Math.round(perSecond).toLocaleString('en')}/s`
}
