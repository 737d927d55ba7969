import { monotonic, nextTurn } from '../base/clock.ts'
import { aFunction, aSignal, checkOptions, type OptionTable } from '../base/option-checks.ts'
import type { SessionEnds } from '../commit/session-ends.ts'
import type { Engine } from '../config/engine.ts'
import { isInRealm } from '../config/realm.ts'
import { requireUsers } from '../config/user-sessions.ts'
import type { Marks } from './marks.ts'

/** Options of `revokeAll`. */
export interface RevokeAllOptions {
  /** Called with the number of sessions that were ended so far, after each step. */
  readonly onProgress?: (ended: number) => void
  /** Once aborted, no further step begins. The mark stays, so logins in progress are refused. */
  readonly signal?: AbortSignal
}

const REVOKE_ALL: OptionTable = { owner: 'sessions.revokeAll(options)', checks: { onProgress: aFunction, signal: aSignal } }

/** Rows per step of `revokeAll`. */
const PAGE = 1000
/** How many sessions it ends at the same time. */
const CONCURRENCY = 10

type RevocationContext = Pick<Engine, 'store' | 'now' | 'realm' | 'requestTimeout' | 'capabilities'>

/**
 * Ends the sessions of a user or of all users, for good: the mark is set first, so that a login
 * which the deletion did not see finds it.
 */
export class Revocations {
  readonly #context: RevocationContext
  readonly #ends: SessionEnds
  /** `undefined` where the store cannot keep marks. */
  readonly #marks: Marks | undefined

  constructor(context: RevocationContext, ends: SessionEnds, marks: Marks | undefined) {
    this.#context = context
    this.#ends = ends
    this.#marks = marks
  }

  /** Ends all sessions of a user but one. Resolves to their number. */
  async ofUser(userName: string, except: string | undefined): Promise<number> {
    await this.#marks?.add('user', userName, except, this.#deadline())
    return this.#ends.endAll('userId', userName, except)
  }

  /** Ends all sessions of the realm. Resolves to their number. */
  async all(options: RevokeAllOptions): Promise<number> {
    const { onProgress, signal } = checkOptions(options, REVOKE_ALL)
    const { store, now, realm } = this.#context
    requireUsers('sessions.revokeAll()', this.#context)
    await this.#marks?.add('realm', '', undefined, this.#deadline())
    let ended = 0
    let cursor: string | undefined
    do {
      const page = await store.list({ now: now(), limit: PAGE, cursor })
      const keys = page.entries.filter(([, { userId }]) => isInRealm(userId, realm)).map(([key]) => key)
      for (let at = 0; at < keys.length && signal?.aborted !== true; at += CONCURRENCY) {
        ended += await this.#endEach(keys.slice(at, at + CONCURRENCY))
        await nextTurn()
      }
      cursor = page.cursor
      onProgress?.(ended)
    } while (cursor !== undefined && signal?.aborted !== true)
    return ended
  }

  async #endEach(keys: readonly string[]): Promise<number> {
    const results = await Promise.all(keys.map((key) => this.#ends.revoke(key, 'all')))
    return results.filter(Boolean).length
  }

  #deadline(): number {
    return monotonic() + this.#context.requestTimeout
  }
}
