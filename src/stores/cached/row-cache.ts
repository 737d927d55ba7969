import { monotonic } from '../../core/base/clock.ts'
import { messageOf } from '../../core/base/realms.ts'
import type { ClearExpiredOptions, Entry, Store } from '../../core/store/store.ts'
import { TimedStore } from '../../core/store/timed-store.ts'
import { type CacheRow, toEntry, tombstone, toRow } from './cache-row.ts'

/** The time limit of an operation of the cache, in milliseconds. */
const CACHE_TIMEOUT = 200

/** Reads rows whether or not they have expired. */
const ANY_TIME = 0
/** Attempts to write a tombstone while other processes write the same row. */
const MAX_TRIES = 50
/** Keys with pending tombstones that are remembered while the cache is not available. */
const MAX_PENDING = 10_000

/**
 * The rows of a cache. A row never replaces a row that its writer has not read:
 *
 * - A reader first reads the row, then asks the store, and writes the entry only in place of that
 *   same row (or of none).
 * - A writer of the store writes a tombstone over any row. An entry that was read before the change
 *   then finds another row.
 *
 * A row stays for as long as an older entry could be served. A late entry therefore always finds a
 * newer row and is discarded.
 */
export class RowCache {
  readonly #cache: TimedStore
  readonly #canClear: boolean
  readonly #maxStale: number
  readonly #warn: (message: string) => void
  /**
   * Keys whose tombstones the cache did not accept, and the time of `monotonic()` after which their
   * rows are not served.
   */
  readonly #pending = new Map<string, number>()
  #latest: number | undefined
  #isFailing = false

  constructor(cache: Store, maxStale: number, warn: (message: string) => void) {
    this.#cache = new TimedStore(cache, CACHE_TIMEOUT, ({ type }) => (type === 'store-up' ? this.#flushPending() : undefined), 'cache')
    this.#canClear = cache.clearExpired !== undefined
    this.#maxStale = maxStale
    this.#warn = warn
  }

  /** Records the time of an operation, for operations such as `delete` that have none. */
  observeTime(now: number): void {
    this.#latest = Math.max(now, this.#latest ?? now)
  }

  /**
   * Returns the cached entry, or else the entry that `load` returns, which is then cached in the
   * background.
   */
  async read(key: string, now: number, epoch: string, load: () => Promise<Entry | undefined>): Promise<Entry | undefined> {
    if (this.#pending.has(key)) await this.invalidate(key)
    if (this.#pending.has(key)) return load() // the row may be older than a change of this process
    const row = await this.#find(key)
    if (row === 'unknown') return load()
    const cached = toEntry(row, now, epoch, this.#maxStale)
    if (cached !== undefined) return cached
    const entry = await load()
    if (entry !== undefined) void this.#fill(key, toRow(entry, now, epoch, this.#maxStale), row)
    return entry
  }

  /** Writes a tombstone over any row. If that fails, the tombstone stays pending. Never rejects. */
  readonly invalidate: (key: string) => Promise<void> = coalesce(async (key) => {
    try {
      await this.#writeTombstone(key)
      this.#pending.delete(key)
      this.#succeeded()
    } catch (error) {
      this.#addPending(key)
      this.#failed(error)
    }
  })

  /** Deletes expired rows. Rows that block older entries have not expired. Never rejects. */
  async clear(options: ClearExpiredOptions): Promise<void> {
    if (!this.#canClear) return
    try {
      for await (const _ of this.#cache.clearExpired(options)) continue
    } catch (error) {
      this.#failed(error)
    }
  }

  async #find(key: string): Promise<CacheRow | undefined | 'unknown'> {
    try {
      return await this.#cache.load({ key, now: ANY_TIME })
    } catch (error) {
      this.#failed(error)
      return 'unknown'
    }
  }

  async #fill(key: string, row: CacheRow, seen: CacheRow | undefined): Promise<void> {
    try {
      await this.#write(key, row, seen)
      this.#succeeded()
    } catch (error) {
      this.#failed(error)
    }
  }

  async #writeTombstone(key: string): Promise<void> {
    const row = tombstone(this.#latest ?? Date.now(), this.#maxStale)
    let seen = await this.#cache.load({ key, now: ANY_TIME })
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const result = await this.#write(key, row, seen)
      if (result.ok) return
      seen = result.reason === 'stale' ? result.current : await this.#cache.load({ key, now: ANY_TIME })
    }
    throw new Error(`a row changed ${MAX_TRIES} times before a tombstone could replace it`)
  }

  /**
   * Replaces the row `seen`. The operation uses a time at which that row was not expired, because
   * an expired row must block older entries too.
   */
  #write(key: string, row: CacheRow, seen: CacheRow | undefined): ReturnType<TimedStore['replace']> {
    if (seen === undefined) return this.#cache.create({ key, entry: row })
    return this.#cache.replace({ key, entry: row, expected: seen.version, now: Math.min(row.seenAt, seen.expiresAt - 1) })
  }

  #addPending(key: string): void {
    const [oldest] = this.#pending.keys()
    if (this.#pending.size >= MAX_PENDING && oldest !== undefined) this.#pending.delete(oldest)
    this.#pending.delete(key) // so that it becomes the newest
    this.#pending.set(key, monotonic() + this.#maxStale)
  }

  #flushPending(): void {
    const now = monotonic()
    for (const [key, servedUntil] of this.#pending) {
      if (servedUntil <= now) this.#pending.delete(key)
      else void this.invalidate(key)
    }
  }

  #succeeded(): void {
    if (!this.#isFailing) return
    this.#isFailing = false
    this.#flushPending()
  }

  #failed(error: unknown): void {
    if (this.#isFailing) return
    this.#isFailing = true
    const reason = messageOf(error)
    this.#warn(`CachedStore: the cache failed, so reads go to the store until it works again. ${reason}`)
  }
}

interface Run {
  readonly done: Promise<void>
  next?: Promise<void>
}

/**
 * Runs `work` once at a time for each key. Calls during a run share the next one, so every call
 * resolves after a run that began after it. `work` must not reject.
 */
function coalesce(work: (key: string) => Promise<void>): (key: string) => Promise<void> {
  const runs = new Map<string, Run>()
  const start = (key: string): Promise<void> => {
    const run: Run = { done: work(key).then(() => void (run.next === undefined ? runs.delete(key) : undefined)) }
    runs.set(key, run)
    return run.done
  }
  return function runOnce(key) {
    const current = runs.get(key)
    if (current === undefined) return start(key)
    current.next ??= current.done.then(() => start(key))
    return current.next
  }
}
