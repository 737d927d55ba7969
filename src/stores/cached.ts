import { DURATION_FORMS, type Duration, milliseconds } from '../core/base/duration.ts'
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
import { type Era, servedBy } from './cached/cached-record.ts'
import { CachedRows } from './cached/cached-rows.ts'
import { type Invalidation, Listening } from './cached/invalidation.ts'
import { invalidOption, refuseUnknownOptions } from './shared/check-options.ts'
import { warn } from './shared/warn.ts'

export type { Invalidation } from './cached/invalidation.ts'
export { type PgListener, type PostgresInvalidationOptions, postgresInvalidation } from './cached/postgres-invalidation.ts'
export {
  type IoRedisSubscriber,
  type NodeRedisSubscriber,
  type RedisInvalidationOptions,
  type RedisPublisher,
  redisInvalidation,
} from './cached/redis-invalidation.ts'

/** Of which two stores a `CachedStore` is made, and how old an answer may be. */
export interface CachedStoreOptions {
  /** Where sessions are kept. What it says is true. */
  readonly store: Store
  /**
   * Where they are found sooner: a `RedisStore` with a `prefix` of its own, that all processes share, or a `MemoryStore` for this process
   * alone. It may forget at any time.
   */
  readonly cache: Store
  /** The oldest that what a request reads may be: seconds, or a text such as `'30s'`. */
  readonly maxStale: Duration
  /**
   * Tells the processes what to drop from the caches they have for themselves, so that a logout reaches them at once. While it is not
   * heard the cache is not used. A cache that all processes share needs none.
   */
  readonly invalidation?: Invalidation
  /** Is told when the cache fails, or misses what other processes tell. Default: `console.warn`. */
  readonly onWarning?: (message: string) => void
}

/**
 * Keeps sessions in one store and finds them in another, faster one. Only plain reads are answered by the cache. Writes, `claim`, `login`,
 * `reload()` and `update` are judged by the store alone, so nothing is lost; but what a request reads may be up to `maxStale` old.
 *
 * ```ts
 * const cache = new RedisStore({ client, prefix: 'cached:', onWarning: () => {} })
 * app.use(session({ store: new CachedStore({ store: new PostgresStore({ pool }), cache, maxStale: '30s' }) }))
 * ```
 *
 * Through one and the same cache every change is seen at once, as without it. Where processes have a cache each, one sees what another
 * changed within `maxStale`: a session that was flushed there can still be read here for so long, but never be changed. With
 * `invalidation` it is gone as soon as the message has come.
 *
 * A cache that fails, or takes longer than 200 ms, costs nobody the session: the store answers. A store that fails is not covered up: what is
 * cached may still be read, until the manager has noticed; then whoever needs a session gets the store's error, as without a cache.
 *
 * `close()` ends the invalidation and lets go of both stores, which the last one to use them closes; clients and pools stay the
 * application's.
 *
 * @throws ConfigError when an option cannot be used.
 */
export class CachedStore implements Store {
  readonly capabilities: Capabilities
  readonly list?: NonNullable<Store['list']>
  readonly deleteByIndex?: NonNullable<Store['deleteByIndex']>
  readonly clearExpired?: NonNullable<Store['clearExpired']>
  readonly countExpired?: NonNullable<Store['countExpired']>
  readonly migrate?: NonNullable<Store['migrate']>
  readonly #store: Store
  readonly #rows: CachedRows
  readonly #maxStale: number
  readonly #listening: Listening | undefined
  readonly #releases: readonly (() => Promise<void>)[]

  constructor(options: CachedStoreOptions) {
    const { store, cache, maxStale, invalidation, onWarning } = checked(options)
    this.capabilities = store.capabilities
    this.#store = store
    this.#maxStale = maxStale
    this.#rows = new CachedRows(cache, maxStale, onWarning)
    this.#listening = invalidation && new Listening(invalidation, (key) => void this.#rows.bury(key), onWarning)
    this.#releases = [retainStore(store), retainStore(cache)]
    if (store.list !== undefined) this.list = store.list.bind(store)
    if (store.deleteByIndex !== undefined) this.deleteByIndex = (operation) => this.#deleteByIndex(operation)
    if (store.clearExpired !== undefined) this.clearExpired = (rest) => this.#clearExpired(rest)
    if (store.countExpired !== undefined) this.countExpired = store.countExpired.bind(store)
    if (store.migrate !== undefined) this.migrate = store.migrate.bind(store)
  }

