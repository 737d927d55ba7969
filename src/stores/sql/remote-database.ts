import type { StoreOperation } from '../../core/base/errors.ts'
import type { SqlValue } from './sql-store.ts'

/** The result of a statement: rows as lists of columns, and how many rows it read or changed. */
export interface RemoteResult {
  readonly rows: readonly (readonly unknown[])[]
  readonly count: number
}

/**
 * Sends one statement through the application's database library. The result is not used after
 * `deadline` (see `Operation`). Rejects with `StoreError`.
 */
export type SendToServer = (
  operation: StoreOperation,
  text: string,
  values: SqlValue[] | undefined,
  deadline?: number,
) => Promise<RemoteResult>

/** The one table of a store. Concurrent calls are safe. */
export interface RemoteTable {
  /** What to do when the table does not exist. */
  readonly remedy: string
  /**
   * Returns the statements that create the table with its indexes, and an empty text if it exists.
   * The table is read before anything is created, so that a role without the right to create can
   * use an existing table, and no lock is taken. Rejects if the table is not one of this package.
   */
  missingSchema(send: SendToServer, operation: StoreOperation): Promise<string>
  /** Creates the table with its indexes if it is missing, and returns the statements. */
  create(send: SendToServer, operation: StoreOperation): Promise<string>
  /** Returns the statements that create the missing indexes of an existing table. */
  missingIndexes(send: SendToServer, operation: StoreOperation): Promise<readonly string[]>
}

/** A database server: sends statements to it, and classifies its errors. */
export interface RemoteDatabase {
  readonly send: SendToServer
  readonly table: RemoteTable
  /** Reads settings of the server before the first statement. */
  initialize?(operation: StoreOperation, send: SendToServer): Promise<void>
  /** Whether the server itself rejected the statement, which then had no effect. */
  isRejected(error: unknown): boolean
  /**
   * Whether a lock conflict prevented the statement, so that it had no effect and can be retried.
   */
  isRetryable(error: unknown): boolean
  /**
   * What has to be changed, for an error that says that the database, its table or its client is
   * set up incorrectly.
   */
  remedyFor(error: unknown): string | undefined
}

/** One statement with the effect of several. */
export interface BatchStatement {
  readonly text: string
  readonly values: SqlValue[]
}

/** A statement for one key that can be batched with others of its kind. */
export interface BatchableStatement {
  /** The index of the key in the values. */
  readonly keyIndex: number
  /**
   * A read returns rows whether or not they have expired. A write returns the keys of the rows it
   * changed.
   */
  readonly isRead: boolean
  /**
   * Builds the statement for two or more lists of values. A read may contain a key more than once.
   */
  toBatch(many: readonly (readonly SqlValue[])[]): BatchStatement
}
