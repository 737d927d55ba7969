import { type Duration, milliseconds } from '../core/base/duration.ts'
import { StoreError } from '../core/base/errors.ts'
import { aBoolean, checkOptions, type OptionTable, satisfies } from '../core/base/option-checks.ts'
import type { Create, Refused, Written } from '../core/store/store.ts'
import { batchableStatements } from './mysql/mysql-batch.ts'
import type { MysqlPool, MysqlPromisePool } from './mysql/mysql-client.ts'
import { mysqlDatabase } from './mysql/mysql-client.ts'
import { mysqlDialect } from './mysql/mysql-dialect.ts'
import { MAX_KEY_BYTES, mysqlTable } from './mysql/mysql-schema.ts'
import { aDelay, aTableOfSchema } from './shared/store-options.ts'
import { toUtf8Text } from './shared/utf8-text.ts'
import { RemoteExecutor } from './sql/remote-executor.ts'
import { sqlStatements } from './sql/sql-statements.ts'
import { type SqlRow, SqlStore } from './sql/sql-store.ts'

export type { MysqlPool, MysqlPoolConnection, MysqlPromisePool } from './mysql/mysql-client.ts'

/** Options of `MysqlStore`. */
export interface MysqlStoreOptions {
  /**
   * The pool that `createPool` of `mysql2` or `mysql2/promise` returned. The application closes it;
   * `close()` of the store does not.
   */
  readonly pool: MysqlPool | MysqlPromisePool
  /**
   * The name of the table, optionally with its database: `'app.sessions'`. Default `'sessions'`.
   */
  readonly table?: string
  /**
   * Creates a missing table at the first use. Several processes may do so at the same time. Default
   * `true`. The SQL is in `schema/mysql.sql`.
   */
  readonly createTable?: boolean
  /**
   * How long a statement without a deadline may take: a manager sets deadlines with its option
   * `timeout`. After that its connection is closed, because it cannot be used with an unread
   * response. Default `'10s'`.
   */
  readonly statementTimeout?: Duration
}

/**
 * Keeps sessions in MariaDB or MySQL, in any isolation level. Tested with MariaDB 10.11. MySQL 8
 * supports every statement, but was not tested.
 *
 * ```ts
 * app.use(session({ store: new MysqlStore({ pool: createPool(connectionString) }) }))
 * app.use(session({ store: new MysqlStore({ pool: createPool(connectionString), table: 'app.sessions' }) }))
 * ```
 *
 * The loads of one turn of the event loop, or of a few while more arrive, are sent as one statement.
 * Writes are sent one by one, and wait for locked rows.
 *
 * If all connections of the pool are in use, the store waits for one. Pass a separate pool if the
 * application keeps connections for long. A connection with an open transaction is refused and
 * closed.
 *
 * @throws ConfigError when an option is invalid. Errors of the database are `StoreError`s of the
 * first operation.
 */
export class MysqlStore extends SqlStore {
  constructor(options: MysqlStoreOptions) {
    const { pool, table = 'sessions', createTable = true, statementTimeout = '10s' } = checkOptions(options, OPTIONS)
    const statements = sqlStatements(table, mysqlDialect)
    const database = mysqlDatabase(pool, mysqlTable(table), Number(milliseconds(statementTimeout)))
    super(new RemoteExecutor<SqlRow>(database, batchableStatements(table, statements), createTable), statements)
  }

  override async create(operation: Create): Promise<Written | Refused> {
    const { length } = new TextEncoder().encode(toUtf8Text(operation.key))
    if (length <= MAX_KEY_BYTES) return super.create(operation)
    throw new StoreError('create', new RangeError(`The key has ${length} bytes; at most ${MAX_KEY_BYTES} are possible`), { applied: false })
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
