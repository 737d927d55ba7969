import { backoff } from '../../core/base/clock.ts'
import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { atEndOfTurn } from './at-end-of-turn.ts'
import { firstOfKeys, type QueuedStatement, toBatches } from './remote-batches.ts'
import type { BatchableStatement, RemoteDatabase, RemoteResult, SendToServer } from './remote-database.ts'
import { ALL_COLUMNS, COLUMNS, type SqlStatement } from './sql-statements.ts'
import type { SqlExecutor, SqlRow, SqlValue } from './sql-store.ts'
import { migrateTable } from './table-schema.ts'

/** How often a statement is attempted when lock conflicts prevent it. */
const MAX_ATTEMPTS = 12

/**
 * The maximum number of turns of the event loop in which a batch is collected. A turn that adds no
 * statement ends the collection.
 */
const MAX_TURNS = 4

/**
 * Runs statements, each in its own transaction. Statements that arrive in one turn of the event
 * loop, or in a few while more arrive, and differ only in their values become one batch (see
 * `BatchableStatement`). Each caller gets the result of its statement. A statement whose row the
 * batch skipped, or whose batch the server rejected, runs again alone. Nothing is added to a batch
 * that was sent.
 */
export class RemoteExecutor<Row = SqlRow> implements SqlExecutor<Row> {
  readonly #database: RemoteDatabase
  /** As that of the database, with remedies in its errors. */
  readonly #sendToServer: SendToServer
  readonly #batchable: ReadonlyMap<SqlStatement, BatchableStatement>
  readonly #createTable: boolean
  readonly #columns: readonly string[]
  readonly #queues = new Map<SqlStatement, QueuedStatement[]>()
  #initialized: Promise<void> | undefined
  #pending = 0
  #closed: PromiseWithResolvers<void> | undefined

  /**
   * With `createTable` a missing table is created before the first statement. `columns` are the
   * columns that every statement reads.
   */
  constructor(
    database: RemoteDatabase,
    batchable: ReadonlyMap<SqlStatement, BatchableStatement>,
    createTable: boolean,
    columns: readonly string[] = ALL_COLUMNS,
  ) {
    this.#database = database
    this.#sendToServer = withRemedies(database)
    this.#batchable = batchable
    this.#createTable = createTable
    this.#columns = columns
  }

  async row(statement: SqlStatement, values: SqlValue[], deadline?: number): Promise<Row | undefined> {
    const { rows } = await this.#run(statement, values, deadline)
    return rows[0] === undefined ? undefined : this.#toRow(rows[0])
  }

  async rows(statement: SqlStatement, values: SqlValue[], deadline?: number): Promise<readonly Row[]> {
    const { rows } = await this.#run(statement, values, deadline)
    return rows.map((row) => this.#toRow(row))
  }

  async run(statement: SqlStatement, values: SqlValue[], deadline?: number): Promise<number> {
    return (await this.#run(statement, values, deadline)).count
  }

  async count(statement: SqlStatement, values: SqlValue[], deadline?: number): Promise<number> {
    const { rows } = await this.#run(statement, values, deadline)
    return Number(rows[0]?.[0])
  }

  migrate(dryRun: boolean): Promise<string> {
    return this.#track('migrate', () => migrateTable(this.#database, this.#sendToServer, dryRun))
  }

  close(): Promise<void> {
    this.#closed ??= Promise.withResolvers()
    this.#closeIfIdle()
    return this.#closed.promise
  }

  #run(statement: SqlStatement, values: SqlValue[], deadline = Number.POSITIVE_INFINITY): Promise<RemoteResult> {
    const batchable = atEndOfTurn === undefined ? undefined : this.#batchable.get(statement)
    return this.#track(statement.operation, () =>
      batchable === undefined ? this.#runAlone(statement, values, deadline) : this.#enqueue(statement, batchable, values, deadline),
    )
  }

