import type { Keyed, Load, Operation, Replace, Touch } from '../../core/store/store.ts'

/** One row of Django's session table. */
export interface DjangoRow {
  /** Django's `session_key`. */
  readonly key: string
  /** Django's `session_data`: signed, and compressed where that is shorter. */
  readonly data: string
  /** Django's `expire_date`, in epoch milliseconds. */
  readonly expiresAt: number
}

/** A row to write. */
export interface NewDjangoRow extends DjangoRow {
  /**
   * The values of the columns of a custom session model, in the order of `DjangoTable.columns`.
   * `undefined` is NULL.
   */
  readonly columns?: readonly (string | number | undefined)[]
}

/** The result of `replace`: `taken` when another row has the new key. */
export type ReplaceResult = 'written' | 'refused' | 'taken'

/** Replaces a row whose signature is `expected`. */
export type ReplaceRow = Pick<Replace, 'key' | 'expected' | 'now' | 'deadline'>

/** Lists rows that are not expired, sorted by key, starting after the key `after`. */
export interface ListRows extends Operation {
  readonly now: number
  readonly limit: number
  readonly after: string | undefined
}

/**
 * The storage of Django's rows. Each call is atomic. The version of a row is the signature at the
 * end of its `session_data`, which covers everything before it. A row is expired when
 * `expiresAt <= now`.
 */
export interface DjangoRows {
  load(operation: Load): Promise<DjangoRow | undefined>
  /** Returns `false` when the key has a row, expired or not. */
  insert(row: NewDjangoRow, deadline?: number): Promise<boolean>
  /** `row` may have another key. */
  replace(row: NewDjangoRow, operation: ReplaceRow): Promise<ReplaceResult>
  /** Extends the expiry. Never shortens it. */
  touch(operation: Touch): Promise<boolean>
  delete(operation: Keyed): Promise<boolean>
  list(operation: ListRows): Promise<readonly DjangoRow[]>
  /** Deletes at most `limit` expired rows and returns their number. */
  clearExpired(now: number, limit: number, deadline: number): Promise<number>
  countExpired(now: number): Promise<number>
  close(): Promise<void>
}
