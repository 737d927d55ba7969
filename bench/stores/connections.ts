import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { Pool } from 'pg'
import type { RedisClientType } from 'redis'

/** Where the databases are, and under which name one server keeps its rows in them. */
export interface StoreLocation {
  readonly redis: string
  readonly postgres: string
  /** A folder for files. */
  readonly folder: string
  /** A word of letters, digits and underscores that no other server has. */
  readonly name: string
}

/** `sqlite-full` is SQLite where each commit waits for the disk. */
export type StoreName = 'memory' | 'sqlite' | 'sqlite-full' | 'redis' | 'postgres'

// Drivers are loaded by whoever needs them: what a server does not use must not weigh on it.

/** One connection, as everybody's README opens it. */
export async function openRedis({ redis }: StoreLocation): Promise<RedisClientType> {
  const { createClient } = await import('redis')
  const client: RedisClientType = createClient({ url: redis })
  await client.connect()
  return client
}

/** Ten connections, the default of `pg`. */
export async function openPool({ postgres }: StoreLocation): Promise<Pool> {
  const { Pool } = await import('pg')
  return new Pool({ connectionString: postgres })
}

/** The file for one server, in a folder of its own, since SQLite lays two more files beside it. */
export function sqliteFile({ folder, name }: StoreLocation): string {
  mkdirSync(join(folder, name), { recursive: true })
  return join(folder, name, 'sessions.db')
}

/** A file opened the way `SqliteStore` opens its own: WAL, and at most a crash of the machine loses the last commits (not with `full`). */
export async function openSqlite(place: StoreLocation, full: boolean): Promise<Database> {
  const { default: Database } = await import('better-sqlite3')
  const database = new Database(sqliteFile(place))
  database.pragma('journal_mode = WAL')
  database.pragma(`synchronous = ${full ? 'FULL' : 'NORMAL'}`)
  return database
}
