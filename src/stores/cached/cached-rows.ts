import { monotonic } from '../../core/base/clock.ts'
import type { ClearExpiredOptions, Entry, Store } from '../../core/store/store.ts'
import { TimedStore } from '../../core/store/timed-store.ts'
import { type CachedRow, type Era, rowOf, tombstone } from './cached-record.ts'
import { SharedRuns } from './shared-runs.ts'

/** The milliseconds for which anybody waits for a cache, and for what carries invalidations. */
export const CACHE_PATIENCE = 200

/** Before every instant: rows are looked at whether or not they are served any more. */
const EVER = 0
/** Each time another came in between. */
const MOST_TRIES = 50
/** The most keys whose tombstones are remembered while the cache does not take them. */
const MOST_OWED = 10_000

/**
 * The rows of a cache. What is put there never takes the place of what its writer did not see:
 *
 * - Whoever fills looks at the row first, then asks the store, and puts the answer only in the place of that very row (or of none).
 * - Whoever changed the store puts a tombstone, whatever is there. So an answer from before the change finds another row than it saw.
 *
 * A row stays for as long as an older answer could be served, so no answer that comes late, however late, finds its place empty again.
 */
export class CachedRows {
  readonly #cache: TimedStore
  readonly #canClear: boolean
  readonly #maxStale: number
  readonly #warn: (message: string) => void
  /** Tombstones that the cache did not take, and until when somebody could miss them. */
  readonly #owed = new Map<string, { readonly deadline: number }>()
  readonly #burials = new SharedRuns((key) => this.#bury(key))
  #latest: number | undefined
  #isInTrouble = false

  constructor(cache: Store, maxStale: number, warn: (message: string) => void) {
    this.#cache = new TimedStore(cache, CACHE_PATIENCE, ({ type }) => (type === 'store-up' ? this.#payAll() : undefined))
    this.#canClear = cache.clearExpired !== undefined
    this.#maxStale = maxStale
    this.#warn = warn
  }

  /** Hears what time it is; a deletion is not told. */
  hearTime(now: number): void {
    this.#latest = Math.max(now, this.#latest ?? now)
  }

  /** Whether the row may be older than a change this process made. Tries to mend that. */
  async isBehind(key: string): Promise<boolean> {
    if (this.#owed.size === 0 || !this.#owed.has(key)) return false
    await this.bury(key)
    return this.#owed.has(key)
  }

  /** The row, served or not. `'unknown'` when the cache does not tell. */
  async look(key: string): Promise<CachedRow | undefined | 'unknown'> {
    try {
      return await this.#cache.load({ key, now: EVER })
    } catch (error) {
      this.#failed(error)
      return 'unknown'
    }
  }

  /** Puts an entry in the place of the row that was seen before the store was asked. Never throws. */
  async fill(key: string, entry: Entry, seen: CachedRow | undefined, askedAt: number, era: Era): Promise<void> {
    const row = rowOf(entry, askedAt, era)
    try {
      await (seen === undefined ? this.#cache.create({ key, entry: row }) : this.#putOver(key, row, seen))
      this.#worked()
    } catch (error) {
      this.#failed(error)
    }
  }

  /** Puts a tombstone, whatever is there; what the cache does not take is owed. Never throws. */
  bury(key: string): Promise<void> {
    return this.#burials.ask(key)
  }

  async #bury(key: string): Promise<void> {
    const debt = this.#owed.get(key)
    try {
      await this.#putTombstone(key)
      if (this.#owed.get(key) === debt) this.#owed.delete(key)
      this.#worked()
    } catch (error) {
      this.#owe(key)
      this.#failed(error)
    }
  }

  /** Makes room; rows that are still in somebody's way stay. Never throws. */
  async clear(options: ClearExpiredOptions): Promise<void> {
    if (!this.#canClear) return
    try {
      for await (const _ of this.#cache.clearExpired(options)) continue
    } catch (error) {
      this.#failed(error)
    }
  }

  async #putTombstone(key: string): Promise<void> {
    const stone = tombstone(this.#latest ?? Date.now(), this.#maxStale)
    let seen = await this.#cache.load({ key, now: EVER })
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const answer = await (seen === undefined ? this.#cache.create({ key, entry: stone }) : this.#putOver(key, stone, seen))
      if (answer.ok) return
      seen = answer.reason === 'stale' ? answer.current : await this.#cache.load({ key, now: EVER })
    }
    throw new Error(`a row changed ${MOST_TRIES} times before a tombstone could take its place`)
  }

  /** At an instant at which the row was not expired: one that is not served any more is still in the way of what is older. */
  #putOver(key: string, row: CachedRow, seen: CachedRow): ReturnType<TimedStore['replace']> {
    return this.#cache.replace({ key, entry: row, expected: seen.version, now: Math.min(row.seenAt, seen.expiresAt - 1) })
  }

  #owe(key: string): void {
    const [oldest] = this.#owed.keys()
    if (this.#owed.size >= MOST_OWED && oldest !== undefined) this.#owed.delete(oldest)
    this.#owed.delete(key) // so that it is the newest
    this.#owed.set(key, { deadline: monotonic() + this.#maxStale })
  }

  #payAll(): void {
    const now = monotonic()
    for (const [key, { deadline }] of this.#owed) {
      if (deadline <= now) this.#owed.delete(key)
      else void this.bury(key)
    }
  }

  #worked(): void {
    if (!this.#isInTrouble) return
    this.#isInTrouble = false
    this.#payAll()
  }

  #failed(error: unknown): void {
    if (this.#isInTrouble) return
    this.#isInTrouble = true
    const reason = error instanceof Error ? error.message : String(error)
    this.#warn(`The cache of the session store failed; meanwhile the store itself is asked. ${reason}`)
  }
}
