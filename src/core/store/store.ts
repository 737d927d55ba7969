import type { Ids } from './id.ts'

/**
 * Mark of the state of an entry: the nonce of the write that made it. Two entries of one key with the same version are the same entry,
 * but for what `touch` moves (`seenAt`, `expiresAt`).
 */
export type Version = string

/**
 * What a store keeps for one key: a row. All instants are epoch milliseconds.
 *
 * A store hands every text back exactly as it was given, to the last code unit, and reads nothing into any of them.
 */
export interface Entry {
  /** The session's properties as the codec printed them; opaque to the store. */
  readonly payload: string
  /** SHA-256 of the secret in the living id. */
  readonly proof: string
  /** When the living id was born. */
  readonly idAt: number
  readonly version: Version
  /** The last nonce of each manager that wrote this entry; opaque to the store. */
  readonly commits: string
  /** Whose session it is, for `deleteUser` and `list`; a pure function of the payload. */
  readonly userId?: string
  /** Start of the absolute lifetime. */
  readonly createdAt: number
  /** The last write or touch. */
  readonly seenAt: number
  readonly expiresAt: number
}

/** What a store with this property can do. A session refuses, with a clear error, what its store cannot. */
export interface Capabilities {
  /** `replace` writes only over the expected version. Without it only expiry and deletion can be trusted. */
  readonly compareAndSwap: boolean
  /** `list` is there. */
  readonly list: boolean
  /** `deleteUser` is there, and `list` takes a `userId`. */
  readonly users: boolean
  /** The token holds the data: every write answers with a token for the browser. */
  readonly carriesData: boolean
  /**
   * Keys are the ids themselves, as in a table that another framework reads: a new id is a new key (`rename`), and who has only the old
   * one finds nothing. Left out: a key is constant for the life of its session.
   */
  readonly renames?: boolean
}

/** Why nothing was written: `taken`, the key is there already; `missing`, no row or an expired one; `stale`, another version is there. */
export type Refused =
  | { readonly ok: false; readonly reason: 'taken' | 'missing' }
  | { readonly ok: false; readonly reason: 'stale'; readonly current: Entry }

/**
 * The write is in the store. A token comes back only where the token is the data (`capabilities.carriesData`): from then on it is the key
 * of the session. Tokens are made of `A-Z a-z 0-9 - _`.
 */
export interface Written {
  readonly ok: true
  readonly token?: string
  /** The version of what was written, where the store makes versions of its own and did not keep that of the entry. */
  readonly version?: Version
}

/** Which entries `list` answers: in no promised order, expired ones left out. */
export interface ListQuery extends OperationOptions {
  readonly now: number
  readonly userId?: string
  /** The most entries of a page, at least 1; a store may answer fewer. Default 100. */
  readonly limit?: number
  /** Where the page before this one ended. */
  readonly cursor?: string
}

/** One page of entries with their keys. No `cursor`: it was the last one. */
export interface Page {
  readonly entries: readonly (readonly [key: string, entry: Entry])[]
  readonly cursor?: string
}

/** What `clearExpired` has done so far. */
export interface Progress {
  readonly deleted: number
}

/** How `clearExpired` goes about it. */
export interface ClearExpiredOptions {
  /** Entries that expired at or before this instant are deleted. */
  readonly now: number
  /** The most rows one step deletes, at least 1. Default 1000, of SQLite 100. */
  readonly batch?: number
  /** Once aborted, no further step begins: the run ends, quietly. */
  readonly signal?: AbortSignal
}

/** How `migrate` goes about it. */
export interface MigrateOptions {
  /** Only tells what it would do, and does nothing. */
  readonly dryRun?: boolean
}

/** How long whoever asks waits for the answer. */
export interface OperationOptions {
  /**
   * An instant of `performance.now()`. After it nobody waits any more: what was not sent yet need not be sent, and a connection whose answer
   * is still to come is best ended, for it may never come. A store that cannot do any of that may ignore it.
   */
  readonly deadline?: number
}

