import { monotonic } from '../base/clock.ts'
import { ConfigError, SessionError, StoreError, type StoreOperation } from '../base/errors.ts'
import type { Listener } from '../base/events.ts'
import { isPromise } from '../base/realms.ts'
import { STORE, type StoreTrace, trace } from '../base/tracing.ts'
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
import { isTombstone } from './tombstone.ts'

/**
 * The maximum number of operations that wait for the store. A further one would not be completed in
 * time.
 */
const MAX_WAITING = 10_000

type Verb = StoreTrace['operation']

/**
 * Limits the time of every operation of a store: an operation fails after `limit` milliseconds or
 * after its `deadline`. Every error is a `StoreError` or another error of this package. An
 * operation that timed out may still take effect. While the store is down, or too many operations
 * wait for it, operations fail at once and are not sent.
 */
export class TimedStore {
  readonly #store: Store
  readonly #limit: number
  readonly #manager: string
  readonly #breaker: Breaker
  #waiting = 0

  /** `manager` names the manager in traces. */
  constructor(store: Store, limit: number, emit: Listener, manager: string) {
    this.#store = store
    this.#limit = limit
    this.#manager = manager
    this.#breaker = new Breaker((deadline) => this.#probe(deadline), limit, emit)
  }

  load(operation: Load): Promise<Entry | undefined> {
    return this.#send('load', operation)
  }

  create(operation: Create): Promise<Written | Refused> {
    return this.#send('create', operation)
  }

  /** Throws `ConfigError` when the operation has a `newKey` and the store cannot move rows. */
  replace(operation: Replace): Promise<Written | Refused> {
    if (operation.newKey !== undefined && this.#store.capabilities.renames !== true)
      throw new ConfigError('The session store cannot give a session a new key. Use a store with the capability `renames`.')
    return this.#send('replace', operation)
  }

  touch(operation: Touch): Promise<boolean> {
    return this.#send('touch', operation)
  }

  delete(operation: Keyed): Promise<boolean> {
    return this.#send('delete', operation)
  }

  /**
   * Lists sessions, not tombstones. Throws `ConfigError` when the store does not have the index.
   */
  async list(operation: List): Promise<Page> {
    const { index } = operation
    if (this.#store.list === undefined || (index !== undefined && !this.#store.capabilities.indexes.includes(index)))
      throw new ConfigError('The session store cannot list the sessions of a user. Use a store with the capabilities `list` and `indexes`.')
    const { entries, ...page } = await this.#send<Page>('list', operation)
    return { ...page, entries: entries.filter(([, entry]) => !isTombstone(entry)) }
  }

  /** Throws `ConfigError` when the store does not have the index. */
  deleteByIndex(operation: DeleteByIndex): Promise<number> {
    if (this.#store.deleteByIndex === undefined)
      throw new ConfigError('The session store cannot end the sessions of a user. Use a store with the capability `indexes`.')
    return this.#send('deleteByIndex', operation)
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

  /** Not split into two methods, because without subscribers tracing must not add a frame. */
  #send<T>(verb: Verb, operation: Operation, isTraced = STORE.hasSubscribers): Promise<T> {
    if (isTraced) return this.#trace(verb, () => this.#send<T>(verb, operation, false))
    const refusal = this.#breaker.refusal(verb) ?? this.#overload(verb)
    if (refusal !== undefined) return Promise.reject(refusal)
    const now = monotonic()
    const left = (operation.deadline ?? Number.POSITIVE_INFINITY) - now
    const limit = Math.max(1, Math.min(this.#limit, Math.ceil(left) + 1)) // not before `deadline`
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    let isPending = true
    const end = (): void => {
      if (isPending) this.#waiting -= 1
      isPending = false
      clearTimeout(timer)
    }
    const fail = (error: SessionError): void => {
      if (isMistake(error)) this.#breaker.responded()
      else if (isPending && error instanceof StoreError) this.#breaker.failed(error) // an operation that timed out was reported then
      end()
      reject(error)
    }
    const option = left < this.#limit ? 'timeout.request' : 'timeout.operation'
    const timer = setTimeout(() => fail(timeoutError(verb, limit, option)), limit)
    this.#waiting += 1
    call<T>(this.#store, verb, { ...operation, deadline: now + limit }).then(
      (value) => {
        this.#breaker.responded() // also after a timeout
        end()
        resolve(value)
      },
      (error: unknown) => fail(asStoreError(verb, error)),
    )
    return promise
  }

  #trace<T>(operation: Verb, run: () => Promise<T>): Promise<T> {
    const context: StoreTrace = { manager: this.#manager, operation, store: this.#store.constructor.name }
    return trace(STORE, context, run, (result) => {
      context.outcome = outcomeOf(result)
    })
  }

  #overload(verb: Verb): StoreError | undefined {
    if (this.#waiting < MAX_WAITING) return undefined
    const message = `${MAX_WAITING} operations wait for the session store already, so \`${verb}\` was not sent. Repeat the request later.`
    return new StoreError(verb, undefined, { applied: false, message })
  }

  /** Uses a random key, so that one unavailable shard does not decide for all. */
  async #probe(deadline: number): Promise<void> {
    const load: Load = { key: `probe ${Math.random()}`, now: 0, fresh: true, probe: true, deadline }
    try {
      await call(this.#store, 'load', load)
    } catch (error) {
      if (!isMistake(error)) throw error
    }
  }
}

/**
 * Whether the store is set up incorrectly and not unavailable. Each operation then fails by itself
 * and says what to change, so none has to be kept from the store.
 */
function isMistake(error: unknown): boolean {
  return error instanceof StoreError && error.remedy !== undefined
}

/** What traces tell about the result of an operation. */
function outcomeOf(result: unknown): NonNullable<StoreTrace['outcome']> {
  if (result === undefined || result === false) return 'missing'
  const isRefused = typeof result === 'object' && result !== null && 'ok' in result && result.ok === false
  return isRefused ? (result as Refused).reason : 'done'
}

/** Calls the store. Also an error that it throws synchronously becomes a rejection. */
function call<T>(store: Store, verb: Verb, operation: Operation): Promise<T> {
  try {
    const result: unknown = (store as unknown as Record<Verb, (operation: Operation) => unknown>)[verb](operation)
    if (isPromise(result)) return result as Promise<T>
    throw new TypeError(`the method ${verb}() of the store has to return a promise`)
  } catch (error) {
    return Promise.reject(asStoreError(verb, error))
  }
}

function asStoreError(operation: StoreOperation, error: unknown): SessionError {
  return error instanceof SessionError ? error : new StoreError(operation, error)
}

function timeoutError(operation: StoreOperation, limit: number, option: string): StoreError {
  const message = `The session store did not ${operation} within ${Math.round(limit)} ms (option \`${option}\`).`
  return new StoreError(operation, undefined, { message })
}
