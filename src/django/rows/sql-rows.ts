import { monotonic } from '../../core/base/clock.ts'
import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import type { Keyed, Load, Touch } from '../../core/store/store.ts'
import type { RemoteDatabase, RemoteTable } from '../../stores/sql/remote-database.ts'
import { RemoteExecutor } from '../../stores/sql/remote-executor.ts'
import { quoteTable, render, type SqlDialect, type SqlStatement } from '../../stores/sql/sql-statements.ts'
import { MAX_COUNT_TIME, type SqlExecutor, type SqlValue } from '../../stores/sql/sql-store.ts'
import type { DjangoRow, DjangoRows, ListRows, NewDjangoRow, ReplaceResult, ReplaceRow } from './django-rows.ts'

/**
 * The SQL for Django's table that differs between databases. Texts are written as for `SqlDialect`.
 */
export interface DjangoSqlDialect extends Pick<SqlDialect, 'placeholder' | 'quote'> {
  /** The parameters of a key, a signature and a timestamp. */
  readonly key: string
  readonly signature: string
  readonly timestamp: string
  /** The end of `session_data`, comparable with a signature. */
  readonly signatureColumn: string
  /** `expire_date` in the form that `toTimestamp` reads. */
  readonly expiryColumn: string
  /** Converts epoch milliseconds to a parameter. */
  toParameter(timestamp: number): SqlValue
  /** Converts a value of `expiryColumn` to epoch milliseconds; `NaN` when it is not a date. */
  toTimestamp(value: unknown): number
  /**
   * Deletes a batch of expired rows. Its parameters are the timestamp and the largest number of
   * rows.
   */
  deleteExpired(table: string): string
  /** Whether a statement failed because the new key has a row. */
  isDuplicateKey(cause: unknown): boolean
}

/** A row as the statements return it. */
export interface DjangoSqlRow {
  readonly key: string
  readonly data: string
  readonly expiry: unknown
}

/** What to do when the table does not exist. */
export const DJANGO_TABLE_REMEDY =
  "Create the table with Django's `manage.py migrate`, or correct the option `table`, and check that this is Django's database."

/** Nothing is created here: Django creates the table with `manage.py migrate`. */
export const djangoTable: RemoteTable = {
  remedy: DJANGO_TABLE_REMEDY,
  missingSchema: async () => '',
  create: async () => '',
  missingIndexes: async () => [],
}

/** Django's session table. */
export interface DjangoTable {
  readonly name: string
  /** The names of the columns that `NewDjangoRow.columns` fills. */
  readonly columns?: readonly string[]
}

/** Django's table on a database server. */
export function remoteRows(database: RemoteDatabase, table: DjangoTable, dialect: DjangoSqlDialect): DjangoRows {
  const columns = ['key', 'data', 'expiry'] // of every SELECT, in order
  return new DjangoSqlRows(table, dialect, new RemoteExecutor<DjangoSqlRow>(database, new Map(), false, columns))
}

/** Django's table in a SQL database. Every method is one statement that contains its conditions. */
export class DjangoSqlRows implements DjangoRows {
  readonly #executor: SqlExecutor<DjangoSqlRow>
  readonly #dialect: DjangoSqlDialect
  readonly #sql: ReturnType<typeof statements>

  constructor(table: DjangoTable, dialect: DjangoSqlDialect, executor: SqlExecutor<DjangoSqlRow>) {
    this.#executor = executor
    this.#dialect = dialect
    this.#sql = statements(table, dialect)
  }

  async load({ key, now, deadline }: Load): Promise<DjangoRow | undefined> {
    const row = await this.#executor.row(this.#sql.load, [key, this.#dialect.toParameter(now)], deadline)
    return row === undefined ? undefined : this.#rowOf(row)
  }

