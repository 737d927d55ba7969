import type { StoreOperation } from '../core/errors.ts'
import type { SqlValue } from './sql.ts'

/** What a server said: the rows as lists of columns, and how many it read or changed. */
export interface RemoteAnswer {
  readonly rows: readonly (readonly unknown[])[]
  readonly count: number
}

/**
 * One statement to the server and its answer, through the library that the application uses. Nobody waits for it after `until`, see `Patience`.
 * What it throws is a `StoreError`.
 */
export type SendToServer = (
  operation: StoreOperation,
  text: string,
  values: SqlValue[] | undefined,
  until?: number,
) => Promise<RemoteAnswer>

/** A database at the other end of a connection: the way to it, and what its errors mean. */
export interface RemoteDatabase {
  readonly send: SendToServer
  /** Whether the server itself refused the statement, which then surely had no effect. */
  refused(error: unknown): boolean
  /** Whether others were in the way of a statement that had no effect, so that it should be tried again. */
  wasInTheWay(error: unknown): boolean
}

/** A statement of many. */
export interface StatementOfMany {
  readonly text: string
  readonly values: SqlValue[]
}

/** How a statement for one key is said for many. */
export interface Together {
  /** Which of the values is the key. */
  readonly keyAt: number
  /** Answers the rows that are there, and does not judge their expiry; otherwise the keys of the rows it changed. */
  readonly reads: boolean
  /** The statement that does the same for each of these lists of values. What reads may be asked for a key more than once. */
  of(many: readonly (readonly SqlValue[])[]): StatementOfMany
}
