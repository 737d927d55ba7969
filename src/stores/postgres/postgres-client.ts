import { StoreError } from '../../core/base/errors.ts'
import { inTime, LateError } from '../shared/in-time.ts'
import type { SendToServer } from '../sql/remote-database.ts'
import type { SqlValue } from '../sql/sql-store.ts'
import { PgConnections } from './pg-connections.ts'
import { neverSent, refusedByServer } from './postgres-errors.ts'

/** What `PostgresStore` needs of a connection out of a pool of `pg`. */
export interface PgPoolClient {
  query(query: {
    readonly text: string
    readonly values?: SqlValue[]
    readonly rowMode: 'array'
  }): Promise<{ readonly rows: unknown[][]; readonly rowCount: number | null }>
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  release(error?: boolean): void
}

/** What `PostgresStore` needs of a `Pool` of `pg`, or of a library that is shaped like it. */
export interface PgPool {
  connect(): Promise<PgPoolClient>
  on?(event: 'error', listener: (error: Error) => void): unknown
  listenerCount?(event: 'error'): number
}

/** What `PostgresStore` needs of the `sql` of `postgres` (postgres.js). */
export interface PostgresJs {
  unsafe(
    text: string,
    values?: SqlValue[],
    options?: { readonly prepare?: boolean },
  ): { values(): PromiseLike<{ readonly count: number; readonly [Symbol.iterator]: () => Iterator<unknown[]> }> }
}

export function isPostgresJs(pool: PgPool | PostgresJs): pool is PostgresJs {
  return 'unsafe' in pool
}

/**
 * Through a pool of `pg`. A connection of our own choosing, and not `pool.query`, so that what failed before anything was sent is told apart,
 * and so that one that owes an answer for which nobody waits any more is ended: what comes of it could only be too late or never.
 */
export function throughPool(pool: PgPool): SendToServer {
  // The pool tells of idle connections that the server has ended, all of them when it restarts, and replaces them by itself.
  if (pool.listenerCount?.('error') === 0) pool.on?.('error', ignore)
  const connections = new PgConnections(pool)
  return async function send(operation, text, values, deadline = Number.POSITIVE_INFINITY) {
    const client = await connections.take(operation, deadline)
    // A connection that dies tells the statement and then, as an event, the world; unheard, that would end the process.
    client.on('error', ignore)
    try {
      const query = client.query({ text, rowMode: 'array', ...(values && { values }) })
      const { rows, rowCount } = await inTime(query, deadline, 'No answer in time; the connection was ended')
      client.removeListener('error', ignore)
      connections.giveBack(client)
      return { rows, count: rowCount ?? 0 }
    } catch (error) {
      const refused = refusedByServer(error)
      if (error instanceof LateError) connections.distrust()
      client.release(!refused)
      if (refused) client.removeListener('error', ignore)
      throw new StoreError(operation, error, refused ? { applied: false } : {})
    }
  }
}

function ignore(): void {
  // Whatever it means for a statement, that one fails with.
}

/** Through the `sql` of postgres.js, which keeps its connections to itself. It prepares statements unless it is told not to when it is made. */
export function throughPostgresJs(sql: PostgresJs): SendToServer {
  return async function send(operation, text, values) {
    try {
      const answer = await sql.unsafe(text, values, { prepare: values !== undefined }).values()
      return { rows: [...answer], count: answer.count }
    } catch (error) {
      throw new StoreError(operation, error, refusedByServer(error) || neverSent(error) ? { applied: false } : {})
    }
  }
}
