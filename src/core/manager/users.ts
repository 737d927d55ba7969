import type { Engine } from '../config/engine.ts'

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

/** The sessions of users, on all of their devices. */
export class Users {
  readonly #engine: Pick<Engine, 'store' | 'emit' | 'now'>

  constructor(engine: Pick<Engine, 'store' | 'emit' | 'now'>) {
    this.#engine = engine
  }

  /**
   * Resolves to the current sessions of a user, in no particular order. Rejects with `StoreError`,
   * and with `ConfigError` when the store cannot find sessions by user.
   *
   * ```ts
   * const devices = await sessions.users.list(user.id)
   * ```
   */
  async list(userId: string | number): Promise<UserSession[]> {
    const { store, now } = this.#engine
    const found: UserSession[] = []
    let cursor: string | undefined
    do {
      const page = await store.list({ now: now(), index: 'userId', name: String(userId), cursor })
      for (const [handle, { createdAt, seenAt, expiresAt }] of page.entries) found.push({ handle, createdAt, seenAt, expiresAt })
      cursor = page.cursor
    } while (cursor !== undefined)
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
    const ended = await this.#engine.store.deleteByIndex({ index: 'userId', name: String(userId), except })
    if (ended > 0) this.#engine.emit({ type: 'ended', reason: 'revoked' })
    return ended
  }
}
