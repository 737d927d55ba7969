import type { StoreOperation } from '../../core/base/errors.ts'
import type { SqlValue } from './sql-store.ts'

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
  deadline?: number,
) => Promise<RemoteAnswer>

/** The one table of a store. Many may ask and create at the same moment. */
export interface RemoteTable {
  /**
   * The statements that create it where it is missing, and none where it is there. Asked before anything is created: whoever may not create
   * anything may still find it there, and nobody waits for a lock. A table that is not ours is refused.
   */
  missing(send: SendToServer, operation: StoreOperation): Promise<string>
  /** Creates what is missing, and answers the statements that did it. */
  create(send: SendToServer, operation: StoreOperation): Promise<string>
}

/** A database at the other end of a connection: the way to it, and what its errors mean. */
export interface RemoteDatabase {
  readonly send: SendToServer
  readonly table: RemoteTable
  /** What has to be known before the first statement. */
  begin?(operation: StoreOperation, send: SendToServer): Promise<void>
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
  /** The statement that does the same for each of these lists of values, two at least. What reads may be asked for a key more than once. */
  of(many: readonly (readonly SqlValue[])[]): StatementOfMany
}
