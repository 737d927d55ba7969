import { ConfigError } from '../../core/base/errors.ts'

/** What `SqliteStore` needs of a prepared statement of `node:sqlite`, `better-sqlite3` or `bun:sqlite`. */
export interface SqliteStatement {
  run(...values: (string | number | null)[]): { readonly changes: number | bigint }
  get(...values: (string | number | null)[]): unknown
  all(...values: (string | number | null)[]): unknown[]
}

/** What `SqliteStore` needs of an open database: a `DatabaseSync` of `node:sqlite`, or a `Database` of `better-sqlite3` or `bun:sqlite`. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement
  exec(sql: string): unknown
  close(): unknown
  /** Whether a transaction is open, as `better-sqlite3` and Bun tell it … */
  readonly inTransaction?: boolean
  /** … and as `node:sqlite` does. */
  readonly isTransaction?: boolean
}

/** How a connection is set up. What is `undefined` stays as it is. */
export interface SqliteSetup {
  readonly durability: 'normal' | 'full' | undefined
  /** Milliseconds. */
  readonly busyTimeout: number | undefined
}

type DatabaseSync = new (path: string) => SqliteDatabase

/**
 * Refuses a runtime without `node:sqlite`, before anything is opened.
 *
 * @throws ConfigError
 */
export function nodeSqlite(): DatabaseSync {
  // Asked for here and not imported: whoever hands in a database of another library must not need it.
  const module = globalThis.process?.getBuiltinModule?.('node:sqlite')
  if (module !== undefined) return module.DatabaseSync
  const version = globalThis.process?.version
  throw new ConfigError(
    `SqliteStore: this runtime has no \`node:sqlite\`; Node has it from 22.13 on, and \`process.version\` here is ${version}. ` +
      'Hand in an open database of better-sqlite3 as `database`, or use another store.',
  )
}

/** Opens a file, which is created where it is missing. SQLite's own error would not say which one it was about. */
export function openSqlite(path: string): SqliteDatabase {
  try {
    return new (nodeSqlite())(path)
  } catch (error) {
    throw error instanceof ConfigError ? error : new Error(`${(error as Error).message}: ${path}`, { cause: error })
  }
}

/** Whether there is a file at a path: to open one that is not there would create it. */
export function isFile(path: string): boolean {
  return globalThis.process?.getBuiltinModule?.('node:fs')?.existsSync(path) ?? false
}

export function setUpSqlite(database: SqliteDatabase, { durability, busyTimeout }: SqliteSetup): void {
  if (busyTimeout !== undefined) database.exec(`PRAGMA busy_timeout = ${busyTimeout}`)
  if (durability !== undefined) database.exec(`PRAGMA synchronous = ${durability}`)
}

/** Whether every commit waits for the disk, so that it pays to commit many writes at once. */
export function waitsForDisk(database: SqliteDatabase): boolean {
  return Number(pragma(database, 'synchronous')) >= 2
}

/**
 * Switches the file to WAL, in which readers and a writer do not wait for each other; the file remembers it. Two processes that switch
 * at the same moment do not wait for each other, busy timeout or not: that is done here.
 */
export function useWal(database: SqliteDatabase, busyTimeout: number): void {
  for (let waited = 0; pragma(database, 'journal_mode') !== 'wal'; waited += 10) {
    try {
      database.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (sqliteCode(error) !== BUSY || waited >= busyTimeout) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
  }
}

function pragma(database: SqliteDatabase, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() as object)[0]
}

const BUSY = 5
const CODES: readonly [name: string, code: number][] = [
  ['SQLITE_BUSY', BUSY],
  ['SQLITE_NOMEM', 7],
  ['SQLITE_IOERR', 10],
  ['SQLITE_', 1],
]

/** SQLite's primary result code of an error of any of the libraries; all that needs no telling apart is 1. `undefined`: it gives none. */
function sqliteCode(error: unknown): number | undefined {
  const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown }
  if (typeof errcode === 'number') return errcode & 0xff
  return CODES.find(([name]) => typeof code === 'string' && code.startsWith(name))?.[1]
}

/**
 * Whether a write that failed with this error surely left nothing behind. SQLite takes back a statement that fails. Only where writing or
 * syncing the log itself failed (or memory ran out while it was done) a recovery after a crash may still find the commit in it.
 */
export function surelyUndone(error: unknown): boolean {
  const code = sqliteCode(error)
  return code !== undefined && code !== 7 && code !== 10
}