/** What a store with ids of its own making is told of the manager it works for. */
export interface StoreContext {
  /** Random text of so many characters of base64url. */
  readonly randomText: (length: number) => string
  readonly now: () => number
  /** Tells the cookies of managers apart: an id of one scope must be worthless in another. */
  readonly scope: string
  /** The longest a session lives, in milliseconds. */
  readonly absolute: number
  /** Another store that this one asks, with the manager's deadlines, and failing at once while it is away. */
  readonly guard: (store: Store) => GuardedStore
}

/** What one store may ask of another: `load`, `create` and `replace`, as they are of `Store`. */
export interface GuardedStore {
  load(key: string, now: number, options?: { readonly fresh?: boolean }): Promise<Entry | undefined>
  create(key: string, entry: Entry): Promise<Written | Refused>
  replace(key: string, entry: Entry, expected: Version, now: number): Promise<Written | Refused>
}

/** A store in the service of one manager, with the ids that lead to its rows. */
export interface AttachedStore {
  /** The store as this manager is to use it. */
  readonly store: Store
  /** How what the browser holds leads to its rows. */
  readonly ids: Ids
}

/**
 * Keeps rows by key. A store knows nothing of cookies, ids or properties.
 *
 * - Expiry is judged by the `now` that is given, never by a clock of the store's own. An entry is expired when `expiresAt <= now`.
 * - Keys are compared exactly: case, padding and every character count.
 * - A refusal is a value. Whatever is thrown means that the outcome is unknown, unless it is a `StoreError` with `applied: false`:
 *   then the operation surely had no effect and never will.
 *
 * `storeSuite` of `sojourn/testing` holds a test for every clause of this page.
 */
export interface Store {
  readonly capabilities: Capabilities
  /** Only for a store with ids of its own making: this store as one manager uses it. Every store that `carriesData` has it. */
  attach?(service: StoreContext): AttachedStore
  /** The entry, or `undefined` when there is none or it is expired. `fresh` goes past every cache. */
  load(key: string, now: number, options?: OperationOptions & { readonly fresh?: boolean }): Promise<Entry | undefined>
  /** Adds a row; `taken` when the key has one, expired or not. Never overwrites. */
  create(key: string, entry: Entry, patience?: OperationOptions): Promise<Written | Refused>
  /**
   * Replaces the row if its version is `expected` and it is not expired; `missing` or `stale` otherwise. Never creates. The reason and the
   * entry of a refusal may be newer than the refusal itself.
   */
  replace(key: string, entry: Entry, expected: Version, now: number, patience?: OperationOptions): Promise<Written | Refused>
  /** `replace` that also moves the row to another key, in the same step; `taken` when that has a row. With `capabilities.renames`. */
  rename?(
    keys: readonly [from: string, to: string],
    entry: Entry,
    expected: Version,
    now: number,
    patience?: OperationOptions,
  ): Promise<Written | Refused>
  /**
   * Moves `expiresAt` ahead and sets `seenAt` to `now`, if the version is `expected` and the row is not expired; the version stays.
   * Never shortens: an `expiresAt` before the row's own changes nothing and answers `false`; the very same one moves `seenAt` alone.
   */
  touch(key: string, expiresAt: number, expected: Version, now: number, patience?: OperationOptions): Promise<boolean>
  /** Deletes the row, whatever its version. `true` when there was one. */
  delete(key: string, patience?: OperationOptions): Promise<boolean>
  /** Deletes every session of the user that was committed before the call, but for the key `except`; answers how many. */
  deleteUser?(userId: string, options?: OperationOptions & { readonly except?: string }): Promise<number>
  /** One page of the entries that are not expired, of one user where the query names one. */
  list?(query: ListQuery): Promise<Page>
  /** Deletes expired rows in batches, one batch a step, telling the total after each. Never one long lock. */
  clearExpired?(options: ClearExpiredOptions): AsyncIterable<Progress>
  /** How many rows `clearExpired` would delete. Locks nothing. */
  countExpired?(now: number): Promise<number>
  /**
   * Creates what the rows need where it is missing, tables and indexes, and answers the statements that did it: an empty text when nothing
   * was missing. May run any number of times, anywhere, at once. What has the table's name and is not a store's is left alone and thrown.
   */
  migrate?(options?: MigrateOptions): Promise<string>
  /** Ends what the store itself opened, never what it was given. A second call does nothing. */
  close?(): Promise<void>
}
