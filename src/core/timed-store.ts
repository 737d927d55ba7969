import { ConfigError, StoreError, type StoreOperation } from './errors.ts'
import type { Entry, ListQuery, Page, Refused, Store, Version, Written } from './store.ts'

/**
 * A store whose every operation ends in time: what takes longer than `limit` milliseconds fails, and everything it throws is a
 * `StoreError`. An operation that was given up may still take effect.
 */
export class TimedStore {
  readonly #store: Store
  readonly #limit: number

  constructor(store: Store, limit: number) {
    this.#store = store
    this.#limit = limit
  }

  load(key: string, now: number, options?: { readonly fresh?: boolean }): Promise<Entry | undefined> {
    return this.#timed('load', () => this.#store.load(key, now, options))
  }

  create(key: string, entry: Entry): Promise<Written | Refused> {
    return this.#timed('create', () => this.#store.create(key, entry))
  }

  replace(key: string, entry: Entry, expected: Version, now: number): Promise<Written | Refused> {
    return this.#timed('replace', () => this.#store.replace(key, entry, expected, now))
  }

  touch(key: string, expiresAt: number, expected: Version, now: number): Promise<boolean> {
    return this.#timed('touch', () => this.#store.touch(key, expiresAt, expected, now))
  }

  delete(key: string): Promise<boolean> {
    return this.#timed('delete', () => this.#store.delete(key))
  }

  /** Throws `ConfigError` when the store cannot list what is asked for. */
  list(query: ListQuery): Promise<Page> {
    if (this.#store.list === undefined || (query.userId !== undefined && !this.#store.capabilities.users)) {
      throw new ConfigError('This store cannot list sessions by user (capability `users`).')
    }
    return this.#timed('list', async () => (await this.#store.list?.(query)) ?? { entries: [] })
  }

  /** Throws `ConfigError` when the store does not know whose a session is. */
  deleteUser(userId: string, options: { readonly except?: string }): Promise<number> {
    if (this.#store.deleteUser === undefined) throw new ConfigError('This store cannot end the sessions of a user (capability `users`).')
    return this.#timed('deleteUser', async () => (await this.#store.deleteUser?.(userId, options)) ?? 0)
  }

  #timed<T>(operation: StoreOperation, start: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#late(operation)), this.#limit)
      const settle = (error: unknown): void => {
        clearTimeout(timer)
        reject(error instanceof StoreError ? error : new StoreError(operation, error))
      }
      try {
        start().then((value) => {
          clearTimeout(timer)
          resolve(value)
        }, settle)
      } catch (error) {
        settle(error)
      }
    })
  }

  #late(operation: StoreOperation): StoreError {
    return new StoreError(operation, undefined, {
      message: `The session store did not ${operation} within ${this.#limit} ms (option \`timeout.operation\`).`,
    })
  }
}