  async load(operation: Load): Promise<Entry | undefined> {
    const { key, now, fresh } = operation
    this.#rows.hearTime(now)
    const ask = (): Promise<Entry | undefined> => this.#store.load(operation)
    // What was found past the cache may be newer than what is in it, a write whose answer was lost.
    if (fresh === true) return this.#changing(key, ask)
    const era = this.#era()
    if (era === undefined || (await this.#rows.isBehind(key))) return ask()
    const row = await this.#rows.look(key)
    if (row === 'unknown') return ask()
    const served = servedBy(row, now, era)
    if (served !== undefined) return served
    const found = await ask()
    if (found !== undefined) void this.#rows.fill(key, found, row, now, era) // nobody waits for it
    return found
  }

  create(operation: Create): Promise<Written | Refused> {
    this.#rows.hearTime(operation.entry.seenAt)
    return this.#store.create(operation) // what was not there is in no cache
  }

  replace(operation: Replace): Promise<Written | Refused> {
    this.#rows.hearTime(operation.now)
    return this.#changing(operation.key, () => this.#store.replace(operation))
  }

  touch(operation: Touch): Promise<boolean> {
    this.#rows.hearTime(operation.now)
    return this.#changing(operation.key, () => this.#store.touch(operation))
  }

  delete(operation: Keyed): Promise<boolean> {
    return this.#changing(operation.key, () => this.#store.delete(operation))
  }

  async close(): Promise<void> {
    await this.#listening?.close()
    for (const release of this.#releases) await release()
  }

  /** The era of what is cached now; `undefined` while the cache is not to be trusted. */
  #era(): Era | undefined {
    const name = this.#listening === undefined ? '' : this.#listening.era
    return name === undefined ? undefined : { name, maxStale: this.#maxStale }
  }

  /** Whatever becomes of it, and also when it fails: what was cached may be old now. */
  async #changing<T>(key: string, change: () => Promise<T>): Promise<T> {
    try {
      return await change()
    } finally {
      await this.#drop(key)
    }
  }

  async #drop(key: string): Promise<void> {
    await Promise.all([this.#rows.bury(key), this.#listening?.tell(key)])
  }

  /** Sessions assigned to this user between the two steps did not exist at the time of the call. */
  async #deleteByIndex(operation: DeleteByIndex): Promise<number> {
    const keys = await this.#keysOf(operation)
    try {
      return (await this.#store.deleteByIndex?.(operation)) ?? 0
    } finally {
      await Promise.all(keys.filter((key) => key !== operation.except).map((key) => this.#drop(key)))
    }
  }

  async #keysOf({ index, name, deadline }: DeleteByIndex): Promise<string[]> {
    const keys: string[] = []
    let cursor: string | undefined
    do {
      const page = await this.#store.list?.({ now: 0, index, name, cursor, deadline })
      keys.push(...(page?.entries.map(([key]) => key) ?? []))
      cursor = page?.cursor
    } while (cursor !== undefined)
    return keys
  }

  async *#clearExpired(options: ClearExpiredOptions): AsyncGenerator<Progress, void, undefined> {
    this.#rows.hearTime(options.now)
    yield* this.#store.clearExpired?.(options) ?? []
    await this.#rows.clear(options)
  }
}

const OPTIONS = ['store', 'cache', 'maxStale', 'invalidation', 'onWarning']

interface Checked {
  readonly store: Store
  readonly cache: Store
  /** In milliseconds. */
  readonly maxStale: number
  readonly invalidation: Invalidation | undefined
  readonly onWarning: (message: string) => void
}

function checked(options: CachedStoreOptions): Checked {
  const given: Partial<CachedStoreOptions> = { ...options }
  refuseUnknownOptions('CachedStore', given, OPTIONS)
  const { store, cache, invalidation, onWarning = warn } = given
  if (!isStore(store))
    throw invalidOption(
      'CachedStore',
      'store',
      store,
      'Give the store that keeps the sessions, with compare-and-swap and keys that do not change.',
    )
  if (!isStore(cache) || cache === store)
    throw invalidOption(
      'CachedStore',
      'cache',
      cache,
      'Give a second store, not `store` itself, with compare-and-swap: a `MemoryStore` or a `RedisStore`.',
    )
  const maxStale = milliseconds(given.maxStale)
  if (maxStale === undefined) throw invalidOption('CachedStore', 'maxStale', given.maxStale, `Give a duration: ${DURATION_FORMS}.`)
  if (invalidation !== undefined && typeof invalidation.listen !== 'function')
    throw invalidOption('CachedStore', 'invalidation', invalidation, 'Give a `redisInvalidation` or a `postgresInvalidation`.')
  if (typeof onWarning !== 'function') throw invalidOption('CachedStore', 'onWarning', onWarning, 'Give a function that takes a text.')
  return { store, cache, maxStale, invalidation, onWarning }
}

/** One that keeps rows under keys that never change. */
function isStore(store: Store | undefined): store is Store {
  const { capabilities } = store ?? {}
  const hasOwnIds = store?.attach !== undefined || capabilities?.carriesData === true || capabilities?.renames === true
  return typeof store?.load === 'function' && capabilities?.compareAndSwap === true && !hasOwnIds
}
