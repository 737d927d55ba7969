import { spawnSync } from 'node:child_process'
import { chownSync, readFileSync, rmSync } from 'node:fs'
import { Redis } from 'ioredis'
import { createPool } from 'mysql2/promise'
import pg from 'pg'
import { createClient } from 'redis'
import type { Store } from '../../src/core/store/store.ts'
import { MysqlStore } from '../../src/stores/mysql.ts'
import { PostgresStore } from '../../src/stores/postgres.ts'
import { RedisStore } from '../../src/stores/redis.ts'
import { startMysql } from './mysql/mysql.ts'
import { dataFolder, isRoot, userNamed } from './own-server.ts'
import { startPostgres } from './postgres/postgres.ts'
import { startRedis } from './redis/redis.ts'

/** A server that the tests stop, kill and restart. */
interface Server {
  readonly url: string
  readonly port: number
  readonly pid: number | undefined
  start(): Promise<void>
  remove(): Promise<void>
}

/** A store and how to close its connections. */
interface Opened {
  readonly store: Store
  readonly end: () => Promise<void>
}

/** A database for the tests of outages. To test another one, add it to `DATABASES`. */
export interface OutageDatabase {
  /** A string is the reason why it is not available. */
  start(): Promise<(Server & { kill(): Promise<void> }) | string>
  /** Opens a store at this URL, with fewer connections than concurrent requests. */
  open(url: string): Opened
  /** Makes the server refuse writes, or accept them again. */
  readOnly?(url: string, on: boolean): Promise<void>
  /**
   * Prepares a small disk for the store. Resolves to `undefined` if this machine does not allow
   * that.
   */
  fillableDisk?(url: string): Promise<{ open(url: string): Opened; remove(): Promise<void> } | undefined>
}

export const DATABASES: Readonly<Record<string, OutageDatabase>> = {
  PostgreSQL: {
    async start() {
      const server = await startPostgres()
      return typeof server === 'string' ? server : withKill(server, () => server.stop('SIGQUIT'))
    },
    open: (url) => openPostgres(url),
    async readOnly(url, on) {
      await runSql(url, `ALTER SYSTEM SET default_transaction_read_only = ${on ? 'on' : 'off'}`, 'SELECT pg_reload_conf()')
    },
    fillableDisk: postgresOnSmallDisk,
  },
  MariaDB: {
    async start() {
      const server = await startMysql(['--innodb-flush-log-at-trx-commit=2'])
      return typeof server === 'string' ? server : withKill(server, () => server.stop('SIGKILL'))
    },
    open(url) {
      const pool = createPool({ uri: url, connectionLimit: 4, connectTimeout: 400 })
      return { store: new MysqlStore({ pool }), end: () => pool.end() }
    },
  },
  'Redis (redis)': redisDatabase(openNodeRedis),
  'Redis (ioredis)': redisDatabase(openIoRedis),
}

function redisDatabase(open: OutageDatabase['open']): OutageDatabase {
  return {
    async start() {
      const server = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
      return typeof server === 'string' ? server : withKill(server, () => server.stop('SIGKILL'))
    },
    open,
    // A replica of a server that does not exist.
    readOnly: (url, on) => sendRedisCommand(url, on ? ['replicaof', '127.0.0.1', '1'] : ['replicaof', 'no', 'one']),
    async fillableDisk(url) {
      await sendRedisCommand(url, ['config', 'set', 'maxmemory-policy', 'noeviction'])
      await sendRedisCommand(url, ['config', 'set', 'maxmemory', '4mb'])
      return { open, remove: () => sendRedisCommand(url, ['config', 'set', 'maxmemory', '0']) }
    },
  }
}

function openNodeRedis(url: string): Opened {
  const client = createClient({ url, socket: { reconnectStrategy: 250 } })
  client.on('error', () => undefined)
  client.connect().catch(() => undefined)
  return { store: new RedisStore({ client }), end: async () => client.destroy() }
}

function openIoRedis(url: string): Opened {
  const client = new Redis(url, { retryStrategy: () => 250 })
  client.on('error', () => undefined)
  return { store: new RedisStore({ client }), end: async () => client.disconnect() }
}

async function sendRedisCommand(url: string, command: readonly string[]): Promise<void> {
  const client = await createClient({ url }).connect()
  await client.sendCommand([...command])
  await client.close()
}

/** Stops or continues a server and its child processes. */
export function signalAll(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  for (const each of [pid, ...children.map(Number)]) process.kill(each, signal)
}

/** Changes the server in place, because its `pid` changes with a restart. */
function withKill<T extends Server>(server: T, kill: () => Promise<void>): T & { kill(): Promise<void> } {
  return Object.assign(server, { kill })
}

/**
 * Sets `synchronous_commit`, which the test server switches off, so that a killed server keeps
 * acknowledged writes.
 */
function openPostgres(connectionString: string, ...settings: readonly string[]): Opened {
  const options = ['synchronous_commit=on', ...settings].map((setting) => `-c ${setting}`).join(' ')
  const pool = new pg.Pool({ connectionString, max: 4, connectionTimeoutMillis: 400, options })
  return { store: new PostgresStore({ pool }), end: () => pool.end() }
}

async function runSql(connectionString: string, ...texts: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    for (const text of ['SET default_transaction_read_only = off', ...texts]) await client.query(text)
  } finally {
    await client.end()
  }
}

/** Creates a tablespace on a disk of a few megabytes. */
async function postgresOnSmallDisk(url: string): ReturnType<NonNullable<OutageDatabase['fillableDisk']>> {
  const owner = isRoot ? userNamed('postgres') : undefined
  const folder = dataFolder('small-disk', owner)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]).status !== 0) {
    rmSync(folder, { recursive: true })
    return undefined
  }
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid)
  await runSql(url, `CREATE TABLESPACE small LOCATION '${folder}'`, 'DROP TABLE IF EXISTS sessions')
  return {
    open: (through) => openPostgres(through, 'default_tablespace=small'),
    async remove() {
      await runSql(url, 'DROP TABLE sessions', 'DROP TABLESPACE small')
      spawnSync('umount', [folder])
      rmSync(folder, { recursive: true })
    },
  }
}
