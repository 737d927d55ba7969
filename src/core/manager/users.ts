import { refuseCallbacks, usePromise } from '../base/callbacks.ts'
import { ConfigError } from '../base/errors.ts'
import { formatValue } from '../base/format.ts'
import { checkOptions, type OptionTable, satisfies } from '../base/option-checks.ts'
import { isUserId } from '../base/user-id.ts'
import { userOf } from '../changes/intent.ts'
import { factsOf, highest, lastProof } from '../changes/login-facts.ts'
import type { Engine } from '../config/engine.ts'
import { userIndex } from '../config/realm.ts'
import type { Revocations } from '../security/revocations.ts'
import type { Entry } from '../store/store.ts'

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
  /** The device that the login named (`login(id, { device })`). */
  readonly device: string | undefined
  /** When the user last authenticated in this session; `undefined` if it was not by `login`. */
  readonly authenticatedAt: number | undefined
  /** The highest level that the user has proved in this session. */
  readonly level: number | undefined
  /** Whether this is the session of the option `current`. */
  readonly current: boolean
}

/** Options of `users.list`. */
export interface ListOptions {
  /** The maximum number of sessions. Default 1000. */
  readonly limit?: number
  /** The session of the request, to mark it in the list. */
  readonly current?: { readonly handle: string | undefined }
}

const LIST: OptionTable = {
  owner: 'users.list(userId, options)',
  checks: {
    limit: satisfies((limit) => typeof limit === 'number' && limit >= 1, 'pass a number of 1 or more'),
    current: satisfies((current) => typeof current === 'object' && current !== null && 'handle' in current, 'pass the session'),
  },
}
const REVOKE: OptionTable = { owner: 'users.revoke(userId, options)', checks: { except: () => undefined } }

const DEFAULT_LIMIT = 1000
/** Rows per operation of the store. */
const PAGE = 1000
/** At most this many are read, to find those that were seen last. */
const MAX_READ = 10_000

type UsersContext = Pick<Engine, 'store' | 'now' | 'realm' | 'values' | 'profile' | 'lifetime' | 'parse'>

/** The sessions of users, on all of their devices. */
export class Users {
  readonly #context: UsersContext
  readonly #revocations: Revocations

  constructor(context: UsersContext, revocations: Revocations) {
    this.#context = context
    this.#revocations = revocations
  }

  /**
   * Resolves to the current sessions of a user, those seen last first, at most `limit` (default
   * 1000) and of at most 10,000 in the store. Throws `ConfigError` without a user id and for a
   * wrong option. Rejects with `StoreError`, and with `ConfigError` when the store cannot find
   * sessions by user.
   *
   * ```ts
   * const devices = await sessions.users.list(user.id, { current: session, limit: 20 })
   * ```
   */
  list(userId: string | number, options: ListOptions = {}): Promise<UserSession[]> {
    const { limit = DEFAULT_LIMIT, current } = checkOptions(options, LIST)
    return this.#list(this.#indexOf(userId), limit, current?.handle)
  }

  async #list(name: string, limit: number, current: string | undefined): Promise<UserSession[]> {
    const { store, now } = this.#context
    const found = new Map<string, UserSession>() // a session that changes between two pages may be in both
    let read = 0
    let cursor: string | undefined
    do {
      const page = await store.list({ now: now(), index: 'userId', name, limit: PAGE, cursor })
      for (const [handle, entry] of page.entries) {
        const session = this.#describe(handle, entry)
        if (session !== undefined) found.set(handle, { ...session, current: handle === current })
      }
      read += page.entries.length
      cursor = page.cursor
    } while (cursor !== undefined && read < MAX_READ)
    return [...found.values()].sort((one, other) => other.seenAt - one.seenAt).slice(0, limit)
  }

  /** `undefined` if the session is over by the options of this manager. */
  #describe(handle: string, entry: Entry): Omit<UserSession, 'current'> | undefined {
    const { values, profile, now, parse } = this.#context
    const { createdAt, seenAt } = entry
    const texts = values.decode(entry.payload)
    const expiresAt = texts === undefined ? entry.expiresAt : profile.endOf(entry, texts, this.#context)
    if (expiresAt <= now()) return undefined
    const user = texts && userOf(texts, this.#context)
    const facts = texts && user !== undefined ? factsOf(user, texts, parse) : undefined
    return {
      handle,
      createdAt,
      seenAt,
      expiresAt,
      device: facts?.device,
      authenticatedAt: facts && lastProof(facts.at, 1),
      level: facts && highest(facts.at),
    }
  }

  /**
   * Ends all sessions of a user, except the session `except`: that of the request, or one of
   * `list`. Resolves to their number. Logins of the user that are still running, in any process,
   * are refused with `SessionEndedError` (reason `revoked`). Change the password first and revoke
   * then: a login with the old password that begins after the call is a new login. Throws
   * `ConfigError` when `except` is `undefined` or a session that was never saved, and for an
   * unknown option. Rejects with the errors of `list` and with `BusyError`; call it again then.
   *
   * ```ts
   * await sessions.users.revoke(user.id, { except: session })
   * ```
   */
  revoke(userId: string | number, options: { readonly except?: { readonly handle: string | undefined } } = {}): Promise<number> {
    checkOptions(options, REVOKE)
    const except = 'except' in options ? handleOf(options.except) : undefined
    return this.#revocations.ofUser(this.#indexOf(userId), except)
  }

  /** Throws without a user id, because the result would be empty without an error. */
  #indexOf(userId: unknown): string {
    if (isUserId(userId)) return userIndex(String(userId), this.#context.realm)
    throw new ConfigError(
      `The user id is ${formatValue(userId)}: pass the number or the text that login(userId) got. session.userId is undefined when no user is logged in.`,
    )
  }
}

refuseCallbacks(Users, 'sessions.users', ['list', 'revoke'], usePromise)

/** Without a handle every session of the user would end, the caller's too. */
function handleOf(except: unknown): string {
  const handle: unknown = typeof except === 'object' && except !== null && 'handle' in except ? except.handle : undefined
  if (typeof handle === 'string') return handle
  throw new ConfigError(
    `users.revoke(userId, { except }): \`except\` is ${formatValue(except)} without a handle. Pass a session that is saved: { except: session }. To end every session of the user, leave \`except\` out.`,
  )
}
