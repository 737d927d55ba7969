import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { atEndOfTurn } from '../sql/at-end-of-turn.ts'
import type { SqlStatement } from '../sql/sql-statements.ts'
import type { SqlExecutor, SqlRow, SqlValue } from '../sql/sql-store.ts'
import { isRolledBack, type SqliteDatabase, type SqliteStatement, waitsForDisk } from './sqlite-database.ts'
import { remedyFor } from './sqlite-file.ts'
import { missingSqliteIndexes, missingSqliteSchema, sqliteSchema } from './sqlite-schema.ts'

/** A write that waits for the end of the turn. */
interface QueuedWrite {
  readonly statement: SqlStatement
  readonly values: SqlValue[]
  readonly resolve: (changes: number) => void
  readonly reject: (error: unknown) => void
}

/** The database and its table. */
export interface SqliteSource {
  readonly table: string
  /** Whether a missing table is created at the first use. */
  readonly createTable: boolean
  /** What to do when the table does not exist. */
  readonly missingTable: string
  /** Whether the store itself opens the database, and so closes it. */
  readonly owned: boolean
  open(): SqliteDatabase
  /** Whether the database exists. */
  exists(): boolean
}

interface Connection {
  readonly database: SqliteDatabase
  readonly prepared: Map<SqlStatement, SqliteStatement>
  readonly batches: boolean
}

/** The maximum number of writes of one transaction, because reads wait for it. */
const MAX_BATCH = 250

/**
 * Runs statements on one connection. It is opened at the first use, and again at the next if that
 * failed.
 *
 * If a commit waits for the disk, the writes of one turn of the event loop are one transaction and
 * share one wait. Each has its own result: if one of them fails, the transaction is rolled back and
 * each write runs alone. Reads never join a transaction; they run at once.
 */
export class SqliteExecutor<Row = SqlRow> implements SqlExecutor<Row> {
  readonly #source: SqliteSource
  /** The open database. Its table may be missing. */
  #database: SqliteDatabase | undefined
  #connection: Connection | undefined
  readonly #queue: QueuedWrite[] = []
  #closed = false

  constructor(source: SqliteSource) {
    this.#source = source
  }

  row(statement: SqlStatement, values: SqlValue[]): Row | undefined {
    return this.#read(statement, (prepared) => (prepared.get(...values) ?? undefined) as Row | undefined)
  }

  rows(statement: SqlStatement, values: SqlValue[]): readonly Row[] {
    return this.#read(statement, (prepared) => prepared.all(...values) as Row[])
  }

