// Why: see session-data.ts; an application may import a store alone.
// oxlint-disable-next-line typescript/triple-slash-reference -- an import would not be in the declarations
/// <reference path="../../index.ts" preserve="true" />

import type { Entry, Refused, Version, Written } from './entry.ts'
import type { Ids } from './id.ts'

export type { Entry, Refused, Version, Written } from './entry.ts'

/** The fields of an entry by which a store can find sessions. */
export type IndexName = 'userId'

/**
 * The capabilities of a store. Verbs that need a missing capability throw an error that names it.
 */
export interface Capabilities {
  /**
   * `replace` writes only over the expected version. Without it, only expiry and deletion are
   * reliable.
   */
  readonly compareAndSwap: boolean
  /** The store has `list`. */
  readonly list: boolean
  /**
   * The indexes that `deleteByIndex` and `list` accept. If it is empty, the store has no
   * `deleteByIndex`.
   */
  readonly indexes: readonly IndexName[]
  /** The token contains the data, and every write returns a token for the browser. */
  readonly carriesData: boolean
  /**
   * Keys are the ids themselves, as in a table that another framework reads: a new id is a new key
   * (`newKey` of `replace`), and a request that has only the old id finds no session. Therefore a
   * flush rejects with `SessionEndedError` if the request had read the session and `delete` returns
   * `false`: the session may exist under a new key. If left out, a key is constant for the life of
   * its session.
   */
  readonly renames?: boolean
  /**
   * Rows may be lost before they expire, as in a memory of limited size. Such a store cannot
   * remember what must not be forgotten. If left out, rows stay until they expire or are deleted.
   */
  readonly evicts?: boolean
  /**
   * `load` may return an entry that is older than the newest write, unless it is `fresh`. If left
   * out, it returns the newest one.
   */
  readonly caches?: boolean
}

/** The fields of every operation. An operation is plain data. */
export interface Operation {
  /**
   * A time of `performance.now()`, after which the result is not used. An operation that was not
   * sent by then need not be sent. A connection that still waits for its response should be closed,
   * because the response may never arrive. A store that cannot do this may ignore the deadline.
   */
  readonly deadline?: number | undefined
}

/** An operation on one row. */
export interface Keyed extends Operation {
  /** The key of the row. */
  readonly key: string
}

/** See `Store.load`. */
export interface Load extends Keyed {
  /** The time at which expiry is judged, in epoch milliseconds. */
  readonly now: number
  /** Bypasses every cache. */
  readonly fresh?: boolean | undefined
  /**
   * Only checks whether the store responds; no request waits for the result. A store may then wait
   * longer for a connection that was lost than it does for a request.
   */
  readonly probe?: boolean | undefined
}

/** See `Store.create`. */
export interface Create extends Keyed {
  /** The row to add. */
  readonly entry: Entry
}

/** See `Store.replace`. */
export interface Replace extends Keyed {
  /** The key that the row gets in the same step. Only with the capability `renames`. */
  readonly newKey?: string | undefined
  /** The row to write. */
  readonly entry: Entry
  /** The version that the row must have. */
  readonly expected: Version
  /** The time at which expiry is judged, in epoch milliseconds. */
  readonly now: number
}

/** See `Store.touch`. */
export interface Touch extends Keyed {
  /** The new expiry, in epoch milliseconds. */
  readonly expiresAt: number
  /** The version that the row must have. */
  readonly expected: Version
  /** The time at which expiry is judged, in epoch milliseconds. */
  readonly now: number
}

/** See `Store.deleteByIndex`. */
export interface DeleteByIndex extends Operation {
  /** The index that is searched. */
  readonly index: IndexName
  /** The value of the index, such as the id of the user. */
  readonly name: string
  /** The key of a row that stays. */
  readonly except?: string | undefined
  /** Replaces each row in the same step, in place of deleting it. It has no index. */
  readonly tombstone?: Entry | undefined
}

/** See `Store.list`. */
export interface List extends Operation {
  /** The time at which expiry is judged, in epoch milliseconds. */
  readonly now: number
  /** Only entries of this index with the value `name`. Both are given, or neither. */
  readonly index?: IndexName | undefined
  /** The value of the index, such as the id of the user. */
  readonly name?: string | undefined
  /** The maximum number of entries of a page, at least 1; a store may return fewer. Default 100. */
  readonly limit?: number | undefined
  /** The `cursor` of the previous page. */
  readonly cursor?: string | undefined
}

/** See `Store.countExpired`. */
export interface CountExpired extends Operation {
  /** The time at which expiry is judged, in epoch milliseconds. */
  readonly now: number
}

/** The database of a store, for an operator. */
export interface StoreDescription {
  /** The name of the database with its version, such as `PostgreSQL 17.6`. */
  readonly server: string
  /** The time of its clock, in epoch milliseconds. Left out if it runs in this process. */
  readonly clock?: number
  /** What an administrator should change, each with the remedy. */
  readonly warnings: readonly string[]
}

/** One page of a list. */
export interface Page {
  /** The entries with their keys. */
  readonly entries: readonly (readonly [key: string, entry: Entry])[]
  /** Leads to the next page. The last page has none. */
  readonly cursor?: string
}

