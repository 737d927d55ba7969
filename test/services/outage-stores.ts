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

/** A server of our own that things are done to. */
interface Server {
  readonly url: string
  readonly port: number
  readonly pid: number | undefined
  start(): Promise<void>
  remove(): Promise<void>
}

/** A store on it, and how that lets go of its connections. */
interface Opened {
  readonly store: Store
  readonly end: () => Promise<void>
}

/** One database for the stories of outages: a further one is a further line of `WORLDS`. */
export interface OutageWorld {
  /** A text says why there is none. */
  start(): Promise<(Server & { kill(): Promise<void> }) | string>
  /** The store through this port, with fewer connections than requests come. */
  open(url: string): Opened
  /** Where a server can be told to refuse writes. */
  readOnly?(url: string, on: boolean): Promise<void>
  /** Where its disk can be made to fill up: fills it, and what makes room again. Undefined when this machine does not let us. */
  small?(url: string): Promise<{ open(url: string): Opened; remove(): Promise<void> } | undefined>
}

export const WORLDS: Readonly<Record<string, OutageWorld>> = {
  PostgreSQL: {
    async start() {
      const server = await startPostgres()
      return typeof server === 'string' ? server : withKill(server, () => server.stop('SIGQUIT'))
    },
    open: (url) => openPostgres(url),
    async readOnly(url, on) {
      await asked(url, `ALTER SYSTEM SET default_transaction_read_only = ${on ? 'on' : 'off'}`, 'SELECT pg_reload_conf()')
    },
    small: smallPostgres,
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
  'Redis (redis)': redisWorld(openNodeRedis),
  'Redis (ioredis)': redisWorld(openIoRedis),
}

function redisWorld(open: OutageWorld['open']): OutageWorld {
  return {
    async start() {
      const server = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
      return typeof server === 'string' ? server : withKill(server, () => server.stop('SIGKILL'))
    },
    open,
    // A replica of nobody.
    readOnly: (url, on) => told(url, on ? ['replicaof', '127.0.0.1', '1'] : ['replicaof', 'no', 'one']),
    async small(url) {
      await told(url, ['config', 'set', 'maxmemory-policy', 'noeviction'])
      await told(url, ['config', 'set', 'maxmemory', '4mb'])
      return { open, remove: () => told(url, ['config', 'set', 'maxmemory', '0']) }
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

async function told(url: string, command: readonly string[]): Promise<void> {
  const client = await createClient({ url }).connect()
  await client.sendCommand([...command])
  await client.close()
}

/** Stops a server, and all processes it has begun, where they are; or lets them go on. */
export function freeze(pid: number, how: 'SIGSTOP' | 'SIGCONT'): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  for (const each of [pid, ...children.map(Number)]) process.kill(each, how)
}

/** Not a copy: the process of a server is another one after a restart. */
function withKill<T extends Server>(server: T, kill: () => Promise<void>): T & { kill(): Promise<void> } {
  return Object.assign(server, { kill })
}

/** Our servers do not wait for the disk; what a killed one has acknowledged is to be there all the same. */
function openPostgres(connectionString: string, ...settings: readonly string[]): Opened {
  const options = ['synchronous_commit=on', ...settings].map((setting) => `-c ${setting}`).join(' ')
  const pool = new pg.Pool({ connectionString, max: 4, connectionTimeoutMillis: 400, options })
  return { store: new PostgresStore({ pool }), end: () => pool.end() }
}

async function asked(connectionString: string, ...texts: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    for (const text of ['SET default_transaction_read_only = off', ...texts]) await client.query(text)
  } finally {
    await client.end()
  }
}

/** A tablespace on a disk of a few megabytes. */
async function smallPostgres(url: string): ReturnType<NonNullable<OutageWorld['small']>> {
  const owner = isRoot ? userNamed('postgres') : undefined
  const folder = dataFolder('small-disk', owner)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]).status !== 0) {
    rmSync(folder, { recursive: true })
    return undefined
  }
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid)
  await asked(url, `CREATE TABLESPACE small LOCATION '${folder}'`, 'DROP TABLE IF EXISTS sessions')
  return {
    open: (through) => openPostgres(through, 'default_tablespace=small'),
    async remove() {
      await asked(url, 'DROP TABLE sessions', 'DROP TABLESPACE small')
      spawnSync('umount', [folder])
      rmSync(folder, { recursive: true })
    },
  }
}
