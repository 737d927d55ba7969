import { ConfigError } from '../base/errors.ts'
import { formatValue } from '../base/format.ts'
import type { Engine } from '../config/engine.ts'
import { userIndex } from '../config/realm.ts'

/** A session of a user, without its data. All times are epoch milliseconds. */
export interface UserSession {
  /** Names the session. `sessions.revoke(handle)` ends it. */
  readonly handle: string
  /** The start of the absolute lifetime: the start of the session, or its last login. */
  readonly createdAt: number
  /** The last write or touch. The session may have been read since. */
  readonly seenAt: number
  /** When the session expires if it is not used again. */
  readonly expiresAt: number
}

const DEFAULT_LIMIT = 1000
/** Rows per operation of the store. */
const PAGE = 1000

type UsersContext = Pick<Engine, 'store' | 'emit' | 'now' | 'realm'>

/** The sessions of users, on all of their devices. */
export class Users {
  readonly #context: UsersContext

  constructor(context: UsersContext) {
    this.#context = context
  }

  /**
   * Resolves to the current sessions of a user, in no particular order, at most `limit` (default
   * 1000). Rejects with `StoreError`, and with `ConfigError` when the store cannot find sessions by
   * user.
   *
   * ```ts
   * const devices = await sessions.users.list(user.id, { limit: 20 })
   * ```
   */
  async list(userId: string | number, { limit = DEFAULT_LIMIT }: { readonly limit?: number } = {}): Promise<UserSession[]> {
    const { store, now, realm } = this.#context
    if (!(limit >= 1))
      throw new ConfigError(`users.list(userId, { limit }): the limit is ${formatValue(limit)}. Pass a number of 1 or more.`)
    const name = userIndex(String(userId), realm)
    const found: UserSession[] = []
    let cursor: string | undefined
    do {
      const page = await store.list({ now: now(), index: 'userId', name, limit: Math.min(PAGE, limit - found.length), cursor })
      for (const [handle, { createdAt, seenAt, expiresAt }] of page.entries) found.push({ handle, createdAt, seenAt, expiresAt })
      cursor = page.cursor
    } while (cursor !== undefined && found.length < limit)
    return found
  }

  /**
   * Ends all sessions of a user that were committed before the call, except the one with the handle
   * `except`. Resolves to their number. Rejects with the errors of `list`.
   *
   * ```ts
   * await sessions.users.revoke(user.id, { except: session.handle })
   * ```
   */
  async revoke(userId: string | number, { except }: { readonly except?: string | undefined } = {}): Promise<number> {
    const { store, emit, realm } = this.#context
    const ended = await store.deleteByIndex({ index: 'userId', name: userIndex(String(userId), realm), except })
    if (ended > 0) emit({ type: 'ended', reason: 'revoked' })
    return ended
  }
}
