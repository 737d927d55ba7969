import { ConfigError } from '../../core/base/errors.ts'

/**
 * The methods that `SqliteStore` uses of a prepared statement of `node:sqlite`, `better-sqlite3` or
 * `bun:sqlite`. The values are `unknown`, because TypeScript 5 compares them with `{}`, the type of
 * one value in `better-sqlite3`, to which no `null` can be assigned.
 */
export interface SqliteStatement {
  run(...values: unknown[]): { readonly changes: number | bigint }
  get(...values: unknown[]): unknown
  all(...values: unknown[]): unknown[]
}

/**
 * The methods that `SqliteStore` uses of an open database: a `DatabaseSync` of `node:sqlite`, or a
 * `Database` of `better-sqlite3` or `bun:sqlite`.
 */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement
  exec(sql: string): unknown
  close(): unknown
  /** Whether a transaction is open: the name in `better-sqlite3` and Bun … */
  readonly inTransaction?: boolean
  /** … and in `node:sqlite`. */
  readonly isTransaction?: boolean
}

/** Settings of a connection. `undefined` leaves a setting as it is. */
export interface SqliteSettings {
  readonly durability: 'normal' | 'full' | undefined
  /** Milliseconds. */
  readonly busyTimeout: number | undefined
}

type DatabaseSync = new (path: string) => SqliteDatabase

/**
 * Returns the `DatabaseSync` of `node:sqlite`. It is loaded here and not imported, so that a
 * database of another library works without it.
 *
 * @throws ConfigError if this runtime does not have it.
 */
export function loadNodeSqlite(): DatabaseSync {
  const module = globalThis.process?.getBuiltinModule?.('node:sqlite')
  if (module !== undefined) return module.DatabaseSync
  const version = globalThis.process?.version
  throw new ConfigError(
    `SqliteStore: this runtime has no \`node:sqlite\`. Node has it from 22.13 on, and \`process.version\` here is ${version}. ` +
      'Pass an open database of better-sqlite3 as `database`, or use another store.',
  )
}

export function configureSqlite(database: SqliteDatabase, { durability, busyTimeout }: SqliteSettings): void {
  if (busyTimeout !== undefined) database.exec(`PRAGMA busy_timeout = ${busyTimeout}`)
  if (durability !== undefined) database.exec(`PRAGMA synchronous = ${durability}`)
}

/** Whether every commit waits for the disk. Then a batch of writes is faster than single ones. */
export function waitsForDisk(database: SqliteDatabase): boolean {
  return Number(pragma(database, 'synchronous')) >= 2
}

/**
 * Switches the file to WAL, in which readers and a writer do not wait for each other. The setting
 * is stored in the file. SQLite ignores the busy timeout during the switch, so this function
 * retries.
 */
export function enableWal(database: SqliteDatabase, busyTimeout: number): void {
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
const NO_MEMORY = 7
const IO_ERROR = 10
export const READ_ONLY = 8
export const NOT_A_DATABASE = 26
const CODES: readonly [name: string, code: number][] = [
  ['SQLITE_READONLY', READ_ONLY],
  ['SQLITE_NOTADB', NOT_A_DATABASE],
  ['SQLITE_BUSY', BUSY],
  ['SQLITE_NOMEM', NO_MEMORY],
  ['SQLITE_IOERR', IO_ERROR],
  ['SQLITE_', 1],
]

/**
 * Returns SQLite's primary result code of an error of any of the libraries, or 1 for codes that are
 * not distinguished. `undefined` if the error has none.
 */
export function sqliteCode(error: unknown): number | undefined {
  const { errcode, code } = error as { readonly errcode?: unknown; readonly code?: unknown }
  if (typeof errcode === 'number') return errcode & 0xff
  return CODES.find(([name]) => typeof code === 'string' && code.startsWith(name))?.[1]
}

/**
 * Whether a write that failed with this error had no effect. SQLite rolls back a statement that
 * fails. Only if writing or syncing the log itself failed, or memory ran out during that, a
 * recovery after a crash may still find the commit in the log.
 */
export function isRolledBack(error: unknown): boolean {
  const code = sqliteCode(error)
  return code !== undefined && code !== NO_MEMORY && code !== IO_ERROR
}
