import { monotonic } from '../../core/base/clock.ts'
import { withDeadline } from '../../core/base/deadline.ts'
import { StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { ignore } from '../../core/base/ignore.ts'
import { isBytes } from '../../core/base/realms.ts'
import { connectDeadline } from '../shared/deadline.ts'
import { EMPTY_TEXT } from '../shared/utf8-text.ts'
import type { RemoteDatabase, RemoteResult, RemoteTable, SendToServer } from '../sql/remote-database.ts'
import type { SqlValue } from '../sql/sql-store.ts'
import { isRejectedByServer, isRetryable, keepsConnection, remedyFor } from './mysql-errors.ts'

interface MysqlStatement {
  readonly sql: string
  readonly rowsAsArray: true
  readonly nestTables: false
  readonly typeCast: true | ((field: unknown, next: () => unknown) => unknown)
}

/**
 * The result of a statement: its rows, or how many rows it changed, with the status of the server.
 */
type Result = unknown[][] | { readonly affectedRows: number; readonly info?: string; readonly serverStatus?: number }

type MysqlCallback<T> = (error: Error | null, value: T) => void

/** The methods that `MysqlStore` uses of a connection of a `mysql2` pool. */
export interface MysqlPoolConnection {
  execute(options: MysqlStatement, values: (Uint8Array | string | null)[], callback: MysqlCallback<Result>): unknown
  release(): void
  destroy(): void
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  readonly config?: { readonly typeCast?: unknown }
}

/** The methods that `MysqlStore` uses of a pool that `createPool` of `mysql2` returned. */
export interface MysqlPool {
  getConnection(callback: MysqlCallback<MysqlPoolConnection>): unknown
}

/**
 * The part that `MysqlStore` uses of a pool that `createPool` of `mysql2/promise` returned: the
 * pool inside it.
 */
export interface MysqlPromisePool {
  readonly pool: MysqlPool
}

interface BoundStatement {
  readonly sql: string
  readonly values: (Uint8Array | string | null)[]
  readonly deadline: number
}

const IN_TRANSACTION = 1

/**
 * Sends prepared statements through a pool of `mysql2`. Their values are sent as bytes, so no
 * escaping, `sql_mode` or character set of a connection affects them.
 */
class MysqlClient {
  readonly #pool: MysqlPool
  readonly #statementTimeout: number
  #maxPacket = Number.POSITIVE_INFINITY

  constructor(pool: MysqlPool | MysqlPromisePool, statementTimeout: number) {
    this.#pool = 'pool' in pool ? pool.pool : pool
    this.#statementTimeout = statementTimeout
  }

  readonly send: SendToServer = async (operation, text, values = [], operationDeadline = Number.POSITIVE_INFINITY) => {
    const deadline = operationDeadline === Number.POSITIVE_INFINITY ? monotonic() + this.#statementTimeout : operationDeadline
    const bound = values.map(encodeValue)
    this.#refuseTooLarge(operation, text, bound)
    const connection = await this.#connect(operation, deadline)
    // A failing connection rejects the query and then emits `error`, which would crash the process
    // without a listener.
    connection.on('error', ignore)
    const result = await this.#execute(operation, connection, { sql: text, values: bound, deadline })
    if (!Array.isArray(result) && ((result.serverStatus ?? 0) & IN_TRANSACTION) !== 0) throw transactionOpen(operation, connection)
    release(connection)
    return toResult(result)
  }

  /**
   * Reads the maximum packet size of the server. It closes the connection after a larger packet,
   * without an error that says why.
   */
  async readMaxPacket(operation: StoreOperation, send: SendToServer): Promise<void> {
    const { rows } = await send(operation, 'SELECT @@max_allowed_packet', [])
    this.#maxPacket = Number(rows[0]?.[0]) || Number.POSITIVE_INFINITY
  }

  #refuseTooLarge(operation: StoreOperation, text: string, values: readonly (Uint8Array | string | null)[]): void {
    const size = values.reduce((sum, value) => sum + (value?.length ?? 0) + 16, text.length)
    if (size <= this.#maxPacket) return
    const message = `The statement has ${size} bytes, and the server accepts at most ${this.#maxPacket}; raise its \`max_allowed_packet\`, or lower the option \`maxSize\``
    throw new StoreError(operation, new Error(message), { applied: false })
  }

  async #connect(operation: StoreOperation, deadline: number): Promise<MysqlPoolConnection> {
    const { promise: connecting, resolve, reject } = Promise.withResolvers<MysqlPoolConnection>()
    // A pool of another library may return a promise, and never call the function.
    const returned = this.#pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)))
    if (isPromise(returned)) {
      returned.then((connection) => connection.release()).catch(ignore)
      throw new StoreError(operation, new Error('`getConnection()` of the `pool` returned a promise'), { remedy: POOL_REMEDY })
    }
    let connection: MysqlPoolConnection
    try {
      connection = await withDeadline(connecting, connectDeadline(deadline), 'No connection of the pool was free in time')
    } catch (error) {
      connecting.then((late) => late.release()).catch(ignore)
      throw new StoreError(operation, error, { applied: false })
    }
    if (typeof connection.execute === 'function') return connection
    connection.release()
    throw new StoreError(operation, new Error('A connection of the `pool` has no method `execute()`'), { remedy: POOL_REMEDY })
  }

  async #execute(operation: StoreOperation, connection: MysqlPoolConnection, { sql, values, deadline }: BoundStatement): Promise<Result> {
    // Only another function overrides a `typeCast` function of the pool.
    const typeCast = typeof connection.config?.typeCast === 'function' ? unconverted : true
    const options = { sql, rowsAsArray: true, nestTables: false, typeCast } as const
    try {
      const executing = new Promise<Result>((resolve, reject) => {
        connection.execute(options, values, (error, result) => (error ? reject(error) : resolve(result)))
      })
      return await withDeadline(executing, deadline, 'No response in time; the connection was closed')
    } catch (error) {
      if (keepsConnection(error)) release(connection)
      else connection.destroy()
      throw new StoreError(operation, error, isRejectedByServer(error) ? { applied: false } : {})
    }
  }
}

