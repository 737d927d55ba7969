import { invalidOption, refuseUnknownOptions, refuseUnlessBoolean } from './shared/check-options.ts'
import { sqlStatements, tableName } from './sql/sql-statements.ts'
import { type SqlRow, SqlStore } from './sql/sql-store.ts'
import { isFile, nodeSqlite, openSqlite, type SqliteDatabase, type SqliteSetup, setUpSqlite, useWal } from './sqlite/sqlite-database.ts'
import { sqliteDialect } from './sqlite/sqlite-dialect.ts'
import { SqliteExecutor, type SqliteHome } from './sqlite/sqlite-executor.ts'

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
  readonly create?: boolean
  /**
   * How long a write waits while another process writes, in milliseconds. Default for a path 1000. SQLite waits without giving way, the whole
   * process stands still; a write takes well under a millisecond, so that only other software on the file makes it long, and then an error
   * is better than a server that hangs. It ends before the manager's own `timeout`, so the error says what is the matter.
   */
  readonly busyTimeout?: number
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
    const given = checked(typeof options === 'string' || isDatabase(options) ? { database: options } : { ...options })
    super(new SqliteExecutor<SqlRow>(homeOf(given)), sqlStatements(given.table, sqliteDialect))
  }
}

interface Checked extends SqliteSetup {
  readonly database: string | SqliteDatabase
  readonly table: string
  readonly create: boolean
}

function homeOf(given: Checked): SqliteHome {
  const { database, table, create } = given
  const owned = typeof database === 'string'
  return { table, create, owned, open: () => connect(given), isThere: () => !owned || isFile(database) }
}

function connect({ database: given, durability, busyTimeout }: Checked): SqliteDatabase {
  const ours = typeof given === 'string'
  const database = ours ? openSqlite(given) : given
  try {
    setUpSqlite(database, { durability, busyTimeout })
    if (ours) useWal(database, busyTimeout ?? 0)
    return database
  } catch (error) {
    if (ours) database.close()
    throw error
  }
}

const OPTIONS = ['database', 'table', 'durability', 'create', 'busyTimeout']

function checked(options: SqliteStoreOptions): Checked {
  refuseUnknownOptions('SqliteStore', options, OPTIONS)
  const { database, table = 'sessions', create = true, durability, busyTimeout } = options
  checkDatabase(database)
  checkSetup({ durability, busyTimeout })
  refuseUnlessBoolean('SqliteStore', 'create', create)
  const ours = typeof database === 'string'
  return {
    database,
    create,
    table: tableName('SqliteStore', table),
    durability: durability ?? (ours ? 'normal' : undefined),
    busyTimeout: busyTimeout ?? (ours ? 1000 : undefined),
  }
}

function isDatabase(options: SqliteDatabase | SqliteStoreOptions): options is SqliteDatabase {
  return typeof (options as Partial<SqliteDatabase> | undefined)?.prepare === 'function'
}

function checkDatabase(database: string | SqliteDatabase): void {
  const remedy = 'Give the path of a file, or an open database of node:sqlite, better-sqlite3 or bun:sqlite.'
  if (typeof database === 'string' && database !== '') nodeSqlite()
  else if (typeof database !== 'object' || typeof database?.prepare !== 'function')
    throw invalidOption('SqliteStore', 'database', database, remedy)
}

function checkSetup({ durability, busyTimeout }: SqliteSetup): void {
  if (durability !== undefined && durability !== 'normal' && durability !== 'full')
    throw invalidOption('SqliteStore', 'durability', durability, "Give 'normal' or 'full'.")
  if (busyTimeout !== undefined && !(Number.isSafeInteger(busyTimeout) && busyTimeout >= 0))
    throw invalidOption('SqliteStore', 'busyTimeout', busyTimeout, 'Give whole milliseconds, 0 or more.')
}
