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

/** The maximum number of operations that wait for the store. A store that is that far behind cannot complete one more in its time. */
const MAX_WAITING = 10_000

type Verb = 'load' | 'create' | 'replace' | 'touch' | 'delete' | 'deleteByIndex' | 'list'

/**
 * A store whose every operation ends in time: an operation that takes longer than `limit` milliseconds, or past its `deadline`, fails, and
 * every error is a `StoreError` or another error of this package. An operation that timed out may still take effect. While the store is
 * down, or too many operations wait for it, operations fail at once and are not sent.
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

  load(operation: Load): Promise<Entry | undefined> {
    return this.#timed('load', operation)
  }

  create(operation: Create): Promise<Written | Refused> {
    return this.#timed('create', operation)
  }

  /** Throws `ConfigError` when the store cannot move a row to `newKey`. */
  replace(operation: Replace): Promise<Written | Refused> {
    if (operation.newKey !== undefined && this.#store.capabilities.renames !== true) {
      throw new ConfigError('This store cannot give a session another key (capability `renames`).')
    }
    return this.#timed('replace', operation)
  }

  touch(operation: Touch): Promise<boolean> {
    return this.#timed('touch', operation)
  }

  delete(operation: Keyed): Promise<boolean> {
    return this.#timed('delete', operation)
  }

  /** Throws `ConfigError` when the store cannot list what is asked for. */
  list(operation: List): Promise<Page> {
    const { index } = operation
    if (this.#store.list === undefined || (index !== undefined && !this.#store.capabilities.indexes.includes(index))) {
      throw new ConfigError('This store cannot list sessions by user (capability `indexes`).')
    }
    return this.#timed('list', operation)
  }

  /** Throws `ConfigError` when the store does not have the index. */
  deleteByIndex(operation: DeleteByIndex): Promise<number> {
    if (this.#store.deleteByIndex === undefined) {
      throw new ConfigError('This store cannot end the sessions of a user (capability `indexes`).')
    }
    return this.#timed('deleteByIndex', operation)
  }

  /** Has no time limit. Throws `ConfigError` when the store expires its sessions by itself. */
  async *clearExpired(options: ClearExpiredOptions): AsyncGenerator<Progress, void, undefined> {
    if (this.#store.clearExpired === undefined)
      throw new ConfigError('This store expires its sessions by itself; there is nothing to clear.')
    try {
      yield* this.#store.clearExpired(options)
    } catch (error) {
      throw asStoreError('clearExpired', error)
    }
  }

  /** See `retainStore`. */
  retain(): () => Promise<void> {
    return retainStore(this.#store)
  }

  #timed<T>(verb: Verb, operation: Operation): Promise<T> {
    const refusal = this.#breaker.refusal(verb) ?? this.#crowded(verb)
    return refusal === undefined ? this.#send(verb, operation) : Promise.reject(refusal)
  }

  #send<T>(verb: Verb, operation: Operation): Promise<T> {
    const now = monotonic()
    const left = (operation.deadline ?? Number.POSITIVE_INFINITY) - now
    const limit = Math.max(1, Math.min(this.#limit, Math.ceil(left) + 1)) // past `deadline`, not a moment before it
    const option = left < this.#limit ? 'timeout.request' : 'timeout.operation'
    this.#waiting += 1
    return new Promise<T>((resolve, reject) => {
      const fail = (error: SessionError): void => {
        if (error instanceof StoreError) this.#breaker.failed(error)
        end()
        reject(error)
      }
      let timer: ReturnType<typeof setTimeout> | undefined = setTimeout(() => fail(late(verb, limit, option)), limit)
      const end = (): void => {
        if (timer === undefined) return
        clearTimeout(timer)
        timer = undefined
        this.#waiting -= 1
      }
      this.#call<T>(verb, { ...operation, deadline: now + limit }).then(
        (value) => {
          this.#breaker.answered()
          end()
          resolve(value)
        },
        (error: unknown) => {
          if (timer !== undefined) fail(asStoreError(verb, error)) // else it timed out, and that was reported
        },
      )
    })
  }

  #call<T>(verb: Verb, operation: Operation): Promise<T> {
    try {
      const started: unknown = (this.#store as unknown as Record<Verb, (operation: Operation) => unknown>)[verb](operation)
      if (started instanceof Object && 'then' in started) return started as Promise<T>
      throw new TypeError(`${verb}() of the store has to return a promise`)
    } catch (error) {
      return Promise.reject(asStoreError(verb, error))
    }
  }

  #crowded(verb: Verb): StoreError | undefined {
    if (this.#waiting < MAX_WAITING) return undefined
    const message = `${MAX_WAITING} operations wait for the session store already, so it was not asked to ${verb}.`
    return new StoreError(verb, undefined, { applied: false, message })
  }

  /** Uses a random key, so that one unavailable shard does not decide for all. */
  #ask(deadline: number): Promise<unknown> {
    const probe: Load = { key: `nobody ${Math.random()}`, now: 0, fresh: true, deadline }
    return this.#call('load', probe)
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
