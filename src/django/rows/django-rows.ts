/** One row of Django's session table. */
export interface DjangoRow {
  /** Django's `session_key`. */
  readonly key: string
  /** Django's `session_data`: signed, and compressed where that is shorter. */
  readonly data: string
  /** Django's `expire_date`, in epoch milliseconds. */
  readonly expiresAt: number
}

/** The result of `replace`: `taken` when another row has the new key. */
export type ReplaceResult = 'written' | 'refused' | 'taken'

/**
 * The storage of Django's rows. Each call is atomic. The version of a row is the signature at the
 * end of its `session_data`, which covers everything before it. A row is expired when
 * `expiresAt <= now`. `deadline` is the one of `OperationOptions`.
 */
export interface DjangoRows {
  load(key: string, now: number, deadline?: number): Promise<DjangoRow | undefined>
  /** Returns `false` when the key has a row, expired or not. */
  insert(row: DjangoRow, deadline?: number): Promise<boolean>
  /** Replaces the row that has this key and signature and is not expired; `row` may have another key. */
  replace(key: string, row: DjangoRow, signature: string, now: number, deadline?: number): Promise<ReplaceResult>
  /** Extends the expiry of the row that has this signature and is not expired. Never shortens it. */
  touch(key: string, expiresAt: number, signature: string, now: number, deadline?: number): Promise<boolean>
  delete(key: string, deadline?: number): Promise<boolean>
  /** Returns rows that are not expired, sorted by key, starting after the key `after`. */
  list(now: number, limit: number, after: string | undefined, deadline?: number): Promise<readonly DjangoRow[]>
  /** Deletes at most `limit` expired rows and returns their number. */
  clearExpired(now: number, limit: number, deadline: number): Promise<number>
  countExpired(now: number): Promise<number>
  close(): Promise<void>
}
