/** One of Django's rows: what a session is to it. */
export interface DjangoRow {
  /** Django's `session_key`. */
  readonly key: string
  /** Django's `session_data`: signed, perhaps compressed. */
  readonly data: string
  /** Django's `expire_date`, in epoch milliseconds. */
  readonly expiresAt: number
}

/**
 * Where Django keeps its rows. Each call is atomic. A row is recognised by the signature at the end of its `session_data`, which is made of all
 * that stands before it. A row is expired when `expiresAt <= now`. Nobody waits for an answer after `until`, see `Patience`.
 */
export interface DjangoRows {
  load(key: string, now: number, deadline?: number): Promise<DjangoRow | undefined>
  /** `false` when the key has a row, expired or not. */
  insert(row: DjangoRow, deadline?: number): Promise<boolean>
  /** Puts a row in the place of the one that has this key and signature and is not expired. `taken`: another row has the new key. */
  replace(key: string, row: DjangoRow, signature: string, now: number, deadline?: number): Promise<'written' | 'refused' | 'taken'>
  /** Moves the expiry ahead of the row that has this signature and is not expired; never shortens. */
  touch(key: string, expiresAt: number, signature: string, now: number, deadline?: number): Promise<boolean>
  delete(key: string, deadline?: number): Promise<boolean>
  /** Rows that are not expired, in the order of their keys, behind `after`. */
  list(now: number, limit: number, after: string | undefined, deadline?: number): Promise<readonly DjangoRow[]>
  /** Deletes at most so many rows that are expired; answers how many. */
  clearExpired(now: number, most: number, deadline: number): Promise<number>
  /** How many rows are expired. */
  countExpired(now: number): Promise<number>
  close(): Promise<void>
}
