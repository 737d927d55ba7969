import { type Duration, milliseconds } from '../core/base/duration.ts'
import { aBoolean, checkOptions, type OptionTable, oneOf, satisfies } from '../core/base/option-checks.ts'
import { aDelay, aTable } from './shared/store-options.ts'
import { sqlStatements } from './sql/sql-statements.ts'
import { type SqlRow, SqlStore } from './sql/sql-store.ts'
import { isFile, nodeSqlite, openSqlite, type SqliteDatabase, type SqliteSetup, setUpSqlite, useWal } from './sqlite/sqlite-database.ts'
import { sqliteDialect } from './sqlite/sqlite-dialect.ts'
import { SqliteExecutor, type SqliteSource } from './sqlite/sqlite-executor.ts'

export type { SqliteDatabase, SqliteStatement } from './sqlite/sqlite-database.ts'

/** Which database a `SqliteStore` keeps its rows in, and how. */
export interface SqliteStoreOptions {
  /**
   * The path of the file (`:memory:` for none), which the store opens with `node:sqlite` at the first use; or an open database of
   * `node:sqlite`, `better-sqlite3` or `bun:sqlite`. An open one stays as its owner set it up, but for what is named here: give it
   * `PRAGMA journal_mode = WAL`, and a busy timeout when other processes write to the file.
   */
  readonly database: string | SqliteDatabase
  /** Default `sessions`. */
  readonly table?: string
  /**
   * What a commit withstands. Either way nothing is lost when the process dies.
   *
   * - `normal`, the default for a path: after a power cut the last commits may be missing, a logout among them. The file stays sound.
   * - `full`: a commit is on the disk when its answer goes out. The writes of one turn of the event loop share one wait for the disk, so
   *   a busy server hardly notices; an idle one answers a write by that wait (often a millisecond or so) later.
   */
  readonly durability?: 'normal' | 'full'
  /** Creates the table and its indexes where they are missing. Default `true`; the text is in `schema/sqlite.sql`. */
  readonly createTable?: boolean
  /**
   * How long a write waits while another process writes, in milliseconds. Default for a path 1000. SQLite waits without giving way, the whole
   * process stands still; a write takes well under a millisecond, so that only other software on the file makes it long, and then an error
   * is better than a server that hangs. It ends before the manager's own `timeout`, so the error says what is the matter.
   */
  readonly busyTimeout?: Duration
}

/**
 * Keeps sessions in a SQLite file. Several processes of one machine may share it; a network file system is not for SQLite.
 *
 * ```ts
 * app.use(session({ store: new SqliteStore('sessions.db') }))
 * app.use(session({ store: new SqliteStore({ database: 'sessions.db', durability: 'full' }) }))
 * app.use(session({ store: new SqliteStore({ database: new Database('app.db'), table: 'app_sessions' }) }))
 * ```
 *
 * SQLite works in the thread of its caller: a load takes some microseconds, a write some tens, and other requests wait meanwhile.
 *
 * A database that is handed in must have no transaction open between two turns of the event loop: writes are refused while it has.
 *
 * @throws ConfigError when an option cannot be used. Whatever is wrong with the file is a `StoreError` of the first operation.
 */
export class SqliteStore extends SqlStore {
  constructor(options: string | SqliteDatabase | SqliteStoreOptions) {
    const given = typeof options === 'string' || isDatabase(options) ? { database: options } : options
    const { database, table = 'sessions', createTable = true, durability, busyTimeout } = checkOptions(given, OPTIONS)
    const owned = typeof database === 'string'
    if (owned) nodeSqlite()
    const setup: SqliteSetup = {
      durability: durability ?? (owned ? 'normal' : undefined),
      busyTimeout: milliseconds(busyTimeout) ?? (owned ? 1000 : undefined),
    }
    const source: SqliteSource = {
      table,
      createTable,
      owned,
      open: () => connect(database, setup),
      isThere: () => !owned || isFile(database),
    }
    super(new SqliteExecutor<SqlRow>(source), sqlStatements(table, sqliteDialect))
  }
}

function connect(database: string | SqliteDatabase, setup: SqliteSetup): SqliteDatabase {
  const opened = typeof database === 'string' ? openSqlite(database) : database
  try {
    setUpSqlite(opened, setup)
    if (opened !== database) useWal(opened, setup.busyTimeout ?? 0)
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
