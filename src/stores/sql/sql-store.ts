import { monotonic } from '../../core/base/clock.ts'
import { StoreError } from '../../core/base/errors.ts'
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
  Page,
  Progress,
  Refused,
  Replace,
  Store,
  Touch,
  Written,
} from '../../core/store/store.ts'
import { deleteInBatches } from '../shared/delete-in-batches.ts'
import { results, toPage } from '../shared/results.ts'
import { fromUtf8Text, toUtf8Text } from '../shared/utf8-text.ts'
import type { SqlStatement, SqlStatements } from './sql-statements.ts'

/** What a statement takes in place of its marks. `null` is SQL's own word for nothing; it stays inside these files. */
export type SqlValue = string | number | null

/** A row as drivers give it. A big integer may come as a number, a bigint or its digits. */
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
 * Brings statements to a database, each one atomic and committed when its answer is there. What it throws is a `StoreError`. A driver that
 * answers at once may answer without a promise. Nobody waits for an answer after `until`, see `Patience`.
 */
export interface SqlExecutor<Row = SqlRow> {
  /** How many rows the statement changed. A row that matched counts even where it was given the values it had. */
  run(statement: SqlStatement, values: SqlValue[], deadline?: number): number | Promise<number>
  row(statement: SqlStatement, values: SqlValue[], deadline?: number): Row | undefined | Promise<Row | undefined>
  rows(statement: SqlStatement, values: SqlValue[], deadline?: number): readonly Row[] | Promise<readonly Row[]>
  /** The one number that the statement answers. */
  count(statement: SqlStatement, values: SqlValue[], deadline?: number): number | Promise<number>
  /** See `Store.migrate`. */
  migrate(dryRun: boolean): string | Promise<string>
  /** Resolves when what was asked for before is answered. Whatever is asked later fails. */
  close(): void | Promise<void>
}

/** To count the expired rows of a table that was never cleared takes minutes, and nobody's request waits for it. */
export const LONGEST_COUNT = 600_000

/**
 * Sessions in a table: the one algorithm of all SQL databases. A database adds its dialect (see `SqlDialect`), an executor and a schema.
 *
 * Every verb is one statement which carries its own conditions, so no transaction, lock or isolation level has to hold it together.
 * Only the reason of a refusal is read afterwards: it may be newer than the refusal, and is true when it is told.
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
    return row === undefined ? undefined : entryOf(row)
  }

  async create({ key, entry, deadline }: Create): Promise<Written | Refused> {
    const values = columnsOf(entry)
    values.push(toUtf8Text(key))
    try {
      return (await this.#executor.run(this.#sql.create, values, deadline)) === 0 ? results.taken : results.written
    } catch (error) {
      if (error instanceof StoreError && this.#sql.isTaken(error.cause)) return results.taken
      throw error
    }
  }

  async replace({ key, entry, expected, now, deadline }: Replace): Promise<Written | Refused> {
    const values = columnsOf(entry)
    values.push(toUtf8Text(key), toUtf8Text(expected), now)
    if ((await this.#executor.run(this.#sql.replace, values, deadline)) !== 0) return results.written
    const row = await this.#executor.row(this.#sql.refusal, [toUtf8Text(key), now], deadline)
    return row === undefined ? results.missing : results.stale(entryOf(row))
  }

  async touch({ key, expiresAt, expected, now, deadline }: Touch): Promise<boolean> {
    const values = [expiresAt, now, toUtf8Text(key), toUtf8Text(expected), now, expiresAt]
    return (await this.#executor.run(this.#sql.touch, values, deadline)) !== 0
  }

  async delete({ key, deadline }: Keyed): Promise<boolean> {
    return (await this.#executor.run(this.#sql.delete, [toUtf8Text(key)], deadline)) !== 0
  }

  async deleteByIndex({ name, except, deadline }: DeleteByIndex): Promise<number> {
    const user = toUtf8Text(name)
    if (except === undefined) return this.#executor.run(this.#sql.deleteUser, [user], deadline)
    return this.#executor.run(this.#sql.deleteUserExcept, [user, toUtf8Text(except)], deadline)
  }

  async list({ now, name, limit = 100, cursor, deadline }: List): Promise<Page> {
    const most = Math.max(1, limit)
    const statement = this.#sql.list({ user: name !== undefined, cursor: cursor !== undefined })
    const texts = [name, cursor].filter((text) => text !== undefined).map(toUtf8Text)
    const rows = await this.#executor.rows(statement, [now, ...texts, most + 1], deadline)
    const found = rows.map((row) => [fromUtf8Text(row.key), entryOf(row)] as const)
    return toPage(found, most)
  }

  clearExpired({ now, batch = this.#sql.batch, ...rest }: ClearExpiredOptions): AsyncGenerator<Progress, void, undefined> {
    let from: number | undefined
    return deleteInBatches({ batch, ...rest }, async (most, deadline) => {
      // Deleted rows stay in an index until the database cleans it, and every batch would have to step over those of all the others.
      from = from === undefined ? 0 : await this.#executor.count(this.#sql.oldest, [from], deadline)
      return this.#executor.run(this.#sql.clearExpired, [now, from, most], deadline)
    })
  }

  async countExpired({ now }: CountExpired): Promise<number> {
    return this.#executor.count(this.#sql.countExpired, [now], monotonic() + LONGEST_COUNT)
  }

  async migrate({ dryRun = false }: MigrateOptions = {}): Promise<string> {
    return this.#executor.migrate(dryRun)
  }

  /** Waits for what is under way, and ends what the store itself opened. Whatever is asked of the store later is a `StoreError`. */
  async close(): Promise<void> {
    await this.#executor.close()
  }
}

/** The fields of an entry in the order of `COLUMNS`. */
function columnsOf(entry: Entry): SqlValue[] {
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

function entryOf(row: SqlRow): Entry {
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
