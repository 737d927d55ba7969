import { monotonic } from '../../core/clock.ts'
import { StoreError } from '../../core/errors.ts'
import type {
  Capabilities,
  ClearExpiredOptions,
  Entry,
  ListQuery,
  MigrateOptions,
  Page,
  Patience,
  Progress,
  Refused,
  Store,
  Version,
  Written,
} from '../../core/store.ts'
import { answer } from '../answer.ts'
import { giveWay } from '../give-way.ts'
import type { SqlStatement, SqlStatements } from './sql-statements.ts'
import { fromSqlText, toSqlText } from './sql-text.ts'

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
  run(statement: SqlStatement, values: SqlValue[], until?: number): number | Promise<number>
  row(statement: SqlStatement, values: SqlValue[], until?: number): Row | undefined | Promise<Row | undefined>
  rows(statement: SqlStatement, values: SqlValue[], until?: number): readonly Row[] | Promise<readonly Row[]>
  /** The one number that the statement answers. */
  count(statement: SqlStatement, values: SqlValue[]): number | Promise<number>
  /** See `Store.migrate`. */
  migrate(dryRun: boolean): string | Promise<string>
}

/** A step of `clearExpired` that takes longer than a minute has lost its connection. */
const LONGEST_STEP = 60_000

/**
 * Sessions in a table: the one algorithm of all SQL databases. A database adds its dialect (see `SqlDialect`), an executor and a schema.
 *
 * Every verb is one statement which carries its own conditions, so no transaction, lock or isolation level has to hold it together.
 * Only the reason of a refusal is read afterwards: it may be newer than the refusal, and is true when it is told.
 */
export class SqlStore implements Store {
  readonly capabilities: Capabilities = { compareAndSwap: true, list: true, users: true, carriesData: false }
  readonly #executor: SqlExecutor
  readonly #sql: SqlStatements

  constructor(executor: SqlExecutor, statements: SqlStatements) {
    this.#executor = executor
    this.#sql = statements
  }

  async load(key: string, now: number, options?: Patience): Promise<Entry | undefined> {
    const row = await this.#executor.row(this.#sql.load, [toSqlText(key), now], options?.until)
    return row === undefined ? undefined : entryOf(row)
  }

  async create(key: string, entry: Entry, patience?: Patience): Promise<Written | Refused> {
    const values = columnsOf(entry)
    values.push(toSqlText(key))
    try {
      return (await this.#executor.run(this.#sql.create, values, patience?.until)) === 0 ? answer.taken : answer.written
    } catch (error) {
      if (error instanceof StoreError && this.#sql.isTaken(error.cause)) return answer.taken
      throw error
    }
  }

  async replace(key: string, entry: Entry, expected: Version, now: number, patience?: Patience): Promise<Written | Refused> {
    const values = columnsOf(entry)
    values.push(toSqlText(key), toSqlText(expected), now)
    if ((await this.#executor.run(this.#sql.replace, values, patience?.until)) !== 0) return answer.written
    const row = await this.#executor.row(this.#sql.refusal, [toSqlText(key), now], patience?.until)
    return row === undefined ? answer.missing : answer.stale(entryOf(row))
  }

  async touch(key: string, expiresAt: number, expected: Version, now: number, patience?: Patience): Promise<boolean> {
    const values = [expiresAt, now, toSqlText(key), toSqlText(expected), now, expiresAt]
    return (await this.#executor.run(this.#sql.touch, values, patience?.until)) !== 0
  }

  async delete(key: string, patience?: Patience): Promise<boolean> {
    return (await this.#executor.run(this.#sql.delete, [toSqlText(key)], patience?.until)) !== 0
  }

  async deleteUser(userId: string, options: Patience & { readonly except?: string } = {}): Promise<number> {
    const user = toSqlText(userId)
    if (options.except === undefined) return this.#executor.run(this.#sql.deleteUser, [user], options.until)
    return this.#executor.run(this.#sql.deleteUserExcept, [user, toSqlText(options.except)], options.until)
  }

  async list({ now, userId, limit = 100, cursor, until }: ListQuery): Promise<Page> {
    const count = Math.max(1, limit)
    const statement = this.#sql.list({ user: userId !== undefined, cursor: cursor !== undefined })
    const texts = [userId, cursor].filter((text) => text !== undefined).map(toSqlText)
    const rows = await this.#executor.rows(statement, [now, ...texts, count + 1], until)
    const entries = rows.slice(0, count).map((row): [string, Entry] => [fromSqlText(row.key), entryOf(row)])
    const last = entries.at(-1)
    return rows.length > count && last !== undefined ? { entries, cursor: last[0] } : { entries }
  }

  async *clearExpired({ now, batch = this.#sql.batch, signal }: ClearExpiredOptions): AsyncGenerator<Progress, void, undefined> {
    const most = Math.max(1, batch)
    let [deleted, from] = [0, 0]
    while (signal?.aborted !== true) {
      const begun = monotonic()
      const step = await this.#executor.run(this.#sql.clearExpired, [now, from, most], begun + LONGEST_STEP)
      const took = monotonic() - begun
      deleted += step
      yield { deleted }
      if (step < most) return
      await giveWay(took)
      // Deleted rows stay in an index until the database cleans it, and every batch would have to step over those of all the others.
      from = await this.#executor.count(this.#sql.oldest, [from])
    }
  }

  async countExpired(now: number): Promise<number> {
    return this.#executor.count(this.#sql.countExpired, [now])
  }

  async migrate({ dryRun = false }: MigrateOptions = {}): Promise<string> {
    return this.#executor.migrate(dryRun)
  }
}

/** The fields of an entry in the order of `COLUMNS`. */
function columnsOf(entry: Entry): SqlValue[] {
  return [
    toSqlText(entry.version),
    entry.expiresAt,
    entry.seenAt,
    entry.createdAt,
    entry.idAt,
    entry.userId === undefined ? null : toSqlText(entry.userId),
    toSqlText(entry.proof),
    toSqlText(entry.commits),
    toSqlText(entry.payload),
  ]
}

function entryOf(row: SqlRow): Entry {
  const entry: { -readonly [Field in keyof Entry]: Entry[Field] } = {
    payload: fromSqlText(row.payload),
    proof: fromSqlText(row.proof),
    idAt: Number(row.id_at),
    version: fromSqlText(row.version),
    commits: fromSqlText(row.commits),
    createdAt: Number(row.created_at),
    seenAt: Number(row.seen_at),
    expiresAt: Number(row.expires_at),
  }
  if (row.user_id !== null) entry.userId = fromSqlText(row.user_id)
  return entry
}
