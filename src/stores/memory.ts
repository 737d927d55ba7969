import { LRUCache } from 'lru-cache'
import { checkOptions, type OptionTable, wholeNumber } from '../core/base/option-checks.ts'
import { results } from '../core/store/results.ts'
import type {
  Capabilities,
  ClearExpiredOptions,
  CountExpired,
  Create,
  DeleteByIndex,
  Entry,
  Keyed,
  List,
  Load,
  Page,
  Progress,
  Refused,
  Replace,
  Store,
  Touch,
  Written,
} from '../core/store/store.ts'
import { throttle } from './shared/delete-in-batches.ts'
import { OrderedKeys } from './shared/ordered-keys.ts'

/** Options of `MemoryStore`. */
export interface MemoryStoreOptions {
  /**
   * The maximum number of sessions. A further one replaces the least recently used one. Default
   * 100,000. With `Infinity` no session is replaced, and only `clearExpired` limits the memory.
   */
  readonly max?: number
}

const aMaximum = (max: unknown): string | undefined =>
  max === Number.POSITIVE_INFINITY ? undefined : wholeNumber('sessions, or Infinity')(max)

const OPTIONS: OptionTable = { owner: 'MemoryStore', checks: { max: aMaximum } }

/**
 * Keeps sessions in the memory of this process: for tests, development, and servers of one process
 * that may lose sessions at a restart.
 *
 * It holds at most `max` sessions. A further one replaces the least recently loaded or written one,
 * expired or not; a request that is changing that session gets a `SessionEndedError`. Expired
 * sessions stay until `clearExpired`, or until they are replaced.
 *
 * ```ts
 * app.use(session({ store: new MemoryStore({ max: 10_000 }) }))
 * ```
 *
 * @throws ConfigError when an option is invalid.
 */
export class MemoryStore implements Store {
  readonly capabilities: Capabilities
  readonly #rows: LRUCache<string, Entry>
  readonly #keys: OrderedKeys = new OrderedKeys()
  readonly #keysOfUser: Map<string, OrderedKeys> = new Map()

  constructor(options: MemoryStoreOptions = {}) {
    const { max = 100_000 } = checkOptions(options, OPTIONS)
    const evicts = max !== Number.POSITIVE_INFINITY
    const limits = evicts ? { max } : { maxSize: Number.MAX_SAFE_INTEGER, sizeCalculation: () => 1 }
    this.capabilities = { compareAndSwap: true, list: true, indexes: ['userId'], carriesData: false, evicts }
    this.#rows = new LRUCache({ ...limits, noDisposeOnSet: true, dispose: (entry, key) => this.#forget(key, entry) })
  }

  async load({ key, now }: Load): Promise<Entry | undefined> {
    const entry = this.#rows.get(key)
    return entry !== undefined && entry.expiresAt > now ? entry : undefined
  }

  async create({ key, entry }: Create): Promise<Written | Refused> {
    if (this.#rows.has(key)) return results.taken
    this.#rows.set(key, copyOf(entry))
    this.#keys.add(key)
    this.#link(key, entry.userId)
    return results.written
  }

  async replace({ key, entry, expected, now }: Replace): Promise<Written | Refused> {
    const current = this.#unexpired(key, now)
    if (current === undefined) return results.missing
    if (current.version !== expected) return results.stale(current)
    this.#write(key, entry, current.userId)
    return results.written
  }

  async touch({ key, expiresAt, expected, now }: Touch): Promise<boolean> {
    const current = this.#unexpired(key, now)
    if (current === undefined || current.version !== expected || expiresAt < current.expiresAt) return false
    this.#rows.set(key, Object.freeze({ ...current, seenAt: now, expiresAt }))
    return true
  }

  async delete({ key }: Keyed): Promise<boolean> {
    return this.#rows.delete(key)
  }

  async deleteByIndex({ name, except, tombstone }: DeleteByIndex): Promise<number> {
    const keys = [...(this.#keysOfUser.get(name)?.after() ?? [])].filter(([key]) => key !== except)
    for (const [key] of keys) {
      if (tombstone === undefined) this.#rows.delete(key)
      else this.#write(key, tombstone, name)
    }
    return keys.length
  }

  async list({ now, name, limit = 100, cursor }: List): Promise<Page> {
    const keys = name === undefined ? this.#keys : this.#keysOfUser.get(name)
    const size = Math.max(1, limit)
    const entries: [key: string, entry: Entry][] = []
    let last = cursor
    for (const [key, number] of keys?.after(cursor === undefined ? undefined : Number(cursor)) ?? []) {
      const entry = this.#unexpired(key, now)
      if (entry === undefined) continue
      if (entries.length === size) return { entries, ...(last !== undefined && { cursor: last }) }
      entries.push([key, entry])
      last = String(number)
    }
    return { entries }
  }

  async *clearExpired({ now, batch = 1000, signal }: ClearExpiredOptions): AsyncGenerator<Progress, void, undefined> {
    const keys = [...this.#rows.keys()]
    let deleted = 0
    while (signal?.aborted !== true) {
      // One step reads as many rows as it may delete, because reading takes time too.
      for (const key of keys.splice(-Math.max(1, batch))) {
        if (this.#unexpired(key, now) === undefined && this.#rows.delete(key)) deleted += 1
      }
      yield { deleted }
      if (keys.length === 0) return
      await throttle(0)
    }
  }

  async countExpired({ now }: CountExpired): Promise<number> {
    return [...this.#rows.values()].filter(({ expiresAt }) => expiresAt <= now).length
  }

  async close(): Promise<void> {
    // Nothing to close. The sessions stay, for another manager on the same store.
  }

  #unexpired(key: string, now: number): Entry | undefined {
    const entry = this.#rows.peek(key)
    return entry !== undefined && entry.expiresAt > now ? entry : undefined
  }

  /** Overwrites the row of a session of the user `before`. */
  #write(key: string, entry: Entry, before: string | undefined): void {
    this.#rows.set(key, copyOf(entry))
    if (before === entry.userId) return
    this.#unlink(key, before)
    this.#link(key, entry.userId)
  }

  #link(key: string, userId: string | undefined): void {
    if (userId === undefined) return
    const keys = this.#keysOfUser.get(userId)
    if (keys !== undefined) return keys.add(key)
    const first = new OrderedKeys()
    first.add(key)
    this.#keysOfUser.set(userId, first)
  }

  #forget(key: string, { userId }: Entry): void {
    this.#keys.delete(key)
    this.#unlink(key, userId)
  }

  #unlink(key: string, userId: string | undefined): void {
    if (userId === undefined) return
    const keys = this.#keysOfUser.get(userId)
    keys?.delete(key)
    if (keys?.size === 0) this.#keysOfUser.delete(userId)
  }
}

/**
 * Returns a frozen copy, so that all callers can share one object and none can change it for the
 * others.
 */
function copyOf(entry: Entry): Entry {
  return Object.freeze({ ...entry })
}