const POOL_REMEDY = 'Pass the pool that `createPool` of mysql2 returned: `new MysqlStore({ pool })`.'

function isPromise(value: unknown): value is Promise<MysqlPoolConnection> {
  return typeof (value as Partial<Promise<unknown>> | undefined)?.then === 'function'
}

/**
 * A MySQL or MariaDB server with any table: that of this package, or Django's. `statementTimeout`
 * is in milliseconds.
 */
export function mysqlDatabase(pool: MysqlPool | MysqlPromisePool, table: RemoteTable, statementTimeout: number = 10_000): RemoteDatabase {
  const client = new MysqlClient(pool, statementTimeout)
  return {
    send: client.send,
    table,
    initialize: (operation, send) => client.readMaxPacket(operation, send),
    isRejected: isRejectedByServer,
    isRetryable,
    remedyFor: (error) => remedyFor(error, table.remedy),
  }
}

function release(connection: MysqlPoolConnection): void {
  connection.removeListener('error', ignore)
  connection.release()
}

/**
 * The application left a transaction open on the connection, or switched `autocommit` off. Closing
 * the connection rolls the write back.
 */
function transactionOpen(operation: StoreOperation, connection: MysqlPoolConnection): StoreError {
  connection.destroy()
  const message = 'The pool returned a connection with an open transaction; switch `autocommit` on, or pass the session store its own pool'
  return new StoreError(operation, new Error(message), { applied: false })
}

/**
 * A number is sent as digits, because mysql2 would send a DOUBLE, which some servers reject after
 * LIMIT. An empty text is sent in its other encoding, because the `sql_mode` ORACLE treats it as
 * NULL.
 */
function encodeValue(value: SqlValue): Uint8Array | string | null {
  if (typeof value === 'string') return Buffer.from(value === '' ? EMPTY_TEXT : value)
  return typeof value === 'number' ? String(value) : null
}

function toResult(result: Result): RemoteResult {
  if (Array.isArray(result)) return { rows: result.map((row) => row.map(decodeValue)), count: result.length }
  return { rows: [], count: Number(result.affectedRows) || matchedRows(result.info) }
}

/** Decodes what `encodeValue` encoded. `String` decodes a Buffer as UTF-8. */
function decodeValue(value: unknown): unknown {
  if (!isBytes(value)) return value
  const text = String(value)
  return text === EMPTY_TEXT ? '' : text
}

/**
 * Parses `Rows matched: 1  Changed: 0  Warnings: 0`, in the language of the server. Without the
 * flag FOUND_ROWS the count has changed rows only.
 */
function matchedRows(info = ''): number {
  return Number(/\d+/.exec(info)?.[0] ?? 0)
}

function unconverted(_field: unknown, next: () => unknown): unknown {
  return next()
}
