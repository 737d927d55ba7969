import type pg from 'pg'
import type { PgPool, PgPoolClient } from '../../../src/stores/postgres.ts'

/** A pool that tells what was sent through it. */
export interface WatchedPool extends PgPool {
  /** The texts of the statements, in order. */
  readonly sent: string[]
}

/** `before` is called with each statement on its way and may hold it up, or fail it. */
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
