import { backoff } from '../../core/base/clock.ts'
import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { atEndOfTurn } from './at-end-of-turn.ts'
import { firstOfKeys, type QueuedStatement, toBatches } from './remote-batches.ts'
import type { BatchableStatement, RemoteDatabase, RemoteResult, SendToServer } from './remote-database.ts'
import { ALL_COLUMNS, COLUMNS, type SqlStatement } from './sql-statements.ts'
import type { SqlExecutor, SqlRow, SqlValue } from './sql-store.ts'

/** How often a statement is attempted when lock conflicts prevent it. */
const MAX_ATTEMPTS = 12

/** For how many turns of the event loop a batch is collected, as long as each turn adds to it. */
const MAX_TURNS = 4

/**
 * Runs statements, each in its own transaction. Statements that arrive in one turn of the event
 * loop, or in a few while more arrive, and differ only in their values become one batch (see
 * `BatchableStatement`). Each caller still gets its own result: a statement whose row the batch
 * skipped, or whose batch the server rejected, runs alone and gets the result of that. Nothing is
 * added to a batch that was sent.
 */
export class RemoteExecutor<Row = SqlRow> implements SqlExecutor<Row> {
  readonly #database: RemoteDatabase
  readonly #batchable: ReadonlyMap<SqlStatement, BatchableStatement>
  readonly #createTable: boolean
  readonly #columns: readonly string[]
  readonly #queues = new Map<SqlStatement, QueuedStatement[]>()
  #initialized: Promise<void> | undefined
  #pending = 0
  #closed: PromiseWithResolvers<void> | undefined

  /**
   * With `createTable` a missing table is created before the first statement. `columns` are those
   * that every statement reads; only statements on the package's own table are batched.
   */
  constructor(
    database: RemoteDatabase,
    batchable: ReadonlyMap<SqlStatement, BatchableStatement>,
    createTable: boolean,
    columns: readonly string[] = ALL_COLUMNS,
  ) {
    this.#database = database
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
    const { table, send } = this.#database
    return this.#track('migrate', () => (dryRun ? table.missingSchema(send, 'migrate') : table.create(send, 'migrate')))
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
   * A turn that brought several statements is usually followed by more, and a larger batch costs
   * less per statement.
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
      // A rejection may be caused by one statement. An unreachable server, or a lost connection, is
      // the same for all.
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
    return this.#database.send(operation, text, values, deadline)
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
   * Runs once, and again with the next statement if it failed. All statements that waited for it
   * fail, and were not sent.
   */
  async #initialize(operation: StoreOperation, deadline: number): Promise<void> {
    try {
      const send: SendToServer = (asked, text, values) => this.#database.send(asked, text, values, deadline)
      await this.#database.initialize?.(operation, send)
      if (this.#createTable) await this.#database.table.create(send, operation)
    } catch (error) {
      this.#initialized = undefined
      throw new StoreError(operation, error instanceof StoreError ? error.cause : error, { applied: false })
    }
  }
}

const KEY = COLUMNS.length
const EXPIRES_AT = COLUMNS.indexOf('expires_at')

/**
 * Each load gets its row as a load of one key would have returned it: only if it is not expired.
 */
function settleReads(batch: readonly QueuedStatement[], rows: RemoteResult['rows']): void {
  const byKey = new Map(rows.map((row) => [row[KEY], row]))
  for (const { key, values, resolve } of batch) {
    const row = byKey.get(key)
    const isFound = row !== undefined && Number(row[EXPIRES_AT]) > Number(values[1])
    resolve(isFound ? { rows: [row], count: 1 } : { rows: [], count: 0 })
  }
}
