import { monotonic } from '../../core/base/clock.ts'
import { MINUTE } from '../../core/base/duration.ts'
import { StoreError } from '../../core/base/errors.ts'
import { results, toPage } from '../../core/store/results.ts'
import type {
  Capabilities,
  ClearExpiredOptions,
  CountExpired,
  Create,
  DeleteByIndex,
  Entry,
  Keyed,
  List,
  Load,
  MigrateOptions,
  Operation,
  Page,
  Progress,
  Refused,
  Replace,
  Store,
  StoreDescription,
  Touch,
  Written,
} from '../../core/store/store.ts'
import { deleteInBatches } from '../shared/delete-in-batches.ts'
import { fromUtf8Text, toUtf8Text } from '../shared/utf8-text.ts'
import type { SqlStatement, SqlStatements } from './sql-statements.ts'

/** The value of a placeholder. `null` is SQL's NULL; only the files of SQL stores use it. */
export type SqlValue = string | number | null

/** A row of a driver. A big integer may be a number, a bigint or a text of digits. */
export interface SqlRow {
  readonly key: string
  readonly version: string
  readonly expires_at: number | bigint | string
  readonly seen_at: number | bigint | string
  readonly created_at: number | bigint | string
  readonly id_at: number | bigint | string
  readonly user_id: string | null
  readonly proof: string
  readonly commits: string
  readonly payload: string
}

/**
 * Runs statements in a database, each one atomic and committed when its result arrives. Errors are
 * `StoreError`s. A synchronous driver may return a result without a promise. The result is not used
 * after `deadline` (see `Operation`).
 */
export interface SqlExecutor<Row = SqlRow> {
  /**
   * Returns how many rows the statement changed. A row that matched counts even if its values
   * stayed the same.
   */
  run(statement: SqlStatement, values: SqlValue[], deadline?: number): number | Promise<number>
  row(statement: SqlStatement, values: SqlValue[], deadline?: number): Row | undefined | Promise<Row | undefined>
  rows(statement: SqlStatement, values: SqlValue[], deadline?: number): readonly Row[] | Promise<readonly Row[]>
  /** Returns the one number that the statement selects. */
  count(statement: SqlStatement, values: SqlValue[], deadline?: number): number | Promise<number>
  /** See `Store.migrate`. */
  migrate(dryRun: boolean): string | Promise<string>
  /** Resolves after all pending statements. Later statements fail. */
  close(): void | Promise<void>
}

/**
 * Ten minutes, because counting the expired rows of a table that was never cleared takes minutes.
 * No request waits for it.
 */
export const MAX_COUNT_TIME: number = 10 * MINUTE

/**
 * Sessions in a table: the algorithm that all SQL databases share. A database adds its dialect (see
 * `SqlDialect`), an executor and a schema.
 *
 * Every operation is one statement that contains its conditions, so it does not depend on
 * transactions, locks or isolation levels. Only the reason of a refusal is read by a second
 * statement, so it may be newer than the refusal.
 */
export class SqlStore implements Store {
  readonly capabilities: Capabilities = { compareAndSwap: true, list: true, indexes: ['userId'], carriesData: false }
  readonly #executor: SqlExecutor
  readonly #sql: SqlStatements

  constructor(executor: SqlExecutor, statements: SqlStatements) {
    this.#executor = executor
    this.#sql = statements
  }

  async load({ key, now, deadline }: Load): Promise<Entry | undefined> {
    const row = await this.#executor.row(this.#sql.load, [toUtf8Text(key), now], deadline)
    return row === undefined ? undefined : toEntry(row)
  }

