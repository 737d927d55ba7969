import type { Engine } from '../config/engine.ts'
import type { Entry } from '../store/store.ts'

/** One session of a user, without its data. Instants are epoch milliseconds. */
export interface UserSession {
  /** Names the session; `sessions.revoke(handle)` ends it. */
  readonly handle: string
  readonly createdAt: number
  readonly seenAt: number
  readonly expiresAt: number
}

/** The sessions of users, on whatever device. */
export class Users {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** The living sessions of a user. Rejects with `ConfigError` when the store cannot tell, with `StoreError` when it fails. */
  async list(userId: string | number): Promise<UserSession[]> {
    const { store, now } = this.#engine
    const found: UserSession[] = []
    let cursor: string | undefined
    do {
      const page = await store.list({ now: now(), index: 'userId', name: String(userId), cursor })
      found.push(...page.entries.map(([key, entry]) => summary(key, entry)))
      cursor = page.cursor
    } while (cursor !== undefined)
    return found
  }

  /**
   * Ends every session of a user that was committed before, but the one with the handle `except`; answers how many. Rejects as `list`.
   *
   * ```ts
   * await sessions.users.revoke(user.id, { except: session.handle })
   * ```
   */
  async revoke(userId: string | number, options: { readonly except?: string | undefined } = {}): Promise<number> {
    const { except } = options
    const ended = await this.#engine.store.deleteByIndex({ index: 'userId', name: String(userId), except })
    if (ended > 0) this.#engine.emit({ type: 'ended', reason: 'revoked' })
    return ended
  }
}

function summary(handle: string, { createdAt, seenAt, expiresAt }: Entry): UserSession {
  return { handle, createdAt, seenAt, expiresAt }
}
