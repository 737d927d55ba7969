import { type Duration, milliseconds } from '../core/base/duration.ts'
import { StoreError, type StoreOperation } from '../core/base/errors.ts'
import { aBoolean, checkOptions, type OptionTable, satisfies } from '../core/base/option-checks.ts'
import type { Create, Refused, Replace, Written } from '../core/store/store.ts'
import { batchableStatements } from './mysql/mysql-batch.ts'
import type { MysqlPool, MysqlPromisePool } from './mysql/mysql-client.ts'
import { mysqlDatabase } from './mysql/mysql-client.ts'
import { mysqlDialect } from './mysql/mysql-dialect.ts'
import { MAX_KEY_BYTES, MAX_USER_BYTES, mysqlTable } from './mysql/mysql-schema.ts'
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
 * The loads of one turn of the event loop, or of a few while more arrive, are sent as one
 * statement. Writes are sent one by one, and wait for locked rows.
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
    checkLength('create', 'key', operation.key, MAX_KEY_BYTES)
    checkLength('create', 'user', operation.entry.userId, MAX_USER_BYTES)
    return super.create(operation)
  }

  override async replace(operation: Replace): Promise<Written | Refused> {
    checkLength('replace', 'user', operation.entry.userId, MAX_USER_BYTES)
    return super.replace(operation)
  }
}

/** A server without strict mode would cut off a text that is too long. */
function checkLength(operation: StoreOperation, what: string, text: string | undefined, max: number): void {
  const length = text === undefined || text.length * 7 <= max ? 0 : new TextEncoder().encode(toUtf8Text(text)).length
  if (length <= max) return
  throw new StoreError(operation, new RangeError(`The ${what} has ${length} bytes; at most ${max} are possible`), { applied: false })
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
