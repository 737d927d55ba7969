import type { Engine } from './engine.ts'
import { ConfigError } from './errors.ts'
import type { Entry, Store } from './store.ts'

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
  readonly #store: Store
  readonly #engine: Engine

  constructor(store: Store, engine: Engine) {
    this.#store = store
    this.#engine = engine
  }

  /** The living sessions of a user. Throws `ConfigError` when the store cannot tell. */
  async list(userId: string | number): Promise<UserSession[]> {
    const { list, capabilities } = this.#store
    if (list === undefined || !capabilities.users) throw new ConfigError('This store cannot list the sessions of a user (capability `users`).')
    const found: UserSession[] = []
    let cursor: string | undefined
    do {
      const page = await list.call(this.#store, { now: this.#engine.now(), userId: String(userId), ...(cursor === undefined ? {} : { cursor }) })
      found.push(...page.entries.map(([key, entry]) => summary(key, entry)))
      cursor = page.cursor
    } while (cursor !== undefined)
    return found
  }

  /** Ends every session of a user that was committed before, but the one with the handle `except`; answers how many. */
  async revoke(userId: string | number, options: { readonly except?: string | undefined } = {}): Promise<number> {
    if (this.#store.deleteUser === undefined) throw new ConfigError('This store cannot end the sessions of a user (capability `users`).')
    const { except } = options
    const ended = await this.#store.deleteUser(String(userId), except === undefined ? {} : { except })
    this.#engine.emit({ type: 'deleted', reason: 'revoked' })
    return ended
  }
}

function summary(handle: string, { createdAt, seenAt, expiresAt }: Entry): UserSession {
  return { handle, createdAt, seenAt, expiresAt }
}
