import { monotonic } from '../../core/base/clock.ts'
import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import type { RemoteTable } from '../../stores/sql/remote-database.ts'
import { quoted, type SqlDialect, type SqlStatement, spelt } from '../../stores/sql/sql-statements.ts'
import { LONGEST_COUNT, type SqlExecutor, type SqlValue } from '../../stores/sql/sql-store.ts'
import type { DjangoRow, DjangoRows } from './django-rows.ts'

/** How one database spells what others spell differently, on Django's table. Texts are written as for `SqlDialect`. */
export interface DjangoSqlDialect extends Pick<SqlDialect, 'placeholder' | 'quote'> {
  /** What stands for a key, for a signature and for an instant among the values. */
  readonly key: string
  readonly signature: string
  readonly instant: string
  /** The end of `session_data`, as it compares to a signature; and `expire_date`, as `instantOf` reads it. */
  readonly end: string
  readonly expiry: string
  /** The value of an instant in epoch milliseconds, and back. */
  valueOf(instant: number): SqlValue
  instantOf(value: unknown): number
  /** Deletes a batch of expired rows; its values are the instant and the most rows. See `SqlDialect.deleteExpired`. */
  deleteExpired(table: string): string
  /** Whether a statement that failed so found the new key there already. */
  isTaken(cause: unknown): boolean
}

/** A row as it is read. */
export interface DjangoSqlRow {
  readonly key: string
  readonly data: string
  readonly expiry: unknown
}

/** What every statement reads, in order. */
export const DJANGO_COLUMNS: readonly string[] = ['key', 'data', 'expiry']

/** The table is Django's to make: `manage.py migrate`. */
export const djangoTable: RemoteTable = { missing: async () => '', create: async () => '' }

/** Django's table in a SQL database. Every verb is one statement that carries its own conditions. */
export class DjangoSqlRows implements DjangoRows {
  readonly #executor: SqlExecutor<DjangoSqlRow>
  readonly #dialect: DjangoSqlDialect
  readonly #sql: ReturnType<typeof statements>

  constructor(table: string, dialect: DjangoSqlDialect, executor: SqlExecutor<DjangoSqlRow>) {
    this.#executor = executor
    this.#dialect = dialect
    this.#sql = statements(quoted(table), dialect)
  }

  async load(key: string, now: number, deadline?: number): Promise<DjangoRow | undefined> {
    const row = await this.#executor.row(this.#sql.load, [key, this.#dialect.valueOf(now)], deadline)
    return row === undefined ? undefined : this.#rowOf(row)
  }

  async insert({ key, data, expiresAt }: DjangoRow, deadline?: number): Promise<boolean> {
    return (await this.#written(this.#sql.insert, [key, data, this.#dialect.valueOf(expiresAt)], deadline)) !== 'taken'
  }

  async replace(key: string, row: DjangoRow, signature: string, now: number, deadline?: number): Promise<'written' | 'refused' | 'taken'> {
    const [expiry, instant] = [this.#dialect.valueOf(row.expiresAt), this.#dialect.valueOf(now)]
    return this.#written(this.#sql.replace, [row.key, row.data, expiry, key, signature, instant], deadline)
  }

  async touch(key: string, expiresAt: number, signature: string, now: number, deadline?: number): Promise<boolean> {
    const [expiry, instant] = [this.#dialect.valueOf(expiresAt), this.#dialect.valueOf(now)]
    return (await this.#executor.run(this.#sql.touch, [expiry, key, signature, instant, expiry], deadline)) !== 0
  }

  async delete(key: string, deadline?: number): Promise<boolean> {
    return (await this.#executor.run(this.#sql.delete, [key], deadline)) !== 0
  }

  async list(now: number, limit: number, after: string | undefined, deadline?: number): Promise<readonly DjangoRow[]> {
    const rows = await this.#executor.rows(this.#sql.list, [this.#dialect.valueOf(now), after ?? '', limit], deadline)
    return rows.map((row) => this.#rowOf(row))
  }

  async clearExpired(now: number, most: number, deadline: number): Promise<number> {
    return this.#executor.run(this.#sql.clearExpired, [this.#dialect.valueOf(now), most], deadline)
  }

  async countExpired(now: number): Promise<number> {
    return this.#executor.count(this.#sql.countExpired, [this.#dialect.valueOf(now)], monotonic() + LONGEST_COUNT)
  }

  async close(): Promise<void> {
    await this.#executor.close()
  }

  async #written(statement: SqlStatement, values: SqlValue[], deadline: number | undefined): Promise<'written' | 'refused' | 'taken'> {
    try {
      return (await this.#executor.run(statement, values, deadline)) === 0 ? 'refused' : 'written'
    } catch (error) {
      if (error instanceof StoreError && this.#dialect.isTaken(error.cause)) return 'taken'
      throw error
    }
  }

  #rowOf({ key, data, expiry }: DjangoSqlRow): DjangoRow {
    const expiresAt = this.#dialect.instantOf(expiry)
    if (!Number.isNaN(expiresAt)) return { key, data, expiresAt }
    throw new StoreError('load', new Error(`The column expire_date of Django's table holds no date: ${String(expiry)}`), { applied: false })
  }
}

type Name = 'countExpired' | 'load' | 'insert' | 'replace' | 'touch' | 'delete' | 'list' | 'clearExpired'

function statements(table: string, dialect: DjangoSqlDialect): Readonly<Record<Name, SqlStatement>> {
  const { key, signature, instant, end, expiry } = dialect
  const of = (operation: StoreOperation, text: string): SqlStatement => ({ operation, text: spelt(text, dialect) })
  const select = `SELECT "session_key" AS "key", "session_data" AS "data", ${expiry} AS "expiry" FROM ${table}`
  const living = `"session_key" = ${key} AND ${end} = ${signature} AND "expire_date" > ${instant}`
  return {
    load: of('load', `${select} WHERE "session_key" = ${key} AND "expire_date" > ${instant}`),
    insert: of('create', `INSERT INTO ${table} ("session_key", "session_data", "expire_date") VALUES (${key}, ?, ${instant})`),
    replace: of('replace', `UPDATE ${table} SET "session_key" = ${key}, "session_data" = ?, "expire_date" = ${instant} WHERE ${living}`),
    touch: of('touch', `UPDATE ${table} SET "expire_date" = ${instant} WHERE ${living} AND "expire_date" <= ${instant}`),
    delete: of('delete', `DELETE FROM ${table} WHERE "session_key" = ${key}`),
    list: of('list', `${select} WHERE "expire_date" > ${instant} AND "session_key" > ${key} ORDER BY "session_key" LIMIT ?`),
    countExpired: of('countExpired', `SELECT count(*) AS "count" FROM ${table} WHERE "expire_date" <= ${instant}`),
    clearExpired: of('clearExpired', dialect.deleteExpired(table)),
  }
}