  /** Counts the running statements, for which `close` waits. */
  async #track<T>(operation: StoreOperation, work: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw new StoreError(operation, new Error('The store is closed'), { applied: false })
    this.#pending += 1
    try {
      return await work()
    } finally {
      this.#pending -= 1
      this.#closeIfIdle()
    }
  }

  #closeIfIdle(): void {
    if (this.#pending === 0) this.#closed?.resolve()
  }

  #enqueue(statement: SqlStatement, { keyIndex }: BatchableStatement, values: SqlValue[], deadline: number): Promise<RemoteResult> {
    return new Promise((resolve, reject) => {
      const queued = { key: values[keyIndex] ?? '', statement, values, deadline, resolve, reject }
      const queue = this.#queues.get(statement)
      queue?.push(queued)
      if (queue !== undefined) return
      this.#queues.set(statement, [queued])
      this.#schedule(statement, 1, MAX_TURNS)
    })
  }

  /**
   * Waits another turn if this one added several statements, because then more usually follow, and
   * a larger batch costs less per statement.
   */
  #schedule(statement: SqlStatement, previousSize: number, turnsLeft: number): void {
    atEndOfTurn?.(() => {
      const queue = this.#queues.get(statement) ?? []
      if (queue.length > previousSize && turnsLeft > 1) return this.#schedule(statement, queue.length, turnsLeft - 1)
      this.#queues.delete(statement)
      this.#flush(this.#batchable.get(statement) as BatchableStatement, queue)
    })
  }

  #flush(batchable: BatchableStatement, queue: readonly QueuedStatement[]): void {
    const all = batchable.isRead ? queue : firstOfKeys(queue, (later) => this.#settleAlone(later))
    for (const batch of toBatches(all)) {
      const [first] = batch
      if (batch.length === 1 && first !== undefined) this.#settleAlone(first)
      else void this.#runBatch(batch, batchable)
    }
  }

  async #runBatch(batch: readonly QueuedStatement[], batchable: BatchableStatement): Promise<void> {
    const { text, values } = batchable.toBatch(batch.map((queued) => queued.values))
    const deadline = Math.max(...batch.map((queued) => queued.deadline))
    try {
      const { rows } = await this.#send((batch[0] as QueuedStatement).statement.operation, text, values, deadline)
      if (batchable.isRead) settleReads(batch, rows)
      else this.#settleWrites(batch, rows)
    } catch (error) {
      // One statement may have caused a rejection, so each runs alone. An unreachable server or a
      // lost connection affects all of them.
      const isRejected = error instanceof StoreError && this.#database.isRejected(error.cause)
      for (const queued of batch) {
        if (isRejected) this.#settleAlone(queued)
        else queued.reject(error)
      }
    }
  }

  #settleWrites(batch: readonly QueuedStatement[], rows: RemoteResult['rows']): void {
    const changed = new Set(rows.map(([key]) => key))
    for (const queued of batch) {
      if (changed.has(queued.key)) queued.resolve({ rows: [], count: 1 })
      else this.#settleAlone(queued)
    }
  }

  #settleAlone({ statement, values, deadline, resolve, reject }: QueuedStatement): void {
    this.#runAlone(statement, values, deadline).then(resolve, reject)
  }

  async #runAlone({ operation, text }: SqlStatement, values: SqlValue[], deadline: number): Promise<RemoteResult> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#send(operation, text, values, deadline)
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !(error instanceof StoreError && this.#database.isRetryable(error.cause))) throw error
      }
      await backoff(attempt)
    }
  }

  async #send(operation: StoreOperation, text: string, values: SqlValue[], deadline: number): Promise<RemoteResult> {
    await (this.#initialized ??= this.#initialize(operation, deadline))
    return this.#sendToServer(operation, text, values, deadline)
  }

  /** The libraries return rows as lists, so that none of their settings renames a column. */
  #toRow(values: readonly unknown[]): Row {
    const row: Record<string, unknown> = {}
    this.#columns.forEach((name, index) => {
      row[name] = values[index]
    })
    return row as unknown as Row
  }

  /**
   * Runs once. If it fails, all statements that wait for it fail without being sent, and the next
   * statement repeats it.
   */
  async #initialize(operation: StoreOperation, deadline: number): Promise<void> {
    try {
      const send: SendToServer = (asked, text, values) => this.#sendToServer(asked, text, values, deadline)
      await this.#database.initialize?.(operation, send)
      if (this.#createTable) await this.#database.table.create(send, operation)
    } catch (error) {
      this.#initialized = undefined
      if (error instanceof StoreError && error.remedy !== undefined) throw error
      throw new StoreError(operation, error instanceof StoreError ? error.cause : error, { applied: false })
    }
  }
}

function withRemedies(database: RemoteDatabase): SendToServer {
  const explain = (error: unknown): never => {
    const remedy = error instanceof StoreError && error.remedy === undefined ? database.remedyFor(error.cause) : undefined
    throw error instanceof StoreError && remedy !== undefined ? new StoreError(error.operation, error.cause, { remedy }) : error
  }
  return (operation, text, values, deadline) => database.send(operation, text, values, deadline).catch(explain)
}

const KEY = COLUMNS.length
const EXPIRES_AT = COLUMNS.indexOf('expires_at')

/** Resolves each load like a load of one key: with its row, if that is not expired. */
function settleReads(batch: readonly QueuedStatement[], rows: RemoteResult['rows']): void {
  const byKey = new Map(rows.map((row) => [row[KEY], row]))
  for (const { key, values, resolve } of batch) {
    const row = byKey.get(key)
    const isFound = row !== undefined && Number(row[EXPIRES_AT]) > Number(values[1])
    resolve(isFound ? { rows: [row], count: 1 } : { rows: [], count: 0 })
  }
}