  async insert(row: NewDjangoRow, deadline?: number): Promise<boolean> {
    return (await this.#write(this.#sql.insert, this.#parametersOf(row), deadline)) !== 'taken'
  }

  async replace(row: NewDjangoRow, { key, expected, now, deadline }: ReplaceRow): Promise<ReplaceResult> {
    const timestamp = this.#dialect.toParameter(now)
    return this.#write(this.#sql.replace, [...this.#parametersOf(row), key, expected, timestamp], deadline)
  }

  async touch({ key, expiresAt, expected, now, deadline }: Touch): Promise<boolean> {
    const [expiry, timestamp] = [this.#dialect.toParameter(expiresAt), this.#dialect.toParameter(now)]
    return (await this.#executor.run(this.#sql.touch, [expiry, key, expected, timestamp, expiry], deadline)) !== 0
  }

  async delete({ key, deadline }: Keyed): Promise<boolean> {
    return (await this.#executor.run(this.#sql.delete, [key], deadline)) !== 0
  }

  async list({ now, limit, after = '', deadline }: ListRows): Promise<readonly DjangoRow[]> {
    const rows = await this.#executor.rows(this.#sql.list, [this.#dialect.toParameter(now), after, limit], deadline)
    return rows.map((row) => this.#rowOf(row))
  }

  async clearExpired(now: number, limit: number, deadline: number): Promise<number> {
    return this.#executor.run(this.#sql.clearExpired, [this.#dialect.toParameter(now), limit], deadline)
  }

  async countExpired(now: number): Promise<number> {
    return this.#executor.count(this.#sql.countExpired, [this.#dialect.toParameter(now)], monotonic() + MAX_COUNT_TIME)
  }

  async close(): Promise<void> {
    await this.#executor.close()
  }

  #parametersOf({ key, data, expiresAt, columns = [] }: NewDjangoRow): SqlValue[] {
    return [key, data, this.#dialect.toParameter(expiresAt), ...columns.map((value) => value ?? null)]
  }

  async #write(statement: SqlStatement, values: SqlValue[], deadline: number | undefined): Promise<ReplaceResult> {
    try {
      return (await this.#executor.run(statement, values, deadline)) === 0 ? 'refused' : 'written'
    } catch (error) {
      if (error instanceof StoreError && this.#dialect.isDuplicateKey(error.cause)) return 'taken'
      throw error
    }
  }

  #rowOf({ key, data, expiry }: DjangoSqlRow): DjangoRow {
    const expiresAt = this.#dialect.toTimestamp(expiry)
    if (!Number.isNaN(expiresAt)) return { key, data, expiresAt }
    throw new StoreError('load', new Error(`Django's column expire_date contains '${String(expiry)}', which is not a date`), {
      applied: false,
    })
  }
}

function statements({ name, columns = [] }: DjangoTable, dialect: DjangoSqlDialect) {
  const table = quoteTable(name)
  const { key, signature, timestamp, signatureColumn, expiryColumn } = dialect
  const of = (operation: StoreOperation, text: string): SqlStatement => ({ operation, text: render(text, dialect) })
  const select = `SELECT "session_key" AS "key", "session_data" AS "data", ${expiryColumn} AS "expiry" FROM ${table}`
  const unchanged = `"session_key" = ${key} AND ${signatureColumn} = ${signature} AND "expire_date" > ${timestamp}`
  const written = [
    ['session_key', key],
    ['session_data', '?'],
    ['expire_date', timestamp],
    ...columns.map((column) => [column, '?'] as const),
  ] as const
  return {
    load: of('load', `${select} WHERE "session_key" = ${key} AND "expire_date" > ${timestamp}`),
    insert: of(
      'create',
      `INSERT INTO ${table} (${written.map(([column]) => `"${column}"`).join(', ')}) VALUES (${written.map(([, value]) => value).join(', ')})`,
    ),
    replace: of(
      'replace',
      `UPDATE ${table} SET ${written.map(([column, value]) => `"${column}" = ${value}`).join(', ')} WHERE ${unchanged}`,
    ),
    touch: of('touch', `UPDATE ${table} SET "expire_date" = ${timestamp} WHERE ${unchanged} AND "expire_date" <= ${timestamp}`),
    delete: of('delete', `DELETE FROM ${table} WHERE "session_key" = ${key}`),
    list: of('list', `${select} WHERE "expire_date" > ${timestamp} AND "session_key" > ${key} ORDER BY "session_key" LIMIT ?`),
    countExpired: of('countExpired', `SELECT count(*) AS "count" FROM ${table} WHERE "expire_date" <= ${timestamp}`),
    clearExpired: of('clearExpired', dialect.deleteExpired(table)),
  }
}
