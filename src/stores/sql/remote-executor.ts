import { backoff } from '../../core/base/clock.ts'
import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { atEndOfTurn } from './at-end-of-turn.ts'
import type { RemoteAnswer, RemoteDatabase, SendToServer, Together } from './remote-database.ts'
import { firstOfKeys, groups, type Waiting } from './remote-groups.ts'
import { ALL_COLUMNS, COLUMNS, type SqlStatement } from './sql-statements.ts'
import type { SqlExecutor, SqlRow, SqlValue } from './sql-store.ts'

/** How often a statement is tried that others were in the way of. */
const MOST_TRIES = 12

/** For how many turns of the event loop statements wait for each other, as long as each turn brings more. */
const MOST_TURNS = 4

/**
 * Runs statements, each in a transaction of its own. Those of one turn of the event loop, or of a few when they keep coming, that differ
 * only in their values become one statement, see `Together`; each caller still has an outcome of their own. Whoever the statement passed
 * over, or the server's refusal of the whole of it did not mean, is tried alone, and only then judged. Nothing ever joins a statement that
 * was sent.
 */
export class RemoteExecutor<Row = SqlRow> implements SqlExecutor<Row> {
  readonly #database: RemoteDatabase
  readonly #together: ReadonlyMap<SqlStatement, Together>
  readonly #create: boolean
  readonly #columns: readonly string[]
  readonly #waiting = new Map<SqlStatement, Waiting[]>()
  #ready: Promise<void> | undefined
  #atWork = 0
  #closed: PromiseWithResolvers<void> | undefined

  /**
   * With `create` the table is created before the first statement, where it is missing. `columns` are those that every statement reads;
   * together travel statements on our own table only.
   */
  constructor(
    database: RemoteDatabase,
    together: ReadonlyMap<SqlStatement, Together>,
    create: boolean,
    columns: readonly string[] = ALL_COLUMNS,
  ) {
    this.#database = database
    this.#together = together
    this.#create = create
    this.#columns = columns
  }

  async row(statement: SqlStatement, values: SqlValue[], deadline?: number): Promise<Row | undefined> {
    const { rows } = await this.#run(statement, values, deadline)
    return rows[0] === undefined ? undefined : this.#rowOf(rows[0])
  }

