import { monotonic } from './clock.ts'
import { ConfigError, StoreError, type StoreOperation } from './errors.ts'
import type { ClearExpiredOptions, Entry, ListQuery, Page, Progress, Refused, Store, Version, Written } from './store.ts'

/**
 * A store whose every operation ends in time: what takes longer than `limit` milliseconds, or past `until` (a `monotonic()` instant),
 * fails, and everything it throws is a `StoreError`. An operation that was given up may still take effect.
 */
export class TimedStore {
  readonly #store: Store
  readonly #limit: number

  constructor(store: Store, limit: number) {
    this.#store = store
    this.#limit = limit
  }

  /** Whether a new id is a new key. */
  get renames(): boolean {
    return this.#store.capabilities.renames === true
  }

  load(key: string, now: number, options?: { readonly fresh?: boolean }): Promise<Entry | undefined> {
    return this.#timed('load', () => this.#store.load(key, now, options))
  }

  create(key: string, entry: Entry, until?: number): Promise<Written | Refused> {
    return this.#timed('create', () => this.#store.create(key, entry), until)
  }

  /** In the place of `from`; under another key where that is what a new id means. */
  replace([from, to]: readonly [string, string], entry: Entry, expected: Version, now: number, until?: number): Promise<Written | Refused> {
    if (from === to) return this.#timed('replace', () => this.#store.replace(from, entry, expected, now), until)
    const rename = this.#store.rename?.bind(this.#store)
    if (rename === undefined) throw new ConfigError('This store cannot give a session another key (capability `renames`).')
    return this.#timed('replace', () => rename(from, to, entry, expected, now), until)
  }

  touch(key: string, expiresAt: number, expected: Version, now: number): Promise<boolean> {
    return this.#timed('touch', () => this.#store.touch(key, expiresAt, expected, now))
  }

  delete(key: string, until?: number): Promise<boolean> {
    return this.#timed('delete', () => this.#store.delete(key), until)
  }

  /** Throws `ConfigError` when the store cannot list what is asked for. */
  list(query: ListQuery): Promise<Page> {
    const list = this.#store.list?.bind(this.#store)
    if (list === undefined || (query.userId !== undefined && !this.#store.capabilities.users)) {
      throw new ConfigError('This store cannot list sessions by user (capability `users`).')
    }
    return this.#timed('list', () => list(query))
  }

  /** Throws `ConfigError` when the store does not know whose a session is. */
  deleteUser(userId: string, options: { readonly except?: string }): Promise<number> {
    const deleteUser = this.#store.deleteUser?.bind(this.#store)
    if (deleteUser === undefined) throw new ConfigError('This store cannot end the sessions of a user (capability `users`).')
    return this.#timed('deleteUser', () => deleteUser(userId, options))
  }

  /** Takes as long as it takes, batch by batch. Throws `ConfigError` when the store expires its sessions by itself. */
  async *clearExpired(options: ClearExpiredOptions): AsyncGenerator<Progress, void, undefined> {
    if (this.#store.clearExpired === undefined)
      throw new ConfigError('This store expires its sessions by itself; there is nothing to clear.')
    try {
      yield* this.#store.clearExpired(options)
    } catch (error) {
      throw asStoreError('clearExpired', error)
    }
  }

  async close(): Promise<void> {
    await this.#store.close?.()
  }

  #timed<T>(operation: StoreOperation, start: () => Promise<T>, until = Number.POSITIVE_INFINITY): Promise<T> {
    const left = until - monotonic()
    const limit = Math.max(1, Math.min(this.#limit, Math.ceil(left) + 1)) // past `until`, not a moment before it
    const option = left < this.#limit ? 'timeout.request' : 'timeout.operation'
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => reject(late(operation, limit, option)), limit)
      const fail = (error: unknown): void => {
        clearTimeout(timer)
        reject(asStoreError(operation, error))
      }
      try {
        const started: unknown = start()
        if (!(started instanceof Object && 'then' in started)) throw new TypeError(`${operation}() of the store has to return a promise`)
        ;(started as Promise<T>).then((value) => {
          clearTimeout(timer)
          resolve(value)
        }, fail)
      } catch (error) {
        fail(error)
      }
    })
  }
}

function asStoreError(operation: StoreOperation, error: unknown): StoreError {
  return error instanceof StoreError ? error : new StoreError(operation, error)
}

function late(operation: StoreOperation, limit: number, option: string): StoreError {
  return new StoreError(operation, undefined, {
    message: `The session store did not ${operation} within ${Math.round(limit)} ms (option \`${option}\`).`,
  })
}