  async create({ key, entry, deadline }: Create): Promise<Written | Refused> {
    const values = toValues(entry)
    values.push(toUtf8Text(key))
    try {
      return (await this.#executor.run(this.#sql.create, values, deadline)) === 0 ? results.taken : results.written
    } catch (error) {
      if (error instanceof StoreError && this.#sql.isTaken(error.cause)) return results.taken
      throw error
    }
  }

  async replace({ key, entry, expected, now, deadline }: Replace): Promise<Written | Refused> {
    const values = toValues(entry)
    values.push(toUtf8Text(key), toUtf8Text(expected), now)
    if ((await this.#executor.run(this.#sql.replace, values, deadline)) !== 0) return results.written
    const row = await this.#executor.row(this.#sql.refusal, [toUtf8Text(key), now], deadline)
    return row === undefined ? results.missing : results.stale(toEntry(row))
  }

  async touch({ key, expiresAt, expected, now, deadline }: Touch): Promise<boolean> {
    const values = [expiresAt, now, toUtf8Text(key), toUtf8Text(expected), now, expiresAt]
    return (await this.#executor.run(this.#sql.touch, values, deadline)) !== 0
  }

  async delete({ key, deadline }: Keyed): Promise<boolean> {
    return (await this.#executor.run(this.#sql.delete, [toUtf8Text(key)], deadline)) !== 0
  }

  async deleteByIndex({ name, except, tombstone, deadline }: DeleteByIndex): Promise<number> {
    const sql = this.#sql
    const values = [...(tombstone === undefined ? [] : toValues(tombstone)), toUtf8Text(name)]
    if (except !== undefined) values.push(toUtf8Text(except))
    const [all, others] =
      tombstone === undefined ? [sql.deleteByUser, sql.deleteByUserExcept] : [sql.replaceByUser, sql.replaceByUserExcept]
    return this.#executor.run(except === undefined ? all : others, values, deadline)
  }

  async list({ now, name, limit = 100, cursor, deadline }: List): Promise<Page> {
    const size = Math.max(1, limit)
    const statement = this.#sql.list({ user: name !== undefined, cursor: cursor !== undefined })
    const texts = [name, cursor].filter((text) => text !== undefined).map(toUtf8Text)
    const rows = await this.#executor.rows(statement, [now, ...texts, size + 1], deadline)
    const found = rows.map((row) => [fromUtf8Text(row.key), toEntry(row)] as const)
    return toPage(found, size)
  }

  clearExpired({ now, batch = this.#sql.batch, ...rest }: ClearExpiredOptions): AsyncGenerator<Progress, void, undefined> {
    let from: number | undefined
    return deleteInBatches({ batch, ...rest }, async (size, deadline) => {
      // Deleted rows stay in an index until the database cleans it up. Starting at the oldest
      // remaining row skips them.
      from = from === undefined ? 0 : await this.#executor.count(this.#sql.oldest, [from], deadline)
      return this.#executor.run(this.#sql.clearExpired, [now, from, size], deadline)
    })
  }

  async countExpired({ now }: CountExpired): Promise<number> {
    return this.#executor.count(this.#sql.countExpired, [now], monotonic() + MAX_COUNT_TIME)
  }

  async describe({ deadline }: Operation = {}): Promise<StoreDescription> {
    const row = await this.#executor.row(this.#sql.describe, [], deadline)
    const clock = Number(row?.expires_at) // 0 for NULL
    return { server: `${this.#sql.server} ${row?.version ?? ''}`, warnings: [], ...(clock > 0 && { clock }) }
  }

  async migrate({ dryRun = false }: MigrateOptions = {}): Promise<string> {
    return this.#executor.migrate(dryRun)
  }

  /**
   * Waits for pending operations, and closes what the store itself opened. Later operations reject
   * with `StoreError`.
   */
  async close(): Promise<void> {
    await this.#executor.close()
  }
}

/** Returns the fields of an entry in the order of `COLUMNS`. */
function toValues(entry: Entry): SqlValue[] {
  return [
    toUtf8Text(entry.version),
    entry.expiresAt,
    entry.seenAt,
    entry.createdAt,
    entry.idAt,
    entry.userId === undefined ? null : toUtf8Text(entry.userId),
    toUtf8Text(entry.proof),
    toUtf8Text(entry.commits),
    toUtf8Text(entry.payload),
  ]
}

function toEntry(row: SqlRow): Entry {
  const entry: { -readonly [Field in keyof Entry]: Entry[Field] } = {
    payload: fromUtf8Text(row.payload),
    proof: fromUtf8Text(row.proof),
    idAt: Number(row.id_at),
    version: fromUtf8Text(row.version),
    commits: fromUtf8Text(row.commits),
    createdAt: Number(row.created_at),
    seenAt: Number(row.seen_at),
    expiresAt: Number(row.expires_at),
  }
  if (row.user_id !== null) entry.userId = fromUtf8Text(row.user_id)
  return entry
}
