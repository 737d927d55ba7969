import { type Duration, milliseconds } from '../core/base/duration.ts'
import { aDuration, aFunction, checkOptions, invalidOption, type OptionTable, satisfies } from '../core/base/option-checks.ts'
import { aChannel, type Channel, type Subscription } from '../core/store/channel.ts'
import { retainStore } from '../core/store/retain-store.ts'
import type {
  Capabilities,
  ClearExpiredOptions,
  Create,
  DeleteByIndex,
  Entry,
  Keyed,
  Load,
  Progress,
  Refused,
  Replace,
  Store,
  Touch,
  Written,
} from '../core/store/store.ts'
import { RowCache } from './cached/row-cache.ts'
import { forwardedMethods } from './shared/forwarded-methods.ts'
import { warn } from './shared/store-options.ts'

/** Options of `CachedStore`. */
export interface CachedStoreOptions {
  /** The store that keeps the sessions. Only its rows decide whether a write succeeds. */
  readonly store: Store
  /**
   * The faster store for reads: a `RedisStore` with a different `prefix`, which all processes
   * share, or a `MemoryStore` for this process alone. It may lose rows at any time.
   */
  readonly cache: Store
  /** The maximum age of an entry that a request reads, such as `'30s'`. */
  readonly maxStale: Duration
  /**
   * Informs the other processes which keys to drop from their caches, so that a logout reaches them
   * at once: a `redisChannel` or a `postgresChannel` of `sojourn/channels`. While the channel is
   * interrupted, reads go to the store. A cache that all processes share needs no channel. Pass the
   * same channel to `createSessions`, which needs it for `sessions.watch`.
   */
  readonly channel?: Channel
  /**
   * Called with a text when the cache fails or the channel is interrupted. Default: `console.warn`.
   */
  readonly onWarning?: (message: string) => void
}

/**
 * Keeps sessions in one store and reads them from another, faster one. Only plain reads use the
 * cache. Writes, `claim`, `login`, `reload()` and `update` use the store, so no update is lost. The
 * properties that a request reads may be up to `maxStale` old.
 *
 * ```ts
 * const cache = new RedisStore({ client, prefix: 'cached:', onWarning: () => {} })
 * app.use(session({ store: new CachedStore({ store: new PostgresStore({ pool }), cache, maxStale: '30s' }) }))
 * ```
 *
 * With one cache for all processes every change is visible at once, as without a cache. With a
 * cache for each process, a change of another process becomes visible within `maxStale`: until then
 * a flushed session can still be read there, but not changed. With `channel` it becomes visible as
 * soon as the message arrives.
 *
 * When the cache fails or takes longer than 200 ms, the store is used. When the store fails, cached
 * sessions can be read until the manager detects the failure. After that, requests get the error of
 * the store, as without a cache.
 *
 * `close()` leaves the channel and releases both stores. The last user of a store closes it.
 * Clients and pools are left to the application.
 *
 * @throws ConfigError when an option is invalid.
 */
export class CachedStore implements Store {
  readonly capabilities: Capabilities
  readonly list?: NonNullable<Store['list']>
  readonly deleteByIndex?: NonNullable<Store['deleteByIndex']>
  readonly clearExpired?: NonNullable<Store['clearExpired']>
  readonly countExpired?: NonNullable<Store['countExpired']>
  readonly describe?: NonNullable<Store['describe']>
  readonly migrate?: NonNullable<Store['migrate']>
  readonly #store: Store
  readonly #cache: RowCache
  readonly #channel: Subscription | undefined
  readonly #releases: readonly (() => Promise<void>)[]

