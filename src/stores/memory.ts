import { LRUCache } from 'lru-cache'
import { checkOptions, type OptionTable, wholeNumber } from '../core/base/option-checks.ts'
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
import { results, toPage } from './shared/results.ts'

/** How much a `MemoryStore` keeps. */
export interface MemoryStoreOptions {
  /** The most sessions kept. Beyond it the one that was not used for the longest time is dropped. Default 100,000. */
  readonly max?: number
}

const OPTIONS: OptionTable = { owner: 'MemoryStore', checks: { max: wholeNumber('sessions') } }

/**
 * Keeps sessions in the memory of this process: for tests, development, and servers of one process that may forget on a restart.
 *
 * It holds at most `max` sessions; a further one drops the least recently loaded or written, live or expired, and whoever is in
 * the middle of changing the dropped session is told that it is gone. Expired sessions stay until `clearExpired`, or until they are
 * dropped that way.
 *
 * ```ts
 * app.use(session({ store: new MemoryStore({ max: 10_000 }) }))
 * ```
 *
 * @throws ConfigError when an option cannot be used.
 */
export class MemoryStore implements Store {
  readonly capabilities: Capabilities = { compareAndSwap: true, list: true, indexes: ['userId'], carriesData: false }
  readonly #rows: LRUCache<string, Entry>
  readonly #keysOfUser: Map<string, Set<string>> = new Map()

  constructor(options: MemoryStoreOptions = {}) {
    const { max = 100_000 } = checkOptions(options, OPTIONS)
    this.#rows = new LRUCache({ max, noDisposeOnSet: true, dispose: (entry, key) => this.#unlink(key, entry.userId) })
  }

  async load({ key, now }: Load): Promise<Entry | undefined> {
    const entry = this.#rows.get(key)
    return entry !== undefined && entry.expiresAt > now ? entry : undefined
  }

  async create({ key, entry }: Create): Promise<Written | Refused> {
    if (this.#rows.has(key)) return results.taken
    this.#rows.set(key, copyOf(entry))
    this.#link(key, entry.userId)
    return results.written
  }

  async replace({ key, entry, expected, now }: Replace): Promise<Written | Refused> {
    const current = this.#live(key, now)
    if (current === undefined) return results.missing
    if (current.version !== expected) return results.stale(current)
    this.#rows.set(key, copyOf(entry))
    if (current.userId === entry.userId) return results.written
    this.#unlink(key, current.userId)
    this.#link(key, entry.userId)
    return results.written
  }

  async touch({ key, expiresAt, expected, now }: Touch): Promise<boolean> {
    const current = this.#live(key, now)
    if (current === undefined || current.version !== expected || expiresAt < current.expiresAt) return false
    this.#rows.set(key, Object.freeze({ ...current, seenAt: now, expiresAt }))
    return true
  }

  async delete({ key }: Keyed): Promise<boolean> {
    return this.#rows.delete(key)
  }

  async deleteByIndex({ name, except }: DeleteByIndex): Promise<number> {
    const keys = [...(this.#keysOfUser.get(name) ?? [])].filter((key) => key !== except)
    for (const key of keys) this.#rows.delete(key)
    return keys.length
  }

  async list({ now, name, limit = 100, cursor }: List): Promise<Page> {
    const all = name === undefined ? this.#rows.keys() : (this.#keysOfUser.get(name) ?? [])
    const most = Math.max(1, limit)
    const keys = lowest(all, most + 1, (key) => (cursor === undefined || key > cursor) && this.#live(key, now) !== undefined)
    const found = keys.map((key) => [key, this.#rows.peek(key)] as [string, Entry])
    return toPage(found, most)
  }

  async *clearExpired({ now, batch = 1000, signal }: ClearExpiredOptions): AsyncGenerator<Progress, void, undefined> {
    const keys = [...this.#rows.keys()]
    let deleted = 0
    while (signal?.aborted !== true) {
      // As many are looked at in one step as it may delete: looking takes its time too.
      for (const key of keys.splice(-Math.max(1, batch))) {
        if (this.#live(key, now) === undefined && this.#rows.delete(key)) deleted += 1
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
    // Nothing is open. The sessions stay, for a manager that is closed and made again on the same store.
  }

  #live(key: string, now: number): Entry | undefined {
    const entry = this.#rows.peek(key)
    return entry !== undefined && entry.expiresAt > now ? entry : undefined
  }

  #link(key: string, userId: string | undefined): void {
    if (userId === undefined) return
    const keys = this.#keysOfUser.get(userId)
    if (keys === undefined) this.#keysOfUser.set(userId, new Set([key]))
    else keys.add(key)
  }

  #unlink(key: string, userId: string | undefined): void {
    if (userId === undefined) return
    const keys = this.#keysOfUser.get(userId)
    if (keys?.delete(key) === true && keys.size === 0) this.#keysOfUser.delete(userId)
  }
}

/** Frozen, so that one object can be handed to every caller and none can change what another sees. */
function copyOf(entry: Entry): Entry {
  return Object.freeze({ ...entry })
}

/** The `count` lowest of the wanted keys, in order, without ever sorting all of them. */
function lowest(keys: Iterable<string>, count: number, wanted: (key: string) => boolean): string[] {
  const found: string[] = []
  for (const key of keys) {
    if (!wanted(key)) continue
    found.push(key)
    if (found.length >= count * 2) found.sort().splice(count)
  }
  return found.sort().slice(0, count)
}
