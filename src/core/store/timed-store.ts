import { monotonic } from '../base/clock.ts'
import { ConfigError, SessionError, StoreError, type StoreOperation } from '../base/errors.ts'
import type { Listener } from '../base/events.ts'
import { Breaker } from './breaker.ts'
import { retainStore } from './retain-store.ts'
import type { ClearExpiredOptions, Entry, ListQuery, OperationOptions, Page, Progress, Refused, Store, Version, Written } from './store.ts'

/** The most operations that wait for the store at one time. A store that is that far behind could not answer one more in its time. */
const MOST_WAITING = 10_000

/**
 * A store whose every operation ends in time: what takes longer than `limit` milliseconds, or past `until` (a `monotonic()` instant),
 * fails, and everything it throws is a `StoreError` or another error of ours. An operation that was given up may still take effect. While the store is away, or too
 * many wait for it already, operations fail at once and were not sent.
 */
export class TimedStore {
  readonly #store: Store
  readonly #limit: number
  readonly #breaker: Breaker
  #waiting = 0

  constructor(store: Store, limit: number, emit: Listener) {
    this.#store = store
    this.#limit = limit
    this.#breaker = new Breaker((deadline) => this.#ask(deadline), limit, emit)
  }

  load(key: string, now: number, options?: { readonly fresh?: boolean }): Promise<Entry | undefined> {
    return this.#timed('load', (patience) => this.#store.load(key, now, options === undefined ? patience : { ...options, ...patience }))
  }

  create(key: string, entry: Entry, deadline?: number): Promise<Written | Refused> {
    return this.#timed('create', (patience) => this.#store.create(key, entry, patience), deadline)
  }

  replace(key: string, entry: Entry, expected: Version, now: number, deadline?: number): Promise<Written | Refused> {
    return this.#timed('replace', (patience) => this.#store.replace(key, entry, expected, now, patience), deadline)
  }

  /** Throws `ConfigError` when the store cannot move a row. */
  rename(
    keys: readonly [from: string, to: string],
    entry: Entry,
    expected: Version,
    now: number,
    deadline?: number,
  ): Promise<Written | Refused> {
    const rename = this.#store.rename?.bind(this.#store)
    if (rename === undefined) throw new ConfigError('This store cannot give a session another key (capability `renames`).')
    return this.#timed('replace', (patience) => rename(keys, entry, expected, now, patience), deadline)
  }

  touch(key: string, expiresAt: number, expected: Version, now: number): Promise<boolean> {
    return this.#timed('touch', (patience) => this.#store.touch(key, expiresAt, expected, now, patience))
  }

  delete(key: string, deadline?: number): Promise<boolean> {
    return this.#timed('delete', (patience) => this.#store.delete(key, patience), deadline)
  }

  /** Throws `ConfigError` when the store cannot list what is asked for. */
  list(query: ListQuery): Promise<Page> {
    const list = this.#store.list?.bind(this.#store)
    if (list === undefined || (query.userId !== undefined && !this.#store.capabilities.users)) {
      throw new ConfigError('This store cannot list sessions by user (capability `users`).')
    }
    return this.#timed('list', (patience) => list({ ...query, ...patience }))
  }

  /** Throws `ConfigError` when the store does not know whose a session is. */
  deleteUser(userId: string, options: { readonly except?: string }): Promise<number> {
    const deleteUser = this.#store.deleteUser?.bind(this.#store)
    if (deleteUser === undefined) throw new ConfigError('This store cannot end the sessions of a user (capability `users`).')
    return this.#timed('deleteUser', (patience) => deleteUser(userId, { ...options, ...patience }))
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

  /** See `holdStore`. */
  retain(): () => Promise<void> {
    return retainStore(this.#store)
  }

  #timed<T>(operation: StoreOperation, start: (patience: OperationOptions) => Promise<T>, deadline?: number): Promise<T> {
    const refusal = this.#breaker.refusal(operation) ?? this.#crowded(operation)
    return refusal === undefined ? this.#send(operation, start, deadline) : Promise.reject(refusal)
  }

  #send<T>(operation: StoreOperation, start: (patience: OperationOptions) => Promise<T>, deadline = Number.POSITIVE_INFINITY): Promise<T> {
    const now = monotonic()
    const left = deadline - now
    const limit = Math.max(1, Math.min(this.#limit, Math.ceil(left) + 1)) // past `deadline`, not a moment before it
    const option = left < this.#limit ? 'timeout.request' : 'timeout.operation'
    this.#waiting += 1
    return new Promise<T>((resolve, reject) => {
      const fail = (error: SessionError): void => {
        if (error instanceof StoreError) this.#breaker.failed(error)
        end()
        reject(error)
      }
      let timer: ReturnType<typeof setTimeout> | undefined = setTimeout(() => fail(late(operation, limit, option)), limit)
      const end = (): void => {
        if (timer === undefined) return
        clearTimeout(timer)
        timer = undefined
        this.#waiting -= 1
      }
      promised(operation, start, { deadline: now + limit }).then(
        (value) => {
          this.#breaker.answered()
          end()
          resolve(value)
        },
        (error: unknown) => {
          if (timer !== undefined) fail(asStoreError(operation, error)) // else it was given up, and that was told
        },
      )
    })
  }

  #crowded(operation: StoreOperation): StoreError | undefined {
    if (this.#waiting < MOST_WAITING) return undefined
    const message = `${MOST_WAITING} operations wait for the session store already, so it was not asked to ${operation}.`
    return new StoreError(operation, undefined, { applied: false, message })
  }

  /** Another key each time: of a store in several parts the one that is away must not answer for all. */
  #ask(deadline: number): Promise<unknown> {
    const ask = (patience: OperationOptions): Promise<unknown> =>
      this.#store.load(`nobody ${Math.random()}`, 0, { fresh: true, ...patience })
    return promised('load', ask, { deadline })
  }
}

function promised<T>(operation: StoreOperation, start: (patience: OperationOptions) => Promise<T>, patience: OperationOptions): Promise<T> {
  try {
    const started: unknown = start(patience)
    if (started instanceof Object && 'then' in started) return started as Promise<T>
    throw new TypeError(`${operation}() of the store has to return a promise`)
  } catch (error) {
    return Promise.reject(asStoreError(operation, error))
  }
}

function asStoreError(operation: StoreOperation, error: unknown): SessionError {
  return error instanceof SessionError ? error : new StoreError(operation, error)
}

function late(operation: StoreOperation, limit: number, option: string): StoreError {
  return new StoreError(operation, undefined, {
    message: `The session store did not ${operation} within ${Math.round(limit)} ms (option \`${option}\`).`,
  })
}
