import { aBoolean, checkOptions, type OptionTable, satisfies } from '../core/base/option-checks.ts'
import { togetherOf } from './postgres/postgres-batch.ts'
import type { PgPool, PostgresJs } from './postgres/postgres-client.ts'
import { postgresDatabase } from './postgres/postgres-database.ts'
import { postgresDialect } from './postgres/postgres-dialect.ts'
import { PostgresTable } from './postgres/postgres-schema.ts'
import { aTableOfSchema } from './shared/store-options.ts'
import { RemoteExecutor } from './sql/remote-executor.ts'
import { sqlStatements } from './sql/sql-statements.ts'
import { type SqlRow, SqlStore } from './sql/sql-store.ts'

export type { PgPool, PgPoolClient, PostgresJs } from './postgres/postgres-client.ts'

/** Which database a `PostgresStore` keeps its rows in, and how. */
export interface PostgresStoreOptions {
  /** A `Pool` of `pg`, or the `sql` of `postgres` (postgres.js). It stays the application's: `close()` does not end it. */
  readonly pool: PgPool | PostgresJs
  /** Default `sessions`; with its schema, `app.sessions`. */
  readonly table?: string
  /**
   * Creates the table and its indexes where the table is missing, at the first use. Any number of processes may do so at once. Default
   * `true`; the text is in `schema/postgres.sql`. The schema of the table must be there.
   */
  readonly createTable?: boolean
}

/**
 * Keeps sessions in PostgreSQL 12 or later, in any isolation level that is its default.
 *
 * ```ts
 * app.use(session({ store: new PostgresStore({ pool: new Pool({ connectionString }) }) }))
 * app.use(session({ store: new PostgresStore({ pool: postgres(connectionString), table: 'app.sessions' }) }))
 * ```
 *
 * The loads of one turn of the event loop (or of a few, while each brings more) travel as one statement, and so do its creates and its
 * writes: a busy server sends far fewer statements than it answers requests. A lone request waits for nobody, and a row that somebody else
 * has locked holds up no other.
 *
 * Of a pool whose connections are all in use the store waits for one, as long as the pool lets it and the manager's `timeout` allows; give
 * it a pool of its own if the application keeps connections for long.
 *
 * @throws ConfigError when an option cannot be used. Whatever is wrong with the database is a `StoreError` of the first operation.
 */
export class PostgresStore extends SqlStore {
  constructor(options: PostgresStoreOptions) {
    const { pool, table = 'sessions', createTable = true } = checkOptions(options, OPTIONS)
    const statements = sqlStatements(table, postgresDialect)
    const database = postgresDatabase(pool, new PostgresTable(table))
    super(new RemoteExecutor<SqlRow>(database, togetherOf(table, statements), createTable), statements)
  }
}

const OPTIONS: OptionTable = {
  owner: 'PostgresStore',
  required: ['pool'],
  checks: {
    pool: satisfies(isClient, 'pass a `Pool` of pg, or the `sql` of postgres.js: `new PostgresStore({ pool })`'),
    table: aTableOfSchema,
    createTable: aBoolean,
  },
}

function isClient(pool: unknown): boolean {
  const { connect, unsafe } = (pool ?? {}) as Partial<PgPool & PostgresJs>
  return typeof connect === 'function' || typeof unsafe === 'function'
}
