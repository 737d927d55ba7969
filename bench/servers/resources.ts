import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import pg from 'pg'
import { createClient, type RedisClientType } from 'redis'

/** Where the databases are, and under which name one server keeps its rows in them. */
export interface Place {
  readonly redis: string
  readonly postgres: string
  /** A folder for files. */
  readonly folder: string
  /** A word of letters, digits and underscores that no other server has. */
  readonly name: string
}

/** `sqlite-full` is SQLite where each commit waits for the disk. */
export type StoreName = 'memory' | 'sqlite' | 'sqlite-full' | 'redis' | 'postgres'

/** One connection, as everybody's README opens it. */
export async function openRedis({ redis }: Place): Promise<RedisClientType> {
  const client: RedisClientType = createClient({ url: redis })
  await client.connect()
  return client
}

/** Ten connections, the default of `pg`. */
export function openPool({ postgres }: Place): pg.Pool {
  return new pg.Pool({ connectionString: postgres })
}

/** The file for one server, in a folder of its own, since SQLite lays two more files beside it. */
export function sqliteFile({ folder, name }: Place): string {
  mkdirSync(join(folder, name), { recursive: true })
  return join(folder, name, 'sessions.db')
}

/** A file opened the way `SqliteStore` opens its own: WAL, and at most a crash of the machine loses the last commits (not with `full`). */
export function openSqlite(place: Place, full: boolean): Database.Database {
  const database = new Database(sqliteFile(place))
  database.pragma('journal_mode = WAL')
  database.pragma(`synchronous = ${full ? 'FULL' : 'NORMAL'}`)
  return database
}
