import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import type { Pool } from 'pg'
import type { RedisClientType } from 'redis'

/** The databases, and the name under which one server stores its rows in them. */
export interface StoreLocation {
  readonly redis: string
  readonly postgres: string
  /** A folder for files. */
  readonly folder: string
  /** A name of letters, digits and underscores that no other server uses. */
  readonly name: string
}

/** `sqlite-full`: SQLite, with every commit waiting for the disk. */
export type StoreName = 'memory' | 'sqlite' | 'sqlite-full' | 'redis' | 'postgres'

// Drivers are imported on use, so that a server does not load those it does not need.

/** Opens one connection, as in the README of `redis`. */
export async function openRedis({ redis }: StoreLocation): Promise<RedisClientType> {
  const { createClient } = await import('redis')
  const client: RedisClientType = createClient({ url: redis })
  await client.connect()
  return client
}

/** Opens a pool of ten connections, the default of `pg`. */
export async function openPool({ postgres }: StoreLocation): Promise<Pool> {
  const { Pool } = await import('pg')
  return new Pool({ connectionString: postgres })
}

/**
 * Returns the file of one server, in its own folder, because SQLite creates two more files next to
 * it.
 */
export function sqliteFile({ folder, name }: StoreLocation): string {
  mkdirSync(join(folder, name), { recursive: true })
  return join(folder, name, 'sessions.db')
}

/**
 * Opens a file like `SqliteStore` does: WAL, and a power cut can lose the last commits (not with
 * `full`).
 */
export async function openSqlite(location: StoreLocation, full: boolean): Promise<Database> {
  const { default: Database } = await import('better-sqlite3')
  const database = new Database(sqliteFile(location))
  database.pragma('journal_mode = WAL')
  database.pragma(`synchronous = ${full ? 'FULL' : 'NORMAL'}`)
  return database
}
