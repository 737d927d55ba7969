import { FULL_ACCESS, OUTSIDE } from '../base/access.ts'
import { refuseCallbacks, usePromise } from '../base/callbacks.ts'
import { milliseconds } from '../base/duration.ts'
import { ConfigError, otherCopyError } from '../base/errors.ts'
import { formatValue } from '../base/format.ts'
import { isWorkers } from '../base/is-workers.ts'
import { aBoolean, aFunction, aSignal, checkOptions, type OptionTable, wholeNumber } from '../base/option-checks.ts'
import { Committer } from '../commit/committer.ts'
import { checkSessionOptions } from '../config/check-options.ts'
import { type Engine, makeEngine } from '../config/engine.ts'
import type { MakeLifecycle } from '../config/lifecycle.ts'
import type { OptionsOf, SessionOptions } from '../config/options.ts'
import { ownProfile } from '../config/own-profile.ts'
import type { SessionProfile } from '../config/profile.ts'
import { isInRealm } from '../config/realm.ts'
import type { RequestInput } from '../cookie/to-incoming-request.ts'
import { printSetCookie } from '../cookie/transport.ts'
import { Draft } from '../draft/draft.ts'
import { loadInto } from '../draft/opening.ts'
import { loginChecks } from '../security/login-checks.ts'
import { marksOf } from '../security/marks.ts'
import { requireSecurity } from '../security/requirements.ts'
import { Revocations, type RevokeAllOptions } from '../security/revocations.ts'
import { commitsOf, draftOf } from '../session/dictionary.ts'
import { checkCopy, type Session } from '../session/session.ts'
import { Clearer } from '../store/clearer.ts'
import type { DataOf, Default, Schemas } from '../values/session-data.ts'
import type { WatchEnd, WatchOptions } from '../watch/watch.ts'
import { Watching } from '../watch/watching.ts'
import { ADAPTER, hasOtherPort, type SessionAdapter } from './adapter-port.ts'
import { ADMIN, type AdminPort } from './admin-port.ts'
import { attachLifecycles } from './attach-lifecycles.ts'
import { RequestSessions } from './request-sessions.ts'
import { Users } from './users.ts'

/**
 * Opens and commits the sessions of an application. An application has one manager per cookie.
 * Adapters make one from options, or take the one that `createSessions` returned.
 */
export class Sessions<Data = Default> {
  /** Lists and ends the sessions of a user. */
  readonly users: Users
  readonly #engine: Engine
  readonly #committer: Committer
  readonly #revocations: Revocations
  readonly #requests: RequestSessions<Data>
  readonly #watching: Watching
  readonly #clearer: Clearer | undefined
  readonly #release: () => Promise<void>

