import { type Duration, milliseconds } from '../core/base/duration.ts'
import { ConfigError } from '../core/base/errors.ts'
import { aBoolean, checkOptions, type OptionTable, oneOf, satisfies } from '../core/base/option-checks.ts'
import { aDelay, aTable } from './shared/store-options.ts'
import { sqlStatements } from './sql/sql-statements.ts'
import { type SqlRow, SqlStore } from './sql/sql-store.ts'
import { configureSqlite, enableWal, loadNodeSqlite, type SqliteDatabase, type SqliteSettings } from './sqlite/sqlite-database.ts'
import { sqliteDialect } from './sqlite/sqlite-dialect.ts'
import { SqliteExecutor, type SqliteSource } from './sqlite/sqlite-executor.ts'
import { checkSqlitePath, isFile, openSqlite } from './sqlite/sqlite-file.ts'
import { MISSING_TABLE } from './sqlite/sqlite-schema.ts'

export type { SqliteDatabase, SqliteStatement } from './sqlite/sqlite-database.ts'

/** Options of `SqliteStore`. */
export interface SqliteStoreOptions {
  /**
   * The path of the file (`:memory:` for none), which the store opens with `node:sqlite` at the
   * first use; or an open database of `node:sqlite`, `better-sqlite3` or `bun:sqlite`. The settings
   * of an open database stay as they are, except the options below: give it `PRAGMA journal_mode =
   * WAL`, and a busy timeout if other processes write to the file.
   */
  readonly database: string | SqliteDatabase
  /** The name of the table. Default `'sessions'`. */
  readonly table?: string
  /**
   * When a commit is on the disk. With both values, nothing is lost if the process crashes.
   *
   * - `normal`, the default for a path: after a power failure the last commits may be missing, also
   *   logouts. The file stays valid.
   * - `full`: a commit is on the disk before its response is sent. The writes of one turn of the
   *   event loop share one wait for the disk, so the wait hardly matters under load. On an idle
   *   server a write takes that much longer, often about a millisecond.
   */
  readonly durability?: 'normal' | 'full'
  /** Creates a missing table and its indexes. Default `true`. The SQL is in `schema/sqlite.sql`. */
  readonly createTable?: boolean
  /**
   * How long a write waits while another process writes. Default for a path: `'1s'`. SQLite waits
   * synchronously, so the whole process is blocked. A write takes well under a millisecond, so only
   * other software on the file can cause a long wait, and then an error is better than a blocked
   * server. It is shorter than the default `timeout` of the manager, so the error names the cause.
   */
  readonly busyTimeout?: Duration
}

/**
 * Keeps sessions in a SQLite file. Several processes of one machine may share it. SQLite does not
 * support network file systems.
 *
 * ```ts
 * app.use(session({ store: new SqliteStore('sessions.db') }))
 * app.use(session({ store: new SqliteStore({ database: 'sessions.db', durability: 'full' }) }))
 * app.use(session({ store: new SqliteStore({ database: new Database('app.db'), table: 'app_sessions' }) }))
 * ```
 *
 * SQLite runs in the calling thread: a load takes some microseconds, a write some tens, and other
 * requests wait for it.
 *
 * If the application passes an open database, it must have no open transaction between two turns of
 * the event loop. Writes are refused while it has one.
 *
 * A file is created readable and writable for its owner only (0600), and so are the files next to
 * it that end in `-wal` and `-shm`.
 *
 * @throws ConfigError when an option is invalid, or when the directory of the file does not exist or
 * cannot be written to. Other errors of the file are `StoreError`s of the first operation.
 */
export class SqliteStore extends SqlStore {
  constructor(options: string | SqliteDatabase | SqliteStoreOptions)
  constructor(options: string | SqliteDatabase | SqliteStoreOptions, ...others: readonly unknown[]) {
    if (others.some((other) => other !== undefined))
      throw new ConfigError(
        "SqliteStore takes one argument. Pass all options in one object: new SqliteStore({ database: 'sessions.db', table: 'shop' }).",
      )
    const given = typeof options === 'string' || isDatabase(options) ? { database: options } : options
    const { database, table = 'sessions', createTable = true, durability, busyTimeout } = checkOptions(given, OPTIONS)
    const owned = typeof database === 'string'
    if (owned) {
      loadNodeSqlite()
      checkSqlitePath('SqliteStore', database)
    }
    const setup: SqliteSettings = {
      durability: durability ?? (owned ? 'normal' : undefined),
      busyTimeout: milliseconds(busyTimeout) ?? (owned ? 1000 : undefined),
    }
    const source: SqliteSource = {
      table,
      createTable,
      missingTable: MISSING_TABLE,
      owned,
      open: () => connect(database, setup),
      exists: () => !owned || isFile(database),
    }
    super(new SqliteExecutor<SqlRow>(source), sqlStatements(table, sqliteDialect))
  }
}

function connect(database: string | SqliteDatabase, setup: SqliteSettings): SqliteDatabase {
  const opened = typeof database === 'string' ? openSqlite(database) : database
  try {
    configureSqlite(opened, setup)
    if (opened !== database) enableWal(opened, setup.busyTimeout ?? 0)
    return opened
  } catch (error) {
    if (opened !== database) opened.close()
    throw error
  }
}

const OPTIONS: OptionTable = {
  owner: 'SqliteStore',
  required: ['database'],
  checks: {
    database: satisfies(
      (database) => (typeof database === 'string' && database !== '') || isDatabase(database),
      'pass the path of a file, or an open database of node:sqlite, better-sqlite3 or bun:sqlite',
    ),
    table: aTable,
    durability: oneOf('normal', 'full'),
    createTable: aBoolean,
    busyTimeout: aDelay,
  },
}

function isDatabase(value: unknown): value is SqliteDatabase {
  return typeof (value as Partial<SqliteDatabase> | null | undefined)?.prepare === 'function'
}
