import type pg from 'pg'
import type { PgPool, PgPoolClient } from '../../../src/stores/postgres.ts'

/** A pool that records its statements. */
export interface WatchedPool extends PgPool {
  /** The texts of the statements, in order. */
  readonly sent: string[]
}

/**
 * Returns a pool that awaits `before` with each statement. `before` may delay the statement or
 * reject.
 */
export function watched(pool: pg.Pool, before: (text: string) => Promise<void> | void = () => undefined): WatchedPool {
  const sent: string[] = []
  const connect = async (): Promise<PgPoolClient> => {
    const client = await pool.connect()
    return {
      on: (event, listener) => client.on(event, listener),
      removeListener: (event, listener) => client.removeListener(event, listener),
      release: (error) => client.release(error),
      async query(query) {
        sent.push(query.text)
        await before(query.text)
        return client.query<unknown[]>(query)
      },
    }
  }
  return { sent, connect }
}