  /**
   * Use `createSessions`. `profile` and `lifecycles` are for other modules of this package, such as
   * `sojourn/django`.
   */
  constructor(options: SessionOptions, profile: SessionProfile = ownProfile, lifecycles: readonly MakeLifecycle[] = []) {
    checkSessionOptions(options, profile.names)
    const { store, lazy = false, saveOnEnd = false, as: name = 'session' } = options
    const { clearExpired = store.clearExpired === undefined || isWorkers() ? false : '1h' } = options
    const engine = makeEngine(options, profile)
    requireSecurity(options, engine)
    const makers = [...loginChecks(engine, options.maxPerUser), ...lifecycles]
    this.#engine = attachLifecycles(engine, makers, () => this.#committer)
    this.#committer = new Committer(this.#engine)
    this.#revocations = new Revocations(this.#engine, this.#committer.ends, marksOf(engine))
    this.#requests = new RequestSessions(this.#engine, this.#committer, { name, lazy, saveOnEnd, scope: profile.scope(options) })
    Object.defineProperty(this, ADAPTER, { value: this.#requests })
    Object.defineProperty(this, ADMIN, { value: { options, profile, lifecycles: makers } satisfies AdminPort })
    this.users = new Users(this.#engine, this.#revocations)
    this.#watching = new Watching(this.#engine, options.channel)
    this.#release = this.#engine.store.retain()
    const interval = clearExpired === false ? undefined : milliseconds(clearExpired)
    if (interval !== undefined) this.#clearer = new Clearer((signal) => this.clearExpired({ signal }), interval, this.#engine.emit)
  }

  /**
   * Opens the session of a request: the one that its cookie names, or a new and empty one, which is
   * not stored until something is set. `request` is a `Request`, a request of Node (also that of an
   * upgrade), the cookie jar of a framework (`CookieJar`), or an `IncomingRequest`. With a jar,
   * `commit` and `save` write the cookies of the response to it. Never rejects because of the
   * store: the error of a failed load is thrown when the session is first used. Rejects with
   * `ConfigError` when `request` is something else. The session of an upgrade of Node can be read and
   * changed, with `await session.save()`; changes that need a cookie throw `ConfigError`.
   *
   * With `touch: false` the request does not count as activity, and does not extend the session.
   *
   * ```ts
   * const session = await sessions.open(request)
   * ```
   */
  async open(request: RequestInput, options: { readonly touch?: boolean } = {}): Promise<Session<Data>> {
    const { touch } = checkOptions(options, OPEN)
    const { session } = await this.#requests.open(request, undefined, touch)
    return session
  }

  /**
   * Commits the changes of a request; from then on its session can only be read. If the status is
   * 500 or above and the option `saveOnError` is not set, only a flush and the end of an overlap
   * are performed. Resolves to the headers that the response has to carry. Rejects with
   * `SessionEndedError`, `BusyError`, `CodecError`, `StoreError`, `CommitUnknownError`, or with the
   * error that a function of `update` threw; `headers` then returns the headers that the response
   * has to carry nevertheless. Repeated calls return the same result.
   *
   * ```ts
   * const headers = await sessions.commit(session, { status: response.status })
   * ```
   */
  commit(session: Session<Data>, response: { readonly status: number }): Promise<Headers> {
    this.#checkOwn(session)
    checkStatus(response)
    return commitsOf(session)
      .finish(response.status)
      .then(() => this.headers(session))
  }

  /**
   * The headers that a response has to carry for its session: `Set-Cookie` for a new id that was
   * committed (with a `CookieStore` for the session itself, in as many cookies as it takes) or to
   * delete the cookie of a flushed session, and `Vary: Cookie` when the session was used. For a
   * session that was opened from a cookie jar there is no `Set-Cookie`, because the jar has it.
   *
   * ```ts
   * const headers = sessions.headers(session)
   * ```
   */
  headers(session: Session<Data>): Headers {
    this.#checkOwn(session)
    const { cookies, headers: tokens, vary } = draftOf(session).delivery()
    const headers = new Headers()
    for (const [name, value] of tokens) headers.set(name, value)
    for (const cookie of cookies) headers.append('Set-Cookie', printSetCookie(cookie))
    if (vary !== undefined) headers.append('Vary', vary)
    return headers
  }

  /**
   * Makes a new session outside of requests. `save()` stores it and gives it an `id`.
   *
   * ```ts
   * const session = sessions.create()
   * await session.set('cart', []).save()
   * ```
   */
  create(): Session<Data> {
    return this.#requests.sessionOf(new Draft(this.#engine, { is: 'absent' }))
  }

  /**
   * Loads the session with an id (`session.id`, a secret) outside of requests: for a job, a socket
   * or a long stream. Call `save()` to commit changes. A session that has ended, or whose id was
   * renewed, is empty, and its `save()` rejects with `SessionEndedError`. With a `CookieStore` the
   * session can only be read. Rejects with `StoreError`.
   *
   * ```ts
   * const session = await sessions.load(id)
   * session.set('report', 'ready')
   * await session.save()
   * ```
   */
  async load(id: string): Promise<Session<Data>> {
    const identity = typeof id === 'string' ? this.#engine.ids.parse(id) : undefined
    const access = this.#engine.capabilities.carriesData ? OUTSIDE : FULL_ACCESS
    const draft = new Draft(this.#engine, identity === undefined ? { is: 'ended' } : { is: 'unloaded', identity }, {}, access)
    if (identity !== undefined) await loadInto(this.#engine, draft)
    if (draft.state.is === 'absent' && draft.state.refusal === undefined) draft.end(false)
    return this.#requests.sessionOf(draft)
  }

  /**
   * The session of a request in any framework: of its request or context object. Throws
   * `ConfigError` when it has none.
   *
   * ```ts
   * const cart = sessions.of(req).get('cart', [])
   * ```
   */
  of(request: object): Session<Data> {
    const session = Object(request) === request ? this.#requests.boundTo(request) : undefined
    if (session !== undefined) return session
    if (Object(request) !== request)
      throw new ConfigError(`sessions.of(request) got ${formatValue(request)}. Pass the request or the context of the framework.`)
    throw new ConfigError(
      'This request has no session of this manager. Install its middleware, app.use(session(sessions)), before the route.',
    )
  }

  /**
   * Ends one session by its handle. Resolves to `false` if there was none. Rejects with
   * `StoreError` and `CommitUnknownError`, and with `ConfigError` if the store cannot do that.
   *
   * ```ts
   * const [oldest] = await sessions.users.list(user.id)
   * if (oldest !== undefined) await sessions.revoke(oldest.handle)
   * ```
   */
  revoke(handle: string): Promise<boolean> {
    const isId = typeof handle === 'string' && !HASH.test(handle) && this.#engine.ids.parse(handle) !== undefined
    if (typeof handle === 'string' && !isId) return this.#revoke(handle)
    throw new ConfigError(
      `sessions.revoke(handle): the handle is ${isId ? 'an id' : formatValue(handle)}. Pass session.handle of a session that is saved, or a handle of users.list.`,
    )
  }

  async #revoke(handle: string): Promise<boolean> {
    const { store, realm, capabilities, now } = this.#engine
    if (!capabilities.carriesData && capabilities.renames !== true) {
      const entry = await store.load({ key: handle, now: now(), fresh: true })
      if (entry === undefined || !isInRealm(entry.userId, realm)) return false
    }
    return this.#committer.ends.revoke(handle, 'revoked')
  }

  /**
   * Ends all sessions of this realm, also those without a user, one after another, and refuses
   * logins that are still running. Resolves to the number of ended sessions. `onProgress` is called
   * with that number after each page, `signal` ends the run after the current step. For an
   * emergency with many sessions, the option `revokedBefore` is faster. Rejects with `StoreError`,
   * `BusyError` and `CommitUnknownError`, and with `ConfigError` if the store cannot do that.
   *
   * ```ts
   * await sessions.revokeAll({ onProgress: (ended) => console.log(ended) })
   * ```
   */
  async revokeAll(options: RevokeAllOptions = {}): Promise<number> {
    return this.#revocations.all(options)
  }

  /**
   * Calls `onEnd` once, when the session has ended for the request that opened it: it was flushed,
   * revoked or has expired, has another id, or another user. Returns the function that stops
   * watching. A session that has ended already, or a visitor without one, is reported at once.
   *
   * In this process `onEnd` is called at once, with the option `channel` in the others too, and
   * without it at the latest after `poll` (default 30 seconds). While the store does not respond,
   * only the expiry ends a watch. Watching is no use of the session and does not extend it, and it
   * does not keep the process alive. Throws `ConfigError` for a session that is not saved, for a
   * wrong option, and on Workers; and the error of a session that could not be read.
   *
   * ```ts
   * const stop = sessions.watch(session, (reason) => console.log(reason))
   * ```
   */
  watch(session: Session<Data>, onEnd: (reason: WatchEnd) => unknown, options: WatchOptions = {}): () => void {
    this.#checkOwn(session)
    return this.#watching.watch(draftOf(session), onEnd, options)
  }

  /**
   * Deletes expired sessions in batches and resolves to their number. Expired sessions are already
   * unusable; this frees their storage. Run it periodically; concurrent runs are safe. `batch` is
   * the number of rows per step, `signal` ends the run after the current step, and `onProgress` is
   * called with the total after each step. Rejects with `StoreError`, and with `ConfigError` when
   * the store clears itself.
   *
   * ```ts
   * setInterval(() => sessions.clearExpired().catch(report), 3_600_000).unref()
   * ```
   */
  async clearExpired(
    options: { readonly batch?: number; readonly signal?: AbortSignal; readonly onProgress?: (deleted: number) => void } = {},
  ): Promise<number> {
    const { onProgress, ...rest } = checkOptions(options, CLEAR_EXPIRED)
    let total = 0
    for await (const { deleted } of this.#engine.store.clearExpired({ ...rest, now: this.#engine.now() })) {
      total = deleted
      onProgress?.(deleted)
    }
    return total
  }

  /**
   * Stops the clearing of option `clearExpired` and all watches, leaves the channel, and releases
   * the store. The last manager that uses a store closes it; a store closes only the connections that it opened itself. Repeated calls do
   * nothing.
   *
   * ```ts
   * await sessions.close()
   * ```
   */
  async close(): Promise<void> {
    await this.#clearer?.close()
    await this.#watching.close()
    await this.#release()
  }

  #checkOwn(session: Session<Data>): void {
    if (this.#requests.isOwn(session)) return
    checkCopy(session, 'This session')
    throw new ConfigError('This session belongs to another manager. Pass it to the manager that opened it.')
  }
}

refuseCallbacks(Sessions, 'sessions', ['open', 'load', 'commit', 'revoke', 'revokeAll', 'clearExpired', 'close'], usePromise)

/**
 * A SHA-256, as most handles are. With the ids of express-session every text has the form of an id.
 */
const HASH = /^[\w-]{43}$/

const OPEN: OptionTable = { owner: 'sessions.open(request, options)', checks: { touch: aBoolean } }
const CLEAR_EXPIRED: OptionTable = {
  owner: 'sessions.clearExpired(options)',
  checks: { batch: wholeNumber('rows'), signal: aSignal, onProgress: aFunction },
}

/** The response may be a `Response`, whose status is on its prototype. */
function checkStatus(response: { readonly status: number } | null | undefined): void {
  const status: unknown = response?.status
  if (!Number.isInteger(status))
    throw new ConfigError(
      `sessions.commit(session, { status }): the status is ${formatValue(status)}. Pass the status of the response: { status: 200 }.`,
    )
}

/**
 * Whether a value is a manager, also one that another copy of this package made. Throws
 * `ConfigError` for a manager whose adapter port has another version.
 */
export function isSessions(value: unknown): value is Sessions {
  if (typeof value !== 'object' || value === null) return false
  if (!(ADAPTER in value) && hasOtherPort(value)) throw otherCopyError('This manager is of another version, because it')
  return ADAPTER in value
}

/** The adapter port of a manager. */
export function adapterOf<Data>(sessions: Sessions<Data>): SessionAdapter<Data> {
  return Reflect.get(sessions, ADAPTER) as SessionAdapter<Data>
}

/**
 * Makes the manager of an application's sessions. Every option but `store` has a safe default.
 * Throws `ConfigError`, which names the option, its value and the remedy.
 *
 * ```ts
 * const sessions = createSessions({ store: new SqliteStore('sessions.db'), idle: '7d' })
 * ```
 */
export function createSessions<Data = Default, const S extends Schemas = Schemas>(options: OptionsOf<Data, S>): Sessions<DataOf<Data, S>> {
  return new Sessions(options)
}