/** The progress of `clearExpired`. */
export interface Progress {
  /** The number of rows that were deleted since the start of the run. */
  readonly deleted: number
}

/** Options of `clearExpired`. */
export interface ClearExpiredOptions {
  /** Entries that expired at or before this time are deleted. */
  readonly now: number
  /** The maximum number of rows that one step deletes, at least 1. Default 1000, of SQLite 100. */
  readonly batch?: number
  /** Once aborted, no further step begins: the run ends without an error. */
  readonly signal?: AbortSignal
}

/** Options of `migrate`. */
export interface MigrateOptions {
  /** Returns the statements without executing them. */
  readonly dryRun?: boolean
}

/** The manager for which a store with its own ids is attached. */
export interface StoreContext {
  /** Random text of this many characters of base64url. */
  readonly randomText: (length: number) => string
  /** Returns the current time in epoch milliseconds. */
  readonly now: () => number
  /** The scope of the manager's cookie: an id of one scope must not be valid in another. */
  readonly scope: string
  /** The absolute lifetime of sessions, in milliseconds. */
  readonly absolute: number
  /**
   * Wraps another store that this one calls: its operations have the deadlines of the manager, and
   * fail at once while it is unavailable.
   */
  readonly guard: (store: Store) => GuardedStore
}

/**
 * The methods of another store that a store may call: `load`, `create` and `replace` of `Store`.
 */
export interface GuardedStore {
  load(operation: Load): Promise<Entry | undefined>
  create(operation: Create): Promise<Written | Refused>
  replace(operation: Replace): Promise<Written | Refused>
}

/** A store attached to one manager, with the ids that lead to its rows. */
export interface AttachedStore {
  /** The store for this manager. */
  readonly store: Store
  /** The ids that lead to the rows of the store. */
  readonly ids: Ids
}

/**
 * Keeps rows by key. A store does not use cookies, ids or properties.
 *
 * - Expiry is judged by the `now` of the operation, never by a clock of the store. An entry is
 *   expired when `expiresAt <= now`. With `now: 0`, `load` and `replace` find every row that was not
 *   cleared.
 * - Keys are compared exactly: case, padding and every character count.
 * - A refusal is a value. An error means that the outcome is unknown, unless it is a `StoreError`
 *   with `applied: false`: then the operation had no effect and never will.
 *
 * `storeSuite` of `sojourn/testing` has a test for every clause of this interface.
 */
export interface Store {
  /** The capabilities of this store. */
  readonly capabilities: Capabilities
  /**
   * Returns this store for one manager. Only for stores with their own ids; every store that
   * `carriesData` has it.
   */
  attach?(context: StoreContext): AttachedStore
  /** Returns the entry, or `undefined` if there is none or it is expired. */
  load(operation: Load): Promise<Entry | undefined>
  /** Adds a row; `taken` when the key has one, expired or not. Never overwrites. */
  create(operation: Create): Promise<Written | Refused>
  /**
   * Replaces the row if its version is `expected` and it is not expired; `missing` or `stale`
   * otherwise. Never creates. `reason` and `current` may come from a read after the refusal. With
   * `newKey` the row moves to that key in the same step; `taken` when that key has a row.
   */
  replace(operation: Replace): Promise<Written | Refused>
  /**
   * Extends `expiresAt` and sets `seenAt` to `now`, if the version is `expected` and the row is not
   * expired; the version stays. An earlier `expiresAt` than that of the row changes nothing and
   * returns `false`; an equal one changes only `seenAt`.
   */
  touch(operation: Touch): Promise<boolean>
  /** Deletes the row, whatever its version. Returns `true` when there was one. */
  delete(operation: Keyed): Promise<boolean>
  /**
   * Deletes every session of the index that was committed before the call, except the key `except`,
   * or replaces it by the `tombstone`; returns their number.
   */
  deleteByIndex?(operation: DeleteByIndex): Promise<number>
  /**
   * Returns one page of the entries that are not expired, in any order. If the operation names an
   * index, only its entries are returned, and among them every one whose write was acknowledged
   * before the call and that stays until the last page.
   */
  list?(operation: List): Promise<Page>
  /**
   * Deletes expired rows in batches, one batch a step, and yields the total after each. Does not
   * lock rows for longer than a batch.
   */
  clearExpired?(options: ClearExpiredOptions): AsyncIterable<Progress>
  /** Returns how many rows `clearExpired` would delete. Locks nothing. */
  countExpired?(operation: CountExpired): Promise<number>
  /** Describes the database. For operators; no request calls it. */
  describe?(operation?: Operation): Promise<StoreDescription>
  /**
   * Creates the tables and indexes that are missing, and returns the statements; an empty text if
   * nothing was missing. May run any number of times, concurrently. A table of the same name that
   * belongs to another application stays as it is, and throws.
   */
  migrate?(options?: MigrateOptions): Promise<string>
  /**
   * Closes the connections that the store itself opened, never those that it was given. Repeated
   * calls do nothing.
   */
  close?(): Promise<void>
}
