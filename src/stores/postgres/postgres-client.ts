import { DeadlineError, withDeadline } from '../../core/base/deadline.ts'
import { StoreError } from '../../core/base/errors.ts'
import { ignore } from '../../core/base/ignore.ts'
import { withoutValues } from '../shared/without-values.ts'
import type { RemoteDatabase, RemoteTable, SendToServer } from '../sql/remote-database.ts'
import { PgConnections } from './pg-connections.ts'
import type { PgPool, PostgresJs } from './pg-types.ts'
import { isRejectedByServer, isRetryable, remedyFor, wasNeverSent } from './postgres-errors.ts'

/** A PostgreSQL server with any table: that of this package, or Django's. */
export function postgresDatabase(pool: PgPool | PostgresJs, table: RemoteTable): RemoteDatabase {
  const send = 'unsafe' in pool ? throughPostgresJs(pool) : throughPool(pool)
  return { send, table, isRejected: isRejectedByServer, isRetryable, remedyFor: (error) => remedyFor(error, table.remedy) }
}

/**
 * Sends through a pool of `pg`. It acquires a connection instead of calling `pool.query`, so that a
 * failure before anything was sent can be distinguished, and a connection whose response is overdue
 * can be closed.
 */
function throughPool(pool: PgPool): SendToServer {
  // The pool emits 'error' for idle connections that the server closed, all of them when it
  // restarts, and replaces them itself.
  if (pool.listenerCount?.('error') === 0) pool.on?.('error', ignore)
  const connections = new PgConnections(pool)
  return async function send(operation, text, values, deadline = Number.POSITIVE_INFINITY) {
    const client = await connections.acquire(operation, deadline)
    // A failing connection rejects the query and then emits `error`, which would crash the process
    // without a listener.
    client.on('error', ignore)
    try {
      const query = client.query({ text, rowMode: 'array', ...(values && { values }) })
      const { rows, rowCount } = await withDeadline(query, deadline, 'No response in time; the connection was closed')
      client.removeListener('error', ignore)
      connections.release(client)
      return { rows, count: rowCount ?? 0 }
    } catch (error) {
      const isRejected = isRejectedByServer(error)
      if (error instanceof DeadlineError) connections.distrust()
      client.release(!isRejected)
      if (isRejected) client.removeListener('error', ignore)
      throw new StoreError(operation, withoutValues(error), isRejected ? { applied: false } : {})
    }
  }
}

/**
 * Sends through the `sql` of postgres.js, which manages its connections itself. It prepares
 * statements unless its options forbid that.
 */
function throughPostgresJs(sql: PostgresJs): SendToServer {
  return async function send(operation, text, values) {
    try {
      const result = await sql.unsafe(text, values, { prepare: values !== undefined }).values()
      return { rows: [...result], count: result.count }
    } catch (error) {
      throw new StoreError(operation, withoutValues(error), isRejectedByServer(error) || wasNeverSent(error) ? { applied: false } : {})
    }
  }
}
