/**
 * Identifies the state of an entry: the nonce of the write that made it. Two entries of one key
 * with the same version differ at most in what `touch` changes (`seenAt`, `expiresAt`).
 */
export type Version = string

/**
 * The row that a store keeps for one key. All times are epoch milliseconds.
 *
 * A store returns every text exactly as it was written, to the last code unit, and does not
 * interpret it.
 */
export interface Entry {
  /** The properties of the session as the codec encoded them; opaque to the store. */
  readonly payload: string
  /** SHA-256 of the secret in the current id. */
  readonly proof: string
  /** When the current id was created. */
  readonly idAt: number
  /** Changes with every write, but not with a touch. */
  readonly version: Version
  /** The receipts of the last writes (see `Receipts`); opaque to the store. */
  readonly commits: string
  /** The user of the session, for `deleteByIndex` and `list`; a pure function of the payload. */
  readonly userId?: string
  /** Start of the absolute lifetime. */
  readonly createdAt: number
  /** The last write or touch. */
  readonly seenAt: number
  /** The entry is expired from this time on. */
  readonly expiresAt: number
}

/**
 * Nothing was written (`ok` is false). The `reason`: `taken`, the key has a row; `missing`, no row
 * or an expired one; `stale`, the row has another version.
 */
export type Refused =
  | { readonly ok: false; readonly reason: 'taken' | 'missing' }
  | { readonly ok: false; readonly reason: 'stale'; readonly current: Entry }

/** The write is in the store. */
export interface Written {
  /** Distinguishes this result from `Refused`. */
  readonly ok: true
  /**
   * The new token, which is also the new key. Returned only where the token contains the data
   * (`capabilities.carriesData`). Tokens consist of `A-Z a-z 0-9 - _`.
   */
  readonly token?: string
  /**
   * The version of the row, where the store makes its own versions and did not keep that of the
   * entry.
   */
  readonly version?: Version
}