  constructor(options: CachedStoreOptions) {
    const { store, cache, channel, onWarning = warn, ...given } = checkOptions(options, OPTIONS)
    if (cache === store) throw invalidOption('CachedStore', 'cache', cache, 'pass a second store, not the one that is `store`')
    const maxStale = Number(milliseconds(given.maxStale))
    this.capabilities = { ...store.capabilities, caches: true }
    this.#store = store
    this.#cache = new RowCache(cache, maxStale, onWarning)
    this.#channel = channel?.subscribe({
      onMessage: (kind, key) => (kind === 'user-ended' ? undefined : void this.#cache.invalidate(key)),
      onInterrupt: () => onWarning(INTERRUPTED),
    })
    this.#releases = [retainStore(store), retainStore(cache)]
    if (store.deleteByIndex !== undefined) this.deleteByIndex = (operation) => this.#deleteByIndex(operation)
    if (store.clearExpired !== undefined) this.clearExpired = (rest) => this.#clearExpired(rest)
    Object.assign(this, forwardedMethods(store, ['list', 'countExpired', 'describe', 'migrate']))
  }

  async load(operation: Load): Promise<Entry | undefined> {
    const { key, now, fresh } = operation
    this.#cache.observeTime(now)
    const load = (): Promise<Entry | undefined> => this.#store.load(operation)
    // A fresh load may find a newer entry than the cache has, such as a write whose reply was lost.
    if (fresh === true) return this.#thenInvalidate(key, load)
    const epoch = this.#channel === undefined ? '' : this.#channel.epoch
    return epoch === undefined ? load() : this.#cache.read(key, now, epoch, load)
  }

  /** The cache needs no change, because it has no row for a key that did not exist. */
  create(operation: Create): Promise<Written | Refused> {
    this.#cache.observeTime(operation.entry.seenAt)
    return this.#store.create(operation)
  }

  replace(operation: Replace): Promise<Written | Refused> {
    this.#cache.observeTime(operation.now)
    return this.#thenInvalidate(operation.key, () => this.#store.replace(operation))
  }

  touch(operation: Touch): Promise<boolean> {
    this.#cache.observeTime(operation.now)
    return this.#thenInvalidate(operation.key, () => this.#store.touch(operation))
  }

  delete(operation: Keyed): Promise<boolean> {
    return this.#thenInvalidate(operation.key, () => this.#store.delete(operation))
  }

  /** Leaves the channel and releases both stores. */
  async close(): Promise<void> {
    await this.#channel?.close()
    for (const release of this.#releases) await release()
  }

  /** Invalidates the key even if the operation fails, because it may have had an effect. */
  async #thenInvalidate<T>(key: string, operation: () => Promise<T>): Promise<T> {
    try {
      return await operation()
    } finally {
      await this.#invalidate(key)
    }
  }

  async #invalidate(key: string): Promise<void> {
    await Promise.all([this.#cache.invalidate(key), this.#channel?.publish('changed', key)])
  }

  /** Sessions assigned to this user between the two steps did not exist at the time of the call. */
  async #deleteByIndex(operation: DeleteByIndex): Promise<number> {
    const keys = await this.#keysOf(operation)
    try {
      return (await this.#store.deleteByIndex?.(operation)) ?? 0
    } finally {
      await Promise.all(keys.filter((key) => key !== operation.except).map((key) => this.#invalidate(key)))
    }
  }

  async #keysOf({ index, name, deadline }: DeleteByIndex): Promise<string[]> {
    const keys: string[] = []
    let cursor: string | undefined
    do {
      const page = await this.#store.list?.({ now: 0, index, name, limit: 1000, cursor, deadline })
      keys.push(...(page?.entries.map(([key]) => key) ?? []))
      cursor = page?.cursor
    } while (cursor !== undefined)
    return keys
  }

  async *#clearExpired(options: ClearExpiredOptions): AsyncGenerator<Progress, void, undefined> {
    this.#cache.observeTime(options.now)
    yield* this.#store.clearExpired?.(options) ?? []
    await this.#cache.clear(options)
  }
}

const INTERRUPTED =
  'CachedStore: the channel was interrupted, so changes of other processes may be missed. Reads go to the store until it works again.'

const OPTIONS: OptionTable = {
  owner: 'CachedStore',
  required: ['store', 'cache', 'maxStale'],
  checks: {
    store: satisfies(isCacheable, 'pass the store that keeps the sessions, with compare-and-swap and constant keys'),
    cache: satisfies(isCacheable, 'pass a second store with compare-and-swap: a `MemoryStore` or a `RedisStore`'),
    maxStale: aDuration,
    channel: aChannel,
    onWarning: aFunction,
  },
}

/** Whether the store keeps rows under keys that never change. */
function isCacheable(value: unknown): boolean {
  const store = value as Partial<Store> | null | undefined
  const { capabilities } = store ?? {}
  const hasOwnIds = store?.attach !== undefined || capabilities?.carriesData === true || capabilities?.renames === true
  return typeof store?.load === 'function' && capabilities?.compareAndSwap === true && !hasOwnIds
}
