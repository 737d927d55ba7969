import { jsonCodec } from '../codecs/json.ts'
import { callWithin } from '../core/base/calls.ts'
import { DAY } from '../core/base/duration.ts'
import { StoreError } from '../core/base/errors.ts'
import { messageOf } from '../core/base/realms.ts'
import { hasUnderscore, USER } from '../core/base/reserved.ts'
import { operationTimeout } from '../core/config/engine.ts'
import { endsWithBrowser } from '../core/config/expiry.ts'
import type { Lifecycle, LifecycleContext, LoadDecision, LoadedSession } from '../core/config/lifecycle.ts'
import type { SessionOptions } from '../core/config/options.ts'
import { ownProfile } from '../core/config/own-profile.ts'
import type { SessionProfile, Texts } from '../core/config/profile.ts'
import { Sessions } from '../core/manager/sessions.ts'
import { isTombstone } from '../core/store/tombstone.ts'
import type { Default } from '../core/values/session-data.ts'
import { isMoved, type MovedIdentity, movedIds, withOldCookie } from './old-cookie.ts'
import type { OldData, OldSessions } from './readers.ts'

export {
  type CookieSessionOptions,
  cookieSession,
  type FastifySessionOptions,
  fastifySession,
  type IronSessionOptions,
  ironSession,
  type KoaSessionOptions,
  koaSession,
  type OldData,
  type OldSessions,
} from './readers.ts'

/** Options of `createMovedSessions`, in addition to those of `createSessions`. */
export interface MovedSessionOptions extends SessionOptions {
  /**
   * Returns the id of the user who is logged in, from the properties of an old session. Default:
   * `data.userId`.
   */
  readonly userOf?: (data: OldData) => string | number | undefined
}

/** The property of a session that was taken over. */
const MOVED = '_moved'

/** How long the end of a session is remembered: as long as a browser may keep its old cookie. */
const TOMBSTONE = 400 * DAY

/**
 * Makes a manager that takes the sessions of another library over: who is logged in, and the
 * properties. A visitor who comes with an old cookie gets a session with them, and the old cookie
 * is deleted. Parallel first requests use one session. Once it has ended, no copy of the old cookie
 * leads to a session. Throws `ConfigError` for a wrong option, and for a store that drops rows when
 * it is full.
 *
 * ```ts
 * import { cookieSession, createMovedSessions } from 'sojourn/move'
 * import { SqliteStore } from 'sojourn/stores/sqlite'
 *
 * const old = cookieSession({ keys: ['the old key'] })
 * const sessions = createMovedSessions({ store: new SqliteStore('sessions.db') }, old)
 * ```
 */
export function createMovedSessions<Data = Default>({ userOf, ...options }: MovedSessionOptions, old: OldSessions): Sessions<Data> {
  const { codec = jsonCodec } = options
  const textsOf = (data: OldData): Texts => {
    const user = userOf === undefined ? data[USER] : userOf(data)
    const properties = { ...data, [MOVED]: true, ...(user === undefined || user === null ? {} : { [USER]: user }) }
    const kept = Object.entries(properties).filter(([name]) => name === MOVED || !hasUnderscore(name))
    return new Map(kept.map(([name, value]) => [name, codec.print(value)]))
  }
  return new Sessions<Data>(options, movedProfile(old), [(context) => new Takeover(context, old, textsOf, operationTimeout(options))])
}

function movedProfile(old: OldSessions): SessionProfile {
  return {
    ...ownProfile,
    transport: (options) => withOldCookie(ownProfile.transport(options), old.cookie),
    ids: movedIds,
    hasGivenIds: true,
    tombstoneUntil: (now) => now + TOMBSTONE,
    // The touch proves that the id is the newest one, so that its cookie can be sent.
    touchOf(entry, texts, now, context, accessed) {
      if (!texts.has(MOVED)) return ownProfile.touchOf(entry, texts, now, context, accessed)
      return Math.max(entry.expiresAt, ownProfile.expiryOf(texts, entry.createdAt, now, context))
    },
    issues(outcome, context) {
      const { change, isCurrent, entry, texts, now } = outcome
      if (change === 'created' || change === 'new-id' || !isCurrent || entry?.payload.includes(MOVED) !== true)
        return ownProfile.issues(outcome, context)
      // The transport leaves the cookie out for a browser that has it.
      return { lifetime: endsWithBrowser(texts(), context) ? undefined : entry.createdAt + context.lifetime.absolute - now }
    },
  }
}

/** Creates sessions from those of the other library when their old cookies are presented. */
class Takeover implements Lifecycle {
  readonly lastingRowsFor = 'store'
  readonly #context: LifecycleContext
  readonly #old: OldSessions
  readonly #textsOf: (data: OldData) => Texts
  readonly #limit: number

  /** `limit` is the maximum time of one call of the library, in milliseconds. */
  constructor(context: LifecycleContext, old: OldSessions, textsOf: (data: OldData) => Texts, limit: number) {
    this.#context = context
    this.#old = old
    this.#textsOf = textsOf
    this.#limit = limit
  }

  /** An id without a session counts as replaced, so that no flush stores a tombstone for it. */
  afterLoad({ identity, entry, deadline }: LoadedSession): Promise<LoadDecision> | LoadDecision | undefined {
    if (entry !== undefined) return undefined
    return isMoved(identity) ? this.#take(identity, deadline) : { absent: 'other-id' }
  }

  async #take(identity: MovedIdentity, deadline: number): Promise<LoadDecision> {
    const [value, signature] = identity.old
    const data = await this.#call('load', deadline, () => this.#old.read(value, signature))
    if (data === undefined) return { absent: 'other-id' }
    const given = await this.#context.create(identity, this.#textsOf(data), deadline)
    if (given === undefined || isTombstone(given.entry)) return { absent: 'unknown-or-expired' }
    if (given.isCreated && !this.#context.isDryRun) await this.#call('delete', deadline, () => this.#old.destroy?.(value))
    return { entry: given.entry }
  }

  /** A library whose store hangs must not hang the request. */
  async #call<T>(operation: 'load' | 'delete', deadline: number, work: () => T | Promise<T>): Promise<T> {
    try {
      return await callWithin(this.#limit, deadline, work)
    } catch (error) {
      const failed = operation === 'load' ? 'read' : 'removed'
      throw new StoreError(operation, error, {
        message: `A session of the other library could not be ${failed}: ${messageOf(error)}. Check its store and the options of its reader.`,
      })
    }
  }
}
