import { aBoolean, checkOptions, type OptionTable } from '../core/base/option-checks.ts'
import type { PgPool, PostgresJs } from './postgres/pg-types.ts'
import { batchableStatements } from './postgres/postgres-batch.ts'
import { postgresDatabase } from './postgres/postgres-client.ts'
import { postgresDialect } from './postgres/postgres-dialect.ts'
import { aPostgresPool } from './postgres/postgres-pool.ts'
import { postgresTable } from './postgres/postgres-schema.ts'
import { aTableOfSchema } from './shared/store-options.ts'
import { RemoteExecutor } from './sql/remote-executor.ts'
import { sqlStatements } from './sql/sql-statements.ts'
import { type SqlRow, SqlStore } from './sql/sql-store.ts'

export type { PgPool, PgPoolClient, PostgresJs } from './postgres/pg-types.ts'

/** Options of `PostgresStore`. */
export interface PostgresStoreOptions {
  /**
   * A `Pool` of `pg`, or the `sql` of `postgres` (postgres.js). The application closes it;
   * `close()` of the store does not.
   */
  readonly pool: PgPool | PostgresJs
  /** The name of the table, optionally with its schema: `'app.sessions'`. Default `'sessions'`. */
  readonly table?: string
  /**
   * Creates a missing table and its indexes at the first use. Several processes may do so at the
   * same time. Default `true`. The schema of the table must exist. The SQL is in
   * `schema/postgres.sql`.
   */
  readonly createTable?: boolean
}

/**
 * Keeps sessions in PostgreSQL 12 or later, with any default isolation level.
 *
 * ```ts
 * app.use(session({ store: new PostgresStore({ pool: new Pool({ connectionString }) }) }))
 * app.use(session({ store: new PostgresStore({ pool: postgres(connectionString), table: 'app.sessions' }) }))
 * ```
 *
 * The loads of one turn of the event loop, or of a few while more arrive, are sent as one
 * statement, and so are its creates and its writes. Under load the store sends far fewer statements
 * than there are requests. A single request does not wait, and a locked row delays no other.
 *
 * If all connections of the pool are in use, the store waits for one as long as the pool and the
 * option `timeout` of the manager allow. Pass a separate pool if the application keeps connections
 * for long.
 *
 * @throws ConfigError when an option is invalid. Errors of the database are `StoreError`s of the
 * first operation.
 */
export class PostgresStore extends SqlStore {
  constructor(options: PostgresStoreOptions) {
    const { pool, table = 'sessions', createTable = true } = checkOptions(options, OPTIONS)
    const statements = sqlStatements(table, postgresDialect)
    const database = postgresDatabase(pool, postgresTable(table))
    super(new RemoteExecutor<SqlRow>(database, batchableStatements(table, statements), createTable), statements)
  }
}

const OPTIONS: OptionTable = {
  owner: 'PostgresStore',
  required: ['pool'],
  checks: {
    pool: aPostgresPool,
    table: aTableOfSchema,
    createTable: aBoolean,
  },
}
