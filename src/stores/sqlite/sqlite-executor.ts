import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { atEndOfTurn } from '../sql/at-end-of-turn.ts'
import type { SqlStatement } from '../sql/sql-statements.ts'
import type { SqlExecutor, SqlRow, SqlValue } from '../sql/sql-store.ts'
import { type SqliteDatabase, type SqliteStatement, surelyUndone, waitsForDisk } from './sqlite-database.ts'
import { missingSqliteSchema, sqliteSchema } from './sqlite-schema.ts'

/** A write that waits for the end of the turn. */
interface Waiting {
  readonly statement: SqlStatement
  readonly values: SqlValue[]
  readonly resolve: (changes: number) => void
  readonly reject: (error: unknown) => void
}

/** Where the rows are, and how one gets there. */
export interface SqliteSource {
  readonly table: string
  /** Whether the table is created at the first use, where it is missing. */
  readonly createTable: boolean
  /** Whether the store itself opens the database, and so closes it. */
  readonly owned: boolean
  open(): SqliteDatabase
  /** Whether there is anything to open yet. */
  isThere(): boolean
}

interface Connection {
  readonly database: SqliteDatabase
  readonly prepared: Map<SqlStatement, SqliteStatement>
  readonly groups: boolean
}

/** The most writes of one transaction, so that a crowd of them does not keep reads waiting for long. */
const MOST_TOGETHER = 250

/**
 * Runs statements on one connection, which it opens at the first use (again at the next, when that failed).
 *
 * Where a commit waits for the disk, the writes of one turn of the event loop are one transaction and share one wait. Each has its own
 * outcome: when any of them fails the transaction is taken back and each runs alone. Reads never join: they run at once, before or after.
 */
export class SqliteExecutor<Row = SqlRow> implements SqlExecutor<Row> {
  readonly #source: SqliteSource
  /** Open; the table may be missing. */
  #opened: SqliteDatabase | undefined
  #connection: Connection | undefined
  readonly #waiting: Waiting[] = []
  #closed = false

  constructor(source: SqliteSource) {
    this.#source = source
  }

  row(statement: SqlStatement, values: SqlValue[]): Row | undefined {
    const prepared = this.#prepare(statement)
    try {
      return (prepared.get(...values) ?? undefined) as Row | undefined
    } catch (error) {
      throw new StoreError(statement.operation, error, { applied: false })
    }
  }

  rows(statement: SqlStatement, values: SqlValue[]): readonly Row[] {
    const prepared = this.#prepare(statement)
    try {
      return prepared.all(...values) as Row[]
    } catch (error) {
      throw new StoreError(statement.operation, error, { applied: false })
    }
  }

  run(statement: SqlStatement, values: SqlValue[]): number | Promise<number> {
    if (!this.#connect(statement.operation).groups) return this.#runAlone(statement, values)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ statement, values, resolve, reject })
      if (this.#waiting.length === 1) atEndOfTurn?.(() => this.#commitTogether())
    })
  }

  count(statement: SqlStatement, values: SqlValue[]): number {
    return Number(Object.values(this.row(statement, values) ?? {})[0])
  }

  migrate(dryRun: boolean): string {
    if (dryRun && this.#opened === undefined && !this.#source.isThere()) return sqliteSchema(this.#source.table)
    return this.#onDatabase('migrate', (database) => (dryRun ? missingSqliteSchema(database, this.#source.table) : this.#create(database)))
  }

  close(): void {
    if (this.#closed) return
    while (this.#waiting.length > 0) this.#commitTogether()
    this.#closed = true
    if (this.#source.owned) this.#opened?.close()
    this.#opened = undefined
    this.#connection = undefined
  }

  #connect(operation: StoreOperation): Connection {
    if (this.#connection !== undefined) return this.#connection
    this.#connection = this.#onDatabase(operation, (database) => {
      if (this.#source.createTable) this.#create(database)
      return { database, prepared: new Map(), groups: atEndOfTurn !== undefined && waitsForDisk(database) }
    })
    return this.#connection
  }

  #create(database: SqliteDatabase): string {
    const schema = missingSqliteSchema(database, this.#source.table)
    if (schema !== '') database.exec(schema)
    return schema
  }

  #onDatabase<T>(operation: StoreOperation, work: (database: SqliteDatabase) => T): T {
    if (this.#closed) throw notApplied(operation, new Error('The store is closed'))
    try {
      this.#opened ??= this.#source.open()
      return work(this.#opened)
    } catch (error) {
      throw notApplied(operation, error)
    }
  }

  #prepare(statement: SqlStatement): SqliteStatement {
    const { database, prepared } = this.#connect(statement.operation)
    const known = prepared.get(statement)
    if (known !== undefined) return known
    try {
      const made = database.prepare(statement.text)
      prepared.set(statement, made)
      return made
    } catch (error) {
      throw notApplied(statement.operation, error)
    }
  }

  #runAlone(statement: SqlStatement, values: SqlValue[]): number {
    const prepared = this.#prepare(statement)
    if (!this.#source.owned) this.#refuseInTransaction(statement.operation)
    try {
      return Number(prepared.run(...values).changes)
    } catch (error) {
      throw surelyUndone(error) ? notApplied(statement.operation, error) : new StoreError(statement.operation, error)
    }
  }

  /** A write inside the application's own transaction would be answered for now and perhaps taken back later. */
  #refuseInTransaction(operation: StoreOperation): void {
    const database = this.#connection?.database
    if (database?.inTransaction !== true && database?.isTransaction !== true) return
    throw notApplied(
      operation,
      new Error('The application has a transaction open on this connection; give the store a connection of its own'),
    )
  }

  #commitTogether(): void {
    const together = this.#waiting.splice(0, MOST_TOGETHER)
    if (this.#waiting.length > 0) atEndOfTurn?.(() => this.#commitTogether())
    const [first] = together
    if (together.length === 1 && first !== undefined) this.#settleAlone(first)
    else if (first !== undefined && this.#begin(together)) this.#commit(together)
  }

  /** Where not even the lock can be had none of the writes is tried: each alone would wait for it again, and the process with it. */
  #begin(together: readonly Waiting[]): boolean {
    try {
      this.#connection?.database.exec('BEGIN IMMEDIATE')
      return true
    } catch (error) {
      for (const { statement, reject } of together) reject(notApplied(statement.operation, error))
      return false
    }
  }

  #commit(together: readonly Waiting[]): void {
    let changes: number[]
    try {
      changes = together.map(({ statement, values }) => Number(this.#prepare(statement).run(...values).changes))
      this.#connection?.database.exec('COMMIT')
    } catch {
      this.#takeBack()
      for (const waiting of together) this.#settleAlone(waiting)
      return
    }
    for (const [index, { resolve }] of together.entries()) resolve(changes[index] ?? 0)
  }

  #takeBack(): void {
    try {
      this.#connection?.database.exec('ROLLBACK')
    } catch {
      // SQLite has taken the transaction back by itself, as it does when the disk is full.
    }
  }

  #settleAlone({ statement, values, resolve, reject }: Waiting): void {
    try {
      resolve(this.#runAlone(statement, values))
    } catch (error) {
      reject(error)
    }
  }
}

function notApplied(operation: StoreOperation, cause: unknown): StoreError {
  return new StoreError(operation, cause, { applied: false })
}
