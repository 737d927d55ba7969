import type { SqlValue } from '../sql/sql-store.ts'

/** The methods that `PostgresStore` uses of a connection of a `pg` pool. */
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

/**
 * The methods that `PostgresStore` uses of a `Pool` of `pg`, or of a library with the same
 * interface.
 */
export interface PgPool {
  connect(): Promise<PgPoolClient>
  on?(event: 'error', listener: (error: Error) => void): unknown
  listenerCount?(event: 'error'): number
}

/** The method that `PostgresStore` uses of the `sql` of `postgres` (postgres.js). */
export interface PostgresJs {
  unsafe(
    text: string,
    values?: SqlValue[],
    options?: { readonly prepare?: boolean },
  ): { values(): PromiseLike<{ readonly count: number; readonly [Symbol.iterator]: () => Iterator<unknown[]> }> }
}
