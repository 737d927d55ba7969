import { monotonic } from '../base/clock.ts'
import { ConfigError, SessionError, StoreError, type StoreOperation } from '../base/errors.ts'
import type { Listener } from '../base/events.ts'
import { Breaker } from './breaker.ts'
import type { Entry, Refused, Written } from './entry.ts'
import { retainStore } from './retain-store.ts'
import type {
  ClearExpiredOptions,
  Create,
  DeleteByIndex,
  Keyed,
  List,
  Load,
  Operation,
  Page,
  Progress,
  Replace,
  Store,
  Touch,
} from './store.ts'

/** The maximum number of operations that wait for the store. With so many, another one could not be completed in time. */
const MAX_WAITING = 10_000

type Verb = 'load' | 'create' | 'replace' | 'touch' | 'delete' | 'deleteByIndex' | 'list'

/**
 * A store whose operations end in time: an operation fails after `limit` milliseconds or after its
 * `deadline`. Every error is a `StoreError` or another error of this package. An operation that timed
 * out may still take effect. While the store is down, or too many operations wait for it, operations
 * fail at once and are not sent.
 */
export class TimedStore {
  readonly #store: Store
  readonly #limit: number
  readonly #breaker: Breaker
  #waiting = 0

  constructor(store: Store, limit: number, emit: Listener) {
    this.#store = store
    this.#limit = limit
    this.#breaker = new Breaker((deadline) => this.#probe(deadline), limit, emit)
  }

  load(operation: Load): Promise<Entry | undefined> {
    return this.#timed('load', operation)
  }

  create(operation: Create): Promise<Written | Refused> {
    return this.#timed('create', operation)
  }

  /** Throws `ConfigError` when the operation has a `newKey` and the store cannot move rows. */
  replace(operation: Replace): Promise<Written | Refused> {
    if (operation.newKey !== undefined && this.#store.capabilities.renames !== true)
      throw new ConfigError('The session store cannot give a session a new key. Use a store with the capability `renames`.')
    return this.#timed('replace', operation)
  }

  touch(operation: Touch): Promise<boolean> {
    return this.#timed('touch', operation)
  }

  delete(operation: Keyed): Promise<boolean> {
    return this.#timed('delete', operation)
  }

  /** Throws `ConfigError` when the store cannot list the sessions of the index. */
  list(operation: List): Promise<Page> {
    const { index } = operation
    if (this.#store.list === undefined || (index !== undefined && !this.#store.capabilities.indexes.includes(index)))
      throw new ConfigError('The session store cannot list the sessions of a user. Use a store with the capabilities `list` and `indexes`.')
    return this.#timed('list', operation)
  }

  /** Throws `ConfigError` when the store does not have the index. */
  deleteByIndex(operation: DeleteByIndex): Promise<number> {
    if (this.#store.deleteByIndex === undefined)
      throw new ConfigError('The session store cannot end the sessions of a user. Use a store with the capability `indexes`.')
    return this.#timed('deleteByIndex', operation)
  }

  /** Has no time limit. Throws `ConfigError` when the store expires its sessions by itself. */
  async *clearExpired(options: ClearExpiredOptions): AsyncGenerator<Progress, void, undefined> {
    if (this.#store.clearExpired === undefined)
      throw new ConfigError('clearExpired(): this store expires its sessions by itself, so there is nothing to clear. Remove the call.')
    try {
      yield* this.#store.clearExpired(options)
    } catch (error) {
      throw asStoreError('clearExpired', error)
    }
  }

  /** Keeps the store open until the returned function is called, see `retainStore`. */
  retain(): () => Promise<void> {
    return retainStore(this.#store)
  }

  #timed<T>(verb: Verb, operation: Operation): Promise<T> {
    const refusal = this.#breaker.refusal(verb) ?? this.#overload(verb)
    return refusal === undefined ? this.#send(verb, operation) : Promise.reject(refusal)
  }

  #send<T>(verb: Verb, operation: Operation): Promise<T> {
    const now = monotonic()
    const left = (operation.deadline ?? Number.POSITIVE_INFINITY) - now
    const limit = Math.max(1, Math.min(this.#limit, Math.ceil(left) + 1)) // a timer may fire a little early, and it must fire after the deadline
    const option = left < this.#limit ? 'timeout.request' : 'timeout.operation'
    this.#waiting += 1
    return new Promise<T>((resolve, reject) => {
      const fail = (error: SessionError): void => {
        if (error instanceof StoreError) this.#breaker.failed(error)
        end()
        reject(error)
      }
      let timer: ReturnType<typeof setTimeout> | undefined = setTimeout(() => fail(timeoutError(verb, limit, option)), limit)
      const end = (): void => {
        if (timer === undefined) return
        clearTimeout(timer)
        timer = undefined
        this.#waiting -= 1
      }
      this.#call<T>(verb, { ...operation, deadline: now + limit }).then(
        (value) => {
          this.#breaker.responded()
          end()
          resolve(value)
        },
        (error: unknown) => {
          if (timer !== undefined) fail(asStoreError(verb, error)) // otherwise it timed out, which was reported
        },
      )
    })
  }

  #call<T>(verb: Verb, operation: Operation): Promise<T> {
    try {
      const started: unknown = (this.#store as unknown as Record<Verb, (operation: Operation) => unknown>)[verb](operation)
      if (started instanceof Object && 'then' in started) return started as Promise<T>
      throw new TypeError(`the method ${verb}() of the store has to return a promise`)
    } catch (error) {
      return Promise.reject(asStoreError(verb, error))
    }
  }

  #overload(verb: Verb): StoreError | undefined {
    if (this.#waiting < MAX_WAITING) return undefined
    const message = `${MAX_WAITING} operations wait for the session store already, so \`${verb}\` was not sent. Repeat the request later.`
    return new StoreError(verb, undefined, { applied: false, message })
  }

  /** Uses a random key, so that one unavailable shard does not decide for all. */
  #probe(deadline: number): Promise<unknown> {
    const probe: Load = { key: `probe ${Math.random()}`, now: 0, fresh: true, deadline }
    return this.#call('load', probe)
  }
}

function asStoreError(operation: StoreOperation, error: unknown): SessionError {
  return error instanceof SessionError ? error : new StoreError(operation, error)
}

function timeoutError(operation: StoreOperation, limit: number, option: string): StoreError {
  const message = `The session store did not ${operation} within ${Math.round(limit)} ms (option \`${option}\`).`
  return new StoreError(operation, undefined, { message })
}