  async rows(statement: SqlStatement, values: SqlValue[], deadline?: number): Promise<readonly Row[]> {
    const { rows } = await this.#run(statement, values, deadline)
    return rows.map((row) => this.#rowOf(row))
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
    return this.#working('migrate', () => (dryRun ? table.missing(send, 'migrate') : table.create(send, 'migrate')))
  }

  close(): Promise<void> {
    this.#closed ??= Promise.withResolvers()
    this.#closeIfIdle()
    return this.#closed.promise
  }

  #run(statement: SqlStatement, values: SqlValue[], deadline = Number.POSITIVE_INFINITY): Promise<RemoteAnswer> {
    const together = atEndOfTurn === undefined ? undefined : this.#together.get(statement)
    return this.#working(statement.operation, () =>
      together === undefined ? this.#alone(statement, values, deadline) : this.#gather(statement, together, values, deadline),
    )
  }

  /** What is at work is waited for by `close`. */
  async #working<T>(operation: StoreOperation, work: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw new StoreError(operation, new Error('The store is closed'), { applied: false })
    this.#atWork += 1
    try {
      return await work()
    } finally {
      this.#atWork -= 1
      this.#closeIfIdle()
    }
  }

  #closeIfIdle(): void {
    if (this.#atWork === 0) this.#closed?.resolve()
  }

  #gather(statement: SqlStatement, { keyAt }: Together, values: SqlValue[], deadline: number): Promise<RemoteAnswer> {
    return new Promise((resolve, reject) => {
      const waiting = { key: values[keyAt] ?? '', statement, values, deadline, resolve, reject }
      const others = this.#waiting.get(statement)
      others?.push(waiting)
      if (others !== undefined) return
      this.#waiting.set(statement, [waiting])
      this.#board(statement, 1, MOST_TURNS)
    })
  }

  /** Where several came in one turn the next brings more, and the more go together, the less each of them costs. */
  #board(statement: SqlStatement, before: number, turnsLeft: number): void {
    atEndOfTurn?.(() => {
      const aboard = this.#waiting.get(statement) ?? []
      if (aboard.length > before && turnsLeft > 1) return this.#board(statement, aboard.length, turnsLeft - 1)
      this.#waiting.delete(statement)
      this.#depart(statement, aboard)
    })
  }

  #depart(statement: SqlStatement, all: readonly Waiting[]): void {
    const together = this.#together.get(statement) as Together
    for (const group of together.reads ? groups(all) : groups(firstOfKeys(all, (later) => this.#settleAlone(later)))) {
      const [first] = group
      if (group.length === 1 && first !== undefined) this.#settleAlone(first)
      else void (together.reads ? this.#readTogether(group, together) : this.#changeTogether(group, together))
    }
  }

  async #readTogether(group: readonly Waiting[], together: Together): Promise<void> {
    try {
      const { rows } = await this.#sendTogether(group, together)
      const byKey = new Map(rows.map((row) => [row[COLUMNS.length], row]))
      for (const { key, values, resolve } of group) resolve(living(byKey.get(key), values[1]))
    } catch (error) {
      this.#settleEach(group, error)
    }
  }

  async #changeTogether(group: readonly Waiting[], together: Together): Promise<void> {
    try {
      const { rows } = await this.#sendTogether(group, together)
      const changed = new Set(rows.map(([key]) => key))
      for (const waiting of group) {
        if (changed.has(waiting.key)) waiting.resolve({ rows: [], count: 1 })
        else this.#settleAlone(waiting)
      }
    } catch (error) {
      this.#settleEach(group, error)
    }
  }

  #sendTogether(group: readonly Waiting[], together: Together): Promise<RemoteAnswer> {
    const { text, values } = together.of(group.map((waiting) => waiting.values))
    return this.#send((group[0] as Waiting).statement.operation, text, values, longest(group))
  }

  /** What the server refused may be the fault of one. What did not reach it, or was lost, is the same for all. */
  #settleEach(group: readonly Waiting[], error: unknown): void {
    const refused = error instanceof StoreError && this.#database.refused(error.cause)
    for (const waiting of group) {
      if (refused) this.#settleAlone(waiting)
      else waiting.reject(error)
    }
  }

  #settleAlone({ statement, values, deadline, resolve, reject }: Waiting): void {
    this.#alone(statement, values, deadline).then(resolve, reject)
  }

  async #alone({ operation, text }: SqlStatement, values: SqlValue[], deadline: number): Promise<RemoteAnswer> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#send(operation, text, values, deadline)
      } catch (error) {
        if (tries >= MOST_TRIES || !(error instanceof StoreError && this.#database.wasInTheWay(error.cause))) throw error
      }
      await backoff(tries)
    }
  }

  async #send(operation: StoreOperation, text: string, values: SqlValue[], deadline: number): Promise<RemoteAnswer> {
    await (this.#ready ??= this.#begin(operation, deadline))
    return this.#database.send(operation, text, values, deadline)
  }

  /** By name again: the libraries hand rows over as lists, so that no setting of theirs renames a column. */
  #rowOf(values: readonly unknown[]): Row {
    const row: Record<string, unknown> = {}
    this.#columns.forEach((name, index) => {
      row[name] = values[index]
    })
    return row as unknown as Row
  }

  /** Once; and again with the next statement when it failed. That failure is everybody's who waited for it: nothing of theirs was sent. */
  async #begin(operation: StoreOperation, deadline: number): Promise<void> {
    try {
      const send: SendToServer = (asked, text, values) => this.#database.send(asked, text, values, deadline)
      await this.#database.begin?.(operation, send)
      if (this.#create) await this.#database.table.create(send, operation)
    } catch (error) {
      this.#ready = undefined
      throw notApplied(operation, error)
    }
  }
}

function notApplied(operation: StoreOperation, error: unknown): StoreError {
  return new StoreError(operation, error instanceof StoreError ? error.cause : error, { applied: false })
}

function longest(group: readonly Waiting[]): number {
  return Math.max(...group.map(({ deadline }) => deadline))
}

/** A row as the load of one key would have answered it. */
function living(row: readonly unknown[] | undefined, now: SqlValue | undefined): RemoteAnswer {
  return row !== undefined && Number(row[EXPIRES_AT]) > Number(now) ? { rows: [row], count: 1 } : { rows: [], count: 0 }
}

const EXPIRES_AT = COLUMNS.indexOf('expires_at')
