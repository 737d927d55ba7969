import { nextTurn } from '../core/base/clock.ts'
import { ConfigError, otherCopyError, SessionEndedError } from '../core/base/errors.ts'
import type { SessionEvents } from '../core/base/events.ts'
import { formatValue } from '../core/base/format.ts'
import { checkOptions, type OptionTable, satisfies, wholeNumber } from '../core/base/option-checks.ts'
import { isUserId } from '../core/base/user-id.ts'
import { adminPortOf } from '../core/manager/admin-port.ts'
import { isSessions, type Sessions } from '../core/manager/sessions.ts'
import type { Session } from '../core/session/session.ts'
import { type AdminContext, adminContext, hasIndex, isAlive, requireList } from './admin-engine.ts'
import { deleteProperty, requirePropertyName } from './delete-property.ts'
import { type DoctorOptions, doctor } from './doctor.ts'
import { type ExplainTarget, type Explanation, explain } from './explain.ts'
import { findSession, requireHandle } from './find-session.ts'
import type { Finding } from './findings.ts'
import { type ReadRow, type RunOptions, scan } from './scan.ts'
import { conditionOf, type SessionFilter } from './session-filter.ts'
import { type SessionDetails, sessionDetails } from './session-info.ts'
import { type SessionPage, SessionPages } from './session-pages.ts'
import { collectStats, type Stats } from './stats.ts'

export type { Cause, CauseCode, OpeningReason } from './cause.ts'
export type { DoctorOptions } from './doctor.ts'
export type { ExplainTarget, Explanation } from './explain.ts'
export type { Finding } from './findings.ts'
export type { RunOptions } from './scan.ts'
export type { SessionFilter } from './session-filter.ts'
export type { PropertyInfo, SessionDetails, SessionInfo } from './session-info.ts'
export type { SessionPage } from './session-pages.ts'
export type { Bar, PropertyStats, Stats } from './stats.ts'

/** Options of `createAdmin`. */
export interface AdminOptions<Data> {
  /** The manager of the application, from `createSessions` or `djangoSessions`. */
  readonly sessions: Sessions<Data>
  /** The name of the person or program that acts, for the events of type `audit`. */
  readonly operator: string
}

/** Options of `list`. */
export interface ListOptions extends SessionFilter {
  /** The maximum number of sessions of a page, from 1 to 1000. Default 100. */
  readonly limit?: number
  /** The `cursor` of the previous page. */
  readonly cursor?: string | undefined
}

/** What an admin uses of a manager of any data. */
interface Managed extends Pick<Sessions<unknown>, 'revoke' | 'users' | 'clearExpired'> {
  load(id: string): Promise<Pick<Session<unknown>, 'handle' | 'flush' | 'save'>>
}

type Audit = SessionEvents['audit']

const OPTIONS: OptionTable = {
  owner: 'createAdmin',
  required: ['sessions', 'operator'],
  checks: {
    sessions: satisfies(isSessions, 'pass the manager that createSessions returned'),
    operator: satisfies(
      (name) => typeof name === 'string' && name.trim() !== '' && name.length <= 200,
      'pass the name of the person or program that acts, of at most 200 characters',
    ),
  },
}

const LIMIT = wholeNumber('sessions', 1, 1000)

/** How many sessions `revokeAll` ends at the same time. */
const CONCURRENCY = 20

/**
 * Lists, shows and changes the sessions of a manager for those who operate it. Ids are never
 * returned, only handles; values of properties only on request, and those of secret properties
 * never.
 *
 * A change is an ordinary commit of the manager, so it cannot revive a session or overwrite what a
 * request writes, and it emits an event of type `audit` to the option `onEvent` of the manager.
 * Every verb rejects with `StoreError` if the store fails, and with `ConfigError` for a wrong
 * argument or if the store cannot do it.
 */
export class Admin {
  readonly #sessions: Managed
  readonly #operator: string
  readonly #context: AdminContext
  readonly #pages: SessionPages

  /** Use `createAdmin`. */
  constructor(sessions: Managed, context: AdminContext, operator: string) {
    this.#sessions = sessions
    this.#operator = operator
    this.#context = context
    this.#pages = new SessionPages(context)
  }

