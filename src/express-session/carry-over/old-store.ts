import { type Callback, callWithCallback, callWithin } from '../../core/base/calls.ts'
import { ConfigError, StoreError, type StoreOperation } from '../../core/base/errors.ts'
import { formatValue } from '../../core/base/format.ts'
import { messageOf } from '../../core/base/realms.ts'
import { type OldRow, type OldSession, toOldSession } from './old-row.ts'

/**
 * The documented interface of a store of express-session, as far as sessions are carried over from
 * it.
 */
export interface ExpressSessionStore {
  /** Passes the session, or nothing if there is none or it is expired. */
  get(sid: string, callback: Callback): unknown
  /** Creates or replaces the session. */
  set(sid: string, row: object, callback: Callback): unknown
  /** Removes the session, if there is one. */
  destroy(sid: string, callback: Callback): unknown
  /** Extends the life of a session that exists. */
  touch?(sid: string, row: object, callback: Callback): unknown
}

/** Called with the old row and with its sid. */
type Method = 'get' | 'set' | 'destroy' | 'touch'

const OPERATIONS: Readonly<Record<Method, StoreOperation>> = { get: 'load', set: 'replace', destroy: 'delete', touch: 'touch' }

/**
 * The old store of a carry-over. Every operation fails with a `StoreError` after `limit`
 * milliseconds, or at its deadline, a `monotonic()` time. An operation that timed out may still
 * take effect.
 */
export class OldStore {
  readonly #store: ExpressSessionStore
  readonly #limit: number

  constructor(store: ExpressSessionStore, limit: number) {
    this.#store = store
    this.#limit = limit
  }

  /**
   * Resolves to the session, or to `undefined` if there is none. Whether one is expired is decided
   * by the old store: `cookie.expires` in a row is that of its last `set`, and most stores extend a
   * session without changing it.
   */
  async get(sid: string, deadline: number): Promise<OldSession | undefined> {
    try {
      return toOldSession(await this.#call('get', deadline, sid))
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  async set(sid: string, row: OldRow, deadline: number): Promise<void> {
    await this.#call('set', deadline, sid, row)
  }

  async destroy(sid: string, deadline: number): Promise<void> {
    try {
      await this.#call('destroy', deadline, sid)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }

  /** Extends the session. Does nothing if there is none, or if the store extends no sessions. */
  async touch(sid: string, row: OldRow, deadline: number): Promise<void> {
    if (this.#store.touch === undefined) return
    try {
      await this.#call('touch', deadline, sid, row)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }

  async #call(method: Method, deadline: number, sid: string, row?: OldRow): Promise<unknown> {
    const call = (done: Callback): unknown =>
      row === undefined ? this.#store[method as 'get'](sid, done) : this.#store[method as 'set'](sid, row, done)
    try {
      return await callWithin(this.#limit, deadline, () => callWithCallback(call))
    } catch (error) {
      throw oldStoreError(method, error)
    }
  }
}

/**
 * express-session's documentation: an error with the code `ENOENT` means that there is no session.
 */
function isMissing(error: unknown): boolean {
  return error instanceof StoreError && (Object(error.cause) as { readonly code?: unknown }).code === 'ENOENT'
}

function oldStoreError(method: Method, reason: unknown): StoreError {
  const message = `The old session store (option \`carryOver\`) failed to ${method} a session: ${messageOf(reason)}`
  return new StoreError(OPERATIONS[method], reason, { message })
}

/** Throws `ConfigError` if the option `carryOver` is not a store of express-session. */
export function checkOldStore(store: unknown): asserts store is ExpressSessionStore {
  const missing = (['get', 'set', 'destroy'] as const).filter(
    (method) => typeof (Object(store) as Record<string, unknown>)[method] !== 'function',
  )
  if (missing.length === 0) return
  throw new ConfigError(
    `Option \`carryOver\`: ${formatValue(store)} has no method ${missing.join(', ')}. Pass the store of express-session that the application used before, such as \`carryOver: new ConnectRedis({ client })\`.`,
  )
}
