import { monotonic } from '../../core/base/clock.ts'
import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { connectingUntil, inTime } from '../shared/in-time.ts'
import { EMPTY_TEXT } from '../shared/utf8-text.ts'
import type { RemoteAnswer, SendToServer } from '../sql/remote-database.ts'
import type { SqlValue } from '../sql/sql-store.ts'
import { leavesConnection, refusedByServer } from './mysql-errors.ts'

interface MysqlStatement {
  readonly sql: string
  readonly rowsAsArray: true
  readonly nestTables: false
  readonly typeCast: true | ((field: unknown, next: () => unknown) => unknown)
}

/** The answer to a statement that reads: rows. To another: how many rows it changed, and what the server says beside that. */
type Result = unknown[][] | { readonly affectedRows: number; readonly info?: string; readonly serverStatus?: number }

type MysqlCallback<T> = (error: Error | null, value: T) => void

/** What `MysqlStore` needs of a connection out of a pool of `mysql2`. */
export interface MysqlPoolConnection {
  execute(options: MysqlStatement, values: (Uint8Array | string | null)[], callback: MysqlCallback<Result>): unknown
  release(): void
  destroy(): void
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  readonly config?: { readonly typeCast?: unknown }
}

/** What `MysqlStore` needs of a pool made by `createPool` of `mysql2`. */
export interface MysqlPool {
  getConnection(callback: MysqlCallback<MysqlPoolConnection>): unknown
}

/** What `MysqlStore` needs of a pool made by `createPool` of `mysql2/promise`: the one inside it. */
export interface MysqlPromisePool {
  readonly pool: MysqlPool
}

interface Bound {
  readonly sql: string
  readonly values: (Uint8Array | string | null)[]
  readonly deadline: number
}

const IN_TRANSACTION = 1

/**
 * Statements through a pool of `mysql2`, prepared: their values travel as bytes, so that no escaping, `sql_mode` or character set of a
 * connection has a say in them.
 */
export class MysqlClient {
  readonly #pool: MysqlPool
  readonly #patience: number
  #largest = Number.POSITIVE_INFINITY

  constructor(pool: MysqlPool | MysqlPromisePool, patience: number) {
    this.#pool = 'pool' in pool ? pool.pool : pool
    this.#patience = patience
  }

  readonly send: SendToServer = async (operation, text, values = [], told = Number.POSITIVE_INFINITY) => {
    const deadline = told === Number.POSITIVE_INFINITY ? monotonic() + this.#patience : told
    const bound = values.map(bytesOf)
    this.#refuseTooLarge(operation, text, bound)
    const connection = await this.#connected(operation, deadline)
    // A connection that dies tells the statement and then, as an event, the world; unheard, that would end the process.
    connection.on('error', ignore)
    const result = await this.#executed(operation, connection, { sql: text, values: bound, deadline })
    if (!Array.isArray(result) && ((result.serverStatus ?? 0) & IN_TRANSACTION) !== 0) throw uncommitted(operation, connection)
    giveBack(connection)
    return answerOf(result)
  }

  /** Asks what the server takes at most. To what is larger it answers by ending the connection, and that would tell nobody anything. */
  async learnLargest(operation: StoreOperation, send: SendToServer): Promise<void> {
    const { rows } = await send(operation, 'SELECT @@max_allowed_packet', [])
    this.#largest = Number(rows[0]?.[0]) || Number.POSITIVE_INFINITY
  }

  #refuseTooLarge(operation: StoreOperation, text: string, values: readonly (Uint8Array | string | null)[]): void {
    const size = values.reduce((sum, value) => sum + (value?.length ?? 0) + 16, text.length)
    if (size <= this.#largest) return
    const message = `The statement has ${size} bytes, and the server takes ${this.#largest} at most: raise its \`max_allowed_packet\`, or lower the option \`maxSize\``
    throw new StoreError(operation, new Error(message), { applied: false })
  }

  async #connected(operation: StoreOperation, deadline: number): Promise<MysqlPoolConnection> {
    const connecting = new Promise<MysqlPoolConnection>((resolve, reject) => {
      this.#pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)))
    })
    try {
      return await inTime(connecting, connectingUntil(deadline), 'No connection of the pool was free in time')
    } catch (error) {
      connecting.then((connection) => connection.release()).catch(ignore)
      throw new StoreError(operation, error, { applied: false })
    }
  }

  async #executed(operation: StoreOperation, connection: MysqlPoolConnection, { sql, values, deadline }: Bound): Promise<Result> {
    // Where the pool has a `typeCast` of its own only another function keeps it away from our rows.
    const typeCast = typeof connection.config?.typeCast === 'function' ? asItCame : true
    const options = { sql, rowsAsArray: true, nestTables: false, typeCast } as const
    try {
      const executing = new Promise<Result>((resolve, reject) => {
        connection.execute(options, values, (error, result) => (error ? reject(error) : resolve(result)))
      })
      return await inTime(executing, deadline, 'No answer in time; the connection was ended')
    } catch (error) {
      if (leavesConnection(error)) giveBack(connection)
      else connection.destroy()
      throw new StoreError(operation, error, refusedByServer(error) ? { applied: false } : {})
    }
  }
}

function giveBack(connection: MysqlPoolConnection): void {
  connection.removeListener('error', ignore)
  connection.release()
}

/** Somebody has left a transaction open on the connection, or switched `autocommit` off: its end takes the write back. */
function uncommitted(operation: StoreOperation, connection: MysqlPoolConnection): StoreError {
  connection.destroy()
  const message =
    'The pool handed out a connection with a transaction open on it; the session store needs `autocommit`, or a pool of its own'
  return new StoreError(operation, new Error(message), { applied: false })
}

/**
 * Digits and not a number, which would travel as a DOUBLE: some servers refuse that behind LIMIT. An empty text in its other form: the
 * `sql_mode` of Oracle takes the empty one for NULL.
 */
function bytesOf(value: SqlValue): Uint8Array | string | null {
  if (typeof value === 'string') return Buffer.from(value === '' ? EMPTY_TEXT : value)
  return typeof value === 'number' ? String(value) : null
}

function answerOf(result: Result): RemoteAnswer {
  if (Array.isArray(result)) return { rows: result.map((row) => row.map(textOf)), count: result.length }
  return { rows: [], count: Number(result.affectedRows) || matched(result.info) }
}

/** The text that `bytesOf` was given: a Buffer prints as what its bytes say. */
function textOf(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value
  const text = String(value)
  return text === EMPTY_TEXT ? '' : text
}

/** `Rows matched: 1  Changed: 0  Warnings: 0`, in the server's language: without the flag FOUND_ROWS only the changed rows are counted. */
function matched(info = ''): number {
  return Number(/\d+/.exec(info)?.[0] ?? 0)
}

function asItCame(_field: unknown, next: () => unknown): unknown {
  return next()
}

function ignore(): void {
  // Whatever it means for a statement, that one fails with.
}
