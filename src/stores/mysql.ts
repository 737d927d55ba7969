import { type Duration, milliseconds } from '../core/base/duration.ts'
import { StoreError } from '../core/base/errors.ts'
import { aBoolean, checkOptions, type OptionTable, satisfies } from '../core/base/option-checks.ts'
import type { Create, Refused, Written } from '../core/store/store.ts'
import { togetherOf } from './mysql/mysql-batch.ts'
import type { MysqlPool, MysqlPromisePool } from './mysql/mysql-client.ts'
import { mysqlDatabase } from './mysql/mysql-database.ts'
import { mysqlDialect } from './mysql/mysql-dialect.ts'
import { LONGEST_KEY, MysqlTable } from './mysql/mysql-schema.ts'
import { aDelay, aTableOfSchema } from './shared/store-options.ts'
import { toUtf8Text } from './shared/utf8-text.ts'
import { RemoteExecutor } from './sql/remote-executor.ts'
import { sqlStatements } from './sql/sql-statements.ts'
import { type SqlRow, SqlStore } from './sql/sql-store.ts'

export type { MysqlPool, MysqlPoolConnection, MysqlPromisePool } from './mysql/mysql-client.ts'

/** Which database a `MysqlStore` keeps its rows in, and how. */
export interface MysqlStoreOptions {
  /** What `createPool` of `mysql2` or of `mysql2/promise` has made. It stays the application's: `close()` does not end it. */
  readonly pool: MysqlPool | MysqlPromisePool
  /** Default `sessions`; with its database, where that is not the one of the pool, `app.sessions`. */
  readonly table?: string
  /**
   * Creates the table where it is missing, at the first use. Any number of processes may do so at once. Default `true`; the text is in
   * `schema/mysql.sql`.
   */
  readonly createTable?: boolean
  /**
   * How long a statement may take, in milliseconds, for whoever does not say how long they wait: a manager does, by its own `timeout`. Then its
   * connection is ended: one with an unread answer is of no use to anybody. Default 10,000.
   */
  readonly statementTimeout?: Duration
}

/**
 * Keeps sessions in MariaDB or MySQL, whatever the isolation level of their connections. Tested on MariaDB 10.11; MySQL 8 understands every
 * statement, but was not run.
 *
 * ```ts
 * app.use(session({ store: new MysqlStore({ pool: createPool(connectionString) }) }))
 * app.use(session({ store: new MysqlStore({ pool: createPool(connectionString), table: 'app.sessions' }) }))
 * ```
 *
 * The loads of one turn of the event loop (or of a few, while each brings more) travel as one statement. Writes go one by one. A row that
 * somebody else has locked is waited for.
 *
 * Of a pool whose connections are all in use the store waits for one; give it a pool of its own if the application keeps connections for
 * long. A connection with a transaction open on it is refused, and ended.
 *
 * @throws ConfigError when an option cannot be used. Whatever is wrong with the database is a `StoreError` of the first operation.
 */
export class MysqlStore extends SqlStore {
  constructor(options: MysqlStoreOptions) {
    const { pool, table = 'sessions', createTable = true, statementTimeout = '10s' } = checkOptions(options, OPTIONS)
    const statements = sqlStatements(table, mysqlDialect)
    const database = mysqlDatabase(pool, new MysqlTable(table), Number(milliseconds(statementTimeout)))
    super(new RemoteExecutor<SqlRow>(database, togetherOf(table, statements), createTable), statements)
  }

  override async create(operation: Create): Promise<Written | Refused> {
    const { length } = new TextEncoder().encode(toUtf8Text(operation.key))
    if (length <= LONGEST_KEY) return super.create(operation)
    throw new StoreError('create', new RangeError(`A key may have ${LONGEST_KEY} bytes, and this one has ${length}`), { applied: false })
  }
}

const OPTIONS: OptionTable = {
  owner: 'MysqlStore',
  required: ['pool'],
  checks: {
    pool: satisfies(isPool, 'pass the pool that `createPool` of mysql2 returned: `new MysqlStore({ pool })`'),
    table: aTableOfSchema,
    createTable: aBoolean,
    statementTimeout: aDelay,
  },
}

function isPool(given: unknown): boolean {
  const outer = (given ?? {}) as Partial<MysqlPool & MysqlPromisePool>
  const inner: Partial<MysqlPool> = outer.pool ?? outer
  return typeof inner.getConnection === 'function'
}