  /**
   * Resolves to one page of the sessions that have not ended and fulfil the filter, in the order of
   * the store. A page may have fewer sessions than `limit`, or none, although another one follows:
   * it ends after 20,000 rows. With a `user` the store finds the sessions by its index, where it
   * has one.
   *
   * ```ts
   * const { sessions, cursor } = await admin.list({ has: 'cart', idleFor: '7d', limit: 20 })
   * ```
   */
  async list(options: ListOptions = {}): Promise<SessionPage> {
    const { limit = 100, cursor, ...filter } = options
    const remedy = LIMIT(limit)
    if (remedy !== undefined) throw new ConfigError(`list({ limit }): the limit is ${formatValue(limit)}; ${remedy}.`)
    requireList(this.#context.engine, 'list()')
    return this.#pages.read(conditionOf(this.#context.engine, filter), limit, cursor)
  }

  /**
   * Resolves to the number of sessions that have not ended and fulfil the filter. Reads all of them
   * in pages.
   *
   * ```ts
   * const carts = await admin.count({ has: 'cart' })
   * ```
   */
  async count(filter: SessionFilter = {}, options: RunOptions = {}): Promise<number> {
    let count = 0
    for await (const rows of this.#aliveRows('count()', filter, options)) count += rows.length
    return count
  }

  /**
   * Resolves to one session with its properties; `undefined` if there is none. With `values` it
   * includes the values of properties that are not secret. Where keys are ids, as in Django's
   * table, all rows are searched.
   *
   * ```ts
   * const session = await admin.show(handle)
   * ```
   */
  async show(handle: string, { values = false }: { readonly values?: boolean } = {}): Promise<SessionDetails | undefined> {
    requireHandle(this.#context.engine, 'show(handle)', handle)
    const row = await findSession(this.#context, handle)
    return row && sessionDetails(this.#context.engine, row, values)
  }

  /**
   * Removes a property of a session. Resolves to `false` if the session has ended or does not have
   * the property. Without `userId` the visitor is logged out, and the other properties stay.
   *
   * ```ts
   * await admin.deleteProperty(handle, 'cart')
   * ```
   */
  async deleteProperty(handle: string, name: string): Promise<boolean> {
    requireHandle(this.#context.engine, 'deleteProperty(handle, name)', handle)
    requirePropertyName(this.#context.engine, name)
    const removed = await this.#audited({ reason: 'property-deleted', property: name }, handle, async () =>
      Number(await deleteProperty(this.#context, handle, name)),
    )
    return removed > 0
  }

  /**
   * Ends one session. Resolves to `false` if there was none.
   *
   * ```ts
   * await admin.revoke(handle)
   * ```
   */
  async revoke(handle: string): Promise<boolean> {
    requireHandle(this.#context.engine, 'revoke(handle)', handle)
    return (await this.#audited({ reason: 'revoked' }, handle, async () => Number(await this.#revoke(handle)))) > 0
  }

  /**
   * Ends all sessions of a user that were committed before the call. Resolves to their number.
   *
   * ```ts
   * await admin.revokeUser(user.id)
   * ```
   */
  async revokeUser(userId: string | number): Promise<number> {
    if (!isUserId(userId))
      throw new ConfigError(
        `revokeUser(userId): the user id is ${formatValue(userId)}. Pass the number or the text that login(userId) got.`,
      )
    const { engine } = this.#context
    return this.#audited({ reason: 'user-revoked', userId: String(userId) }, undefined, (onEnded) =>
      hasIndex(engine, 'userId') ? this.#sessions.users.revoke(userId) : this.#revokeEach({ user: userId }, {}, onEnded),
    )
  }

  /**
   * Ends all sessions that fulfil the filter, and resolves to their number. Sessions that start
   * while it runs may stay. `onProgress` is called with the number of sessions that have ended.
   *
   * ```ts
   * await admin.revokeAll({ idleFor: '30d' })
   * ```
   */
  async revokeAll(
    filter: SessionFilter = {},
    options: { readonly signal?: AbortSignal | undefined; readonly onProgress?: ((ended: number) => void) | undefined } = {},
  ): Promise<number> {
    requireList(this.#context.engine, 'revokeAll()')
    conditionOf(this.#context.engine, filter)
    return this.#audited({ reason: 'all-revoked' }, undefined, (onEnded) => {
      const onProgress = (ended: number): void => {
        onEnded(ended)
        options.onProgress?.(ended)
      }
      return this.#revokeEach(filter, { signal: options.signal }, onProgress)
    })
  }

  /**
   * Deletes the rows of expired sessions in batches, as `sessions.clearExpired`, and resolves to
   * their number.
   *
   * ```ts
   * await admin.clearExpired({ onProgress: (deleted) => console.log(deleted) })
   * ```
   */
  async clearExpired(
    options: { readonly batch?: number; readonly signal?: AbortSignal; readonly onProgress?: (deleted: number) => void } = {},
  ): Promise<number> {
    return this.#audited({ reason: 'expired-cleared' }, undefined, (onDeleted) => {
      const onProgress = (deleted: number): void => {
        onDeleted(deleted)
        options.onProgress?.(deleted)
      }
      return this.#sessions.clearExpired({ ...options, onProgress })
    })
  }

  /**
   * Resolves to statistics of all sessions. Reads all of them in pages.
   *
   * ```ts
   * const { alive, size } = await admin.stats()
   * console.log(`${alive} sessions, ${Math.round(size / alive)} characters each`)
   * ```
   */
  async stats(options: RunOptions = {}): Promise<Stats> {
    requireList(this.#context.engine, 'stats()')
    return collectStats(this.#context, options)
  }

  /**
   * Resolves to what would happen to a request now, and why: whether it has its session, and if it
   * is empty, the cause. Uses the code that opens the session of a request, writes nothing and
   * emits no event.
   *
   * ```ts
   * const { outcome, cause, message, remedy } = await admin.explain(handle)
   * ```
   */
  explain(target: ExplainTarget): Promise<Explanation> {
    return explain(this.#context, target)
  }

  /**
   * Checks the configuration and the store, and resolves to one finding per check. Does not reject
   * if the store fails: that is a finding. With `url`, an address of the application, it also
   * checks the cookie that a response to it sets.
   *
   * ```ts
   * const problems = (await admin.doctor()).filter(({ level }) => level === 'error' || level === 'warning')
   * ```
   */
  doctor(options: DoctorOptions = {}): Promise<Finding[]> {
    return doctor(this.#context, options)
  }

  async *#aliveRows(verb: string, filter: SessionFilter, options: RunOptions): AsyncGenerator<ReadRow[], void, undefined> {
    const { engine } = this.#context
    requireList(engine, verb)
    for await (const rows of scan(this.#context, conditionOf(engine, filter), options))
      yield rows.filter(({ entry, texts }) => isAlive(engine, entry, texts))
  }

  async #revokeEach(filter: SessionFilter, options: RunOptions, onEnded: (count: number) => void): Promise<number> {
    let ended = 0
    for await (const rows of this.#aliveRows('revokeAll()', filter, options)) {
      for (let at = 0; at < rows.length; at += CONCURRENCY) {
        const results = await Promise.allSettled(rows.slice(at, at + CONCURRENCY).map((row) => this.#end(row)))
        ended += results.filter((result) => result.status === 'fulfilled' && result.value).length
        onEnded(ended)
        for (const result of results) if (result.status === 'rejected') throw result.reason
        await nextTurn()
      }
    }
    return ended
  }

  async #revoke(handle: string): Promise<boolean> {
    const { capabilities } = this.#context.engine
    if (capabilities.carriesData || capabilities.renames !== true) return this.#sessions.revoke(handle)
    const row = await findSession(this.#context, handle)
    return row !== undefined && this.#end(row)
  }

  /**
   * Where keys are ids, a handle does not lead to the row, and the session is flushed by its id.
   */
  async #end({ identity }: ReadRow): Promise<boolean> {
    if (this.#context.engine.capabilities.renames !== true) return this.#sessions.revoke(identity.handle)
    const session = await this.#sessions.load(identity.id)
    if (session.handle === undefined) return false
    session.flush()
    try {
      await session.save()
      return true
    } catch (error) {
      if (error instanceof SessionEndedError) return false
      throw error
    }
  }

  /** Performs a change and emits its event, also if it fails, because it may have had an effect. */
  async #audited(
    event: Pick<Audit, 'reason' | 'property' | 'userId'>,
    handle: string | undefined,
    change: (onCount: (count: number) => void) => Promise<number>,
  ): Promise<number> {
    const { emit } = this.#context.engine
    const operator = this.#operator
    const audit = { type: 'audit', ...event, operator, ...(handle !== undefined && { handle }) } as const
    let count = 0
    try {
      count = await change((counted) => {
        count = counted
      })
    } catch (error) {
      emit({ ...audit, outcome: 'failed', count })
      throw error
    }
    emit({ ...audit, outcome: 'done', count })
    return count
  }
}

/**
 * Makes an admin for the sessions of a manager. It shares the store and the options of the manager
 * and needs no `close()`. Throws `ConfigError` for a wrong option.
 *
 * ```ts
 * const admin = createAdmin({ sessions, operator: 'alice@example.com' })
 * for (const { handle, userId } of (await admin.list()).sessions) console.log(handle, userId)
 * ```
 */
export function createAdmin<Data>(options: AdminOptions<Data>): Admin {
  const { sessions, operator } = checkOptions(options, OPTIONS)
  const port = adminPortOf(sessions)
  if (port === undefined) throw otherCopyError('This manager is of another version, because it')
  return new Admin(sessions, adminContext(port), operator)
}