  run(statement: SqlStatement, values: SqlValue[]): number | Promise<number> {
    if (!this.#connect(statement.operation).batches) return this.#runAlone(statement, values)
    return new Promise((resolve, reject) => {
      this.#queue.push({ statement, values, resolve, reject })
      if (this.#queue.length === 1) atEndOfTurn?.(() => this.#commitBatch())
    })
  }

  count(statement: SqlStatement, values: SqlValue[]): number {
    return Number(Object.values(this.row(statement, values) ?? {})[0])
  }

  migrate(dryRun: boolean): string {
    const { table } = this.#source
    if (dryRun && this.#database === undefined && !this.#source.exists()) return sqliteSchema(table)
    return this.#withDatabase('migrate', (database) => {
      const created = dryRun ? missingSqliteSchema('migrate', database, table) : this.#create('migrate', database)
      if (created !== '') return created
      const indexes = missingSqliteIndexes(database, table)
      if (indexes !== '' && !dryRun) database.exec(indexes)
      return indexes
    })
  }

  close(): void {
    if (this.#closed) return
    while (this.#queue.length > 0) this.#commitBatch()
    this.#closed = true
    if (this.#source.owned) this.#database?.close()
    this.#database = undefined
    this.#connection = undefined
  }

  #connect(operation: StoreOperation): Connection {
    this.#connection ??= this.#withDatabase(operation, (database) => {
      if (this.#source.createTable) this.#create(operation, database)
      return { database, prepared: new Map(), batches: atEndOfTurn !== undefined && waitsForDisk(database) }
    })
    return this.#connection
  }

  #create(operation: StoreOperation, database: SqliteDatabase): string {
    const schema = missingSqliteSchema(operation, database, this.#source.table)
    if (schema !== '') database.exec(schema)
    return schema
  }

  #withDatabase<T>(operation: StoreOperation, work: (database: SqliteDatabase) => T): T {
    if (this.#closed) throw new StoreError(operation, new Error('The store is closed'), { applied: false })
    try {
      this.#database ??= this.#source.open()
      return work(this.#database)
    } catch (error) {
      throw this.#notApplied(operation, error)
    }
  }

  #read<T>(statement: SqlStatement, read: (prepared: SqliteStatement) => T): T {
    const prepared = this.#prepare(statement)
    try {
      return read(prepared)
    } catch (error) {
      throw this.#notApplied(statement.operation, error)
    }
  }

  #prepare(statement: SqlStatement): SqliteStatement {
    const { database, prepared } = this.#connect(statement.operation)
    const known = prepared.get(statement)
    if (known !== undefined) return known
    try {
      const created = database.prepare(statement.text)
      prepared.set(statement, created)
      return created
    } catch (error) {
      throw this.#notApplied(statement.operation, error)
    }
  }

  #runAlone(statement: SqlStatement, values: SqlValue[]): number {
    const prepared = this.#prepare(statement)
    if (!this.#source.owned) this.#refuseInTransaction(statement.operation)
    try {
      return Number(prepared.run(...values).changes)
    } catch (error) {
      throw isRolledBack(error) ? this.#notApplied(statement.operation, error) : new StoreError(statement.operation, error)
    }
  }

  /**
   * Throws if the application has a transaction open. A write in it would be confirmed, and could
   * be rolled back later.
   */
  #refuseInTransaction(operation: StoreOperation): void {
    const database = this.#connection?.database
    if (database?.inTransaction !== true && database?.isTransaction !== true) return
    const cause = new Error('The application has a transaction open on this connection; pass the store another connection as `database`')
    throw new StoreError(operation, cause, { applied: false })
  }

  #commitBatch(): void {
    const batch = this.#queue.splice(0, MAX_BATCH)
    if (this.#queue.length > 0) atEndOfTurn?.(() => this.#commitBatch())
    const [first] = batch
    if (batch.length === 1 && first !== undefined) this.#settleAlone(first)
    else if (first !== undefined && this.#begin(batch)) this.#commit(batch)
  }

  /**
   * Begins a transaction. Without the lock of the file no write is attempted, because each would
   * wait for the lock again and block the process.
   */
  #begin(batch: readonly QueuedWrite[]): boolean {
    try {
      this.#connection?.database.exec('BEGIN IMMEDIATE')
      return true
    } catch (error) {
      for (const { statement, reject } of batch) reject(this.#notApplied(statement.operation, error))
      return false
    }
  }

  #commit(batch: readonly QueuedWrite[]): void {
    let changes: number[]
    try {
      changes = batch.map(({ statement, values }) => Number(this.#prepare(statement).run(...values).changes))
      this.#connection?.database.exec('COMMIT')
    } catch {
      this.#rollBack()
      for (const queued of batch) this.#settleAlone(queued)
      return
    }
    for (const [index, { resolve }] of batch.entries()) resolve(changes[index] ?? 0)
  }

  #rollBack(): void {
    try {
      this.#connection?.database.exec('ROLLBACK')
    } catch {
      // SQLite has rolled the transaction back itself, as it does when the disk is full.
    }
  }

  #notApplied(operation: StoreOperation, cause: unknown): StoreError {
    if (cause instanceof StoreError) return cause
    return new StoreError(operation, cause, { applied: false, remedy: remedyFor(cause, this.#source.missingTable) })
  }

  #settleAlone({ statement, values, resolve, reject }: QueuedWrite): void {
    try {
      resolve(this.#runAlone(statement, values))
    } catch (error) {
      reject(error)
    }
  }
}
