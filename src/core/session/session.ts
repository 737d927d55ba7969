import { continueAfter, refuseCallbacks, usePromise } from '../base/callbacks.ts'
import { shareClass } from '../base/copies.ts'
import { otherCopyError, type SessionError } from '../base/errors.ts'
import type { Expiry, SessionProfile } from '../config/profile.ts'
import type { Draft } from '../draft/draft.ts'
import { addFlash, keepFlashes, readFlashes } from '../draft/flashes.ts'
import type { Default, UserId } from '../values/session-data.ts'
import {
  type Authentication,
  authenticationOf,
  checkLogin,
  checkRequirement,
  checkUser,
  isReplaced,
  type LoginOptions,
  type ReauthenticateOptions,
  recordLogin,
  recordReauthentication,
  type UserRequirement,
} from './authentication.ts'
import { commitsOf, Dictionary, draftOf, isOfThisCopy } from './dictionary.ts'
import { throwOnAssignment } from './strict-properties.ts'

/**
 * The session of one visitor during one request: a typed dictionary that is stored on the server.
 * Verbs only record changes. The changes are committed before the first byte of the response,
 * merged with those that other requests of the same visitor have committed since. Only `claim`,
 * `save`, `load` and `reload` do I/O.
 *
 * Every verb throws the `StoreError` of a failed load, and `NotLoadedError` when the option `lazy`
 * is set and the session is not loaded. After a reading verb has thrown the `StoreError` once, the
 * session looks empty. Verbs that change something also throw `HeadersSentError` once the response
 * has started, `ConfigError` when the cookie cannot be set over plain HTTP, and
 * `CommitUnknownError` when the outcome of an earlier `save` is unknown.
 */
export class Session<Data = Default> extends Dictionary<Data> {
  /**
   * Removes all properties, the user, flashes and the expiry that was set for this session. The id
   * and the kind of the cookie (`'browser'` or not) stay the same.
   *
   * ```ts
   * session.clear()
   * ```
   */
  clear(): void {
    draftOf(this).openForWrite().record({ kind: 'clear' })
  }

  /**
   * Ends the session: its data, its row and its id. Requests that are still running cannot restore
   * it. Later changes of this request start a new session. A flush is performed even when the
   * response is an error, and when the session could not be loaded. Throws `HeadersSentError` once
   * the response has started.
   *
   * ```ts
   * session.flush()
   * ```
   */
  flush(): void {
    draftOf(this).flush()
  }

  /**
   * Gives the session a new id and keeps its data. The old id ends with the same write. Call it
   * when the privileges of a visitor change; `login` does so itself.
   *
   * ```ts
   * session.cycleId()
   * ```
   */
  cycleId(): void {
    draftOf(this).openForWrite().record({ kind: 'cycle' })
  }

  /**
   * Logs a user in: sets `userId`, starts a new absolute lifetime, and gives the session a new id,
   * so that a stolen or planted one is invalid. The data of an anonymous visitor is kept. The
   * data of another user is dropped, and that user's session ends. If the session ended while this
   * request was running, a new one starts with the changes of this request. `options.expiry` is the
   * argument of `setExpiry`, for "remember me". The commit rejects with `SessionEndedError` if the
   * sessions of the user were revoked while the request was running (reason `revoked`), or if
   * parallel logins have reached the limit of sessions (`limit`).
   *
   * Throws `CodecError` when the user id is neither a number nor a string of 1 to 1000 characters,
   * `ConfigError` for a wrong option, and the errors of `setExpiry`; nothing is then recorded.
   *
   * ```ts
   * session.login(user.id, { expiry: remember ? '30d' : 'browser', device: 'Firefox on Linux' })
   * ```
   */
  login(userId: UserId<Data>, options: LoginOptions & { readonly expiry?: Expiry } = {}): void {
    checkLogin(options)
    const draft = draftOf(this).openForWrite()
    const { now, lifetime, profile } = draft.context
    const expiry = 'expiry' in options ? profile.expiryProperties(options.expiry, now(), now(), lifetime) : []
    recordLogin(draft, userId, options)
    recordExpiry(draft, expiry)
  }

  /**
   * Call it when the user who is logged in has authenticated again, with the password or a second
   * factor: gives the session a new id, ends all others, and starts both timeouts again. `level` is
   * that of `login`; with `revokeOthers` all other sessions of the user end too. The changes of the
   * request fail with `SessionEndedError` if the session has
   * another user by then. Throws `LoginRequiredError` when no user is logged in.
   *
   * ```ts
   * session.reauthenticate({ level: 2 })
   * ```
   */
  reauthenticate(options: ReauthenticateOptions = {}): void {
    recordReauthentication(draftOf(this), options)
  }

  /**
   * Resolves to the id of the user who is logged in. Rejects with `LoginRequiredError` (401) when
   * no user is, and with `StepUpRequiredError` (403) when the user has not authenticated within the
   * time or at the level that is required. A failed load is its `StoreError`, and an id that was
   * replaced a moment ago a `SessionEndedError`, so that neither looks like a logout. With a
   * `CachedStore` the session is read past the cache first. Rejects with `ConfigError` for a wrong
   * or unknown option.
   *
   * ```ts
   * const userId = await session.requireUser({ within: '10m' })
   * ```
   */
  async requireUser(requirement: UserRequirement = {}): Promise<UserId<Data>> {
    checkRequirement(requirement)
    const draft = draftOf(this)
    draft.checkNotUpdating()
    if (draft.state.is === 'unloaded') await commitsOf(this).load()
    draft.openForRead()
    if (draft.state.is === 'live' && draft.context.capabilities.caches === true && !draft.response.hasStarted)
      await commitsOf(this).reload()
    checkUser(draft, requirement)
    return this.userId as UserId<Data>
  }

  /**
   * What is known about the login of the user; `undefined` when no user is logged in, or by another
   * way than `login`.
   *
   * ```ts
   * const since = session.authentication?.authenticatedAt
   * ```
   */
  get authentication(): Authentication<UserId<Data>> | undefined {
    const facts = authenticationOf(draftOf(this))
    return facts && { userId: this.userId as UserId<Data>, ...facts }
  }

  /**
   * Whether the id of this request was replaced a moment ago, by a login in another tab for
   * example. The session then looks empty. The browser has the newer id or soon will, so let it
   * repeat the request in place of showing the login page.
   *
   * ```ts
   * if (session.replaced) response.status
   * ```
   */
  get replaced(): boolean {
    return isReplaced(draftOf(this).openForRead())
  }

  /**
   * Logs the user out by ending the session, as `flush`. To log out and keep the other properties,
   * call `delete('userId')`.
   *
   * ```ts
   * session.logout()
   * ```
   */
  logout(): void {
    this.flush()
  }

  /** The id of the user who is logged in: the property `userId`. */
  get userId(): UserId<Data> | undefined {
    const { context, properties } = draftOf(this).openForRead()
    return properties.read(context.profile.names.user) as UserId<Data> | undefined
  }

  /**
   * Sets the expiry of this session. A duration replaces the option `idle`, so that every use
   * starts it again. A `Date` is fixed. `'browser'` ends the session with the browser. `undefined`
   * restores the defaults. A change from or to `'browser'` renews the id, because the cookie
   * changes.
   *
   * Throws `RangeError` for a date in the past, and for a date or a duration beyond the absolute
   * lifetime. With the option `lazy`, a date that was set before the session is loaded is shortened
   * to the absolute lifetime.
   *
   * ```ts
   * session.setExpiry('30d')
   * ```
   */
  setExpiry(expiry: Expiry): void {
    const draft = draftOf(this).openForWrite()
    const { profile, now, lifetime } = draft.context
    recordExpiry(draft, profile.expiryProperties(expiry, draft.createdAt, now(), lifetime))
  }

  /**
   * When the session expires if it is not used again, in epoch milliseconds. Includes this
   * request's changes.
   */
  get expiresAt(): number {
    const { context, createdAt, intents, properties, state } = draftOf(this).openForRead()
    if (state.is === 'live' && intents.length === 0) return context.profile.endOf(state.entry, properties.texts, context)
    return context.profile.expiryOf(properties.texts, createdAt, context.now(), context)
  }

  /**
   * When the session ends even if it is used, in epoch milliseconds: the end of its absolute
   * lifetime. Includes this request's changes.
   */
  get absoluteExpiresAt(): number {
    const { context, createdAt } = draftOf(this).openForRead()
    return createdAt + context.lifetime.absolute
  }

  /** Whether the cookie ends with the browser. */
  get endsWithBrowser(): boolean {
    const { context, properties } = draftOf(this).openForRead()
    return context.profile.endsWithBrowser(properties.texts, context)
  }

  /**
   * Stores a message for the next request that reads it with `flashed`. Messages with the same key
   * collect, also those of parallel requests. This request does not see it. Throws `CodecError` as
   * `set`.
   *
   * ```ts
   * session.flash('notice', 'Your order is on its way.')
   * ```
   */
  flash(key: string, message: unknown): void {
    addFlash(draftOf(this), key, message)
  }

  /**
   * Returns the messages that earlier requests stored, oldest first, and removes them. Returns an
   * empty array when there are none, and once the response has started. A message is removed when
   * the changes of this request are committed, so a request that runs at the same time may return
   * it too. The type parameter is not checked.
   *
   * ```ts
   * const notices = session.flashed<string>('notice')
   * ```
   */
  flashed<T = unknown>(key: string): T[] {
    return readFlashes(draftOf(this), key) as T[]
  }

  /**
   * Keeps the messages that this request has read for the next one, in front of new messages.
   *
   * ```ts
   * session.reflash()
   * ```
   */
  reflash(): void {
    keepFlashes(draftOf(this))
  }

  /**
   * The text in the browser, a secret: the id, or with a `CookieStore` the sealed session.
   * `undefined` before the first commit of a new session. To show or log a session, use `handle`.
   */
  get id(): string | undefined {
    return draftOf(this).openForRead().currentIdentity?.id
  }

  /**
   * Names the session; constant for its life, and safe to show and to log. `undefined` before the
   * first commit of a new session. `sessions.revoke(handle)` ends it.
   */
  get handle(): string | undefined {
    return draftOf(this).openForRead().currentIdentity?.handle
  }

  /** Whether the request had no session when it began. */
  get isNew(): boolean {
    return draftOf(this).openForRead().isNew
  }

  /** Whether this request has used the session. */
  get accessed(): boolean {
    return draftOf(this).accessed
  }

  /**
   * Whether this request has changes that are not committed, including mutations of objects that it
   * read from the session. Throws `CodecError` if such an object cannot be stored.
   */
  get modified(): boolean {
    const draft = draftOf(this)
    if (!draft.response.isReadOnly) draft.changes.collect()
    return draft.intents.length > 0 || draft.pendingDeletes.length > 0
  }

  /** The error of a failed load; `undefined` when the session was loaded. */
  get loadError(): SessionError | undefined {
    const draft = draftOf(this)
    draft.openToken()
    return draft.state.is === 'failed' ? draft.state.error : undefined
  }

  /**
   * Commits the changes now: outside of a request, or before a long stream. They are final even if
   * the request fails later. Rejects with the errors of `Sessions.commit`.
   *
   * ```ts
   * await session.save()
   * ```
   */
  save(): Promise<void> {
    draftOf(this).checkNotUpdating()
    return commitsOf(this).save()
  }

  /**
   * Reads the newest state. Changes that are not committed stay, and functions of `update` are
   * called again with the newest value. Rejects with `StoreError`, or with the error that such a
   * function throws; the session is then unchanged.
   *
   * ```ts
   * await session.reload()
   * ```
   */
  reload(): Promise<void> {
    draftOf(this).checkNotUpdating()
    return commitsOf(this).reload()
  }

  /**
   * Reads the session when the option `lazy` is set. Does nothing when it is loaded already.
   * Rejects with `StoreError`.
   *
   * ```ts
   * await session.load()
   * ```
   */
  load(): Promise<void> {
    draftOf(this).checkNotUpdating()
    return commitsOf(this).load()
  }
}

/**
 * A session as `console.log` prints it in Node, Bun and Deno: its state and the names of its
 * properties that are not secret. It contains no id and no values, because the output goes to logs.
 * Printing does not count as a use of the session.
 */
Object.defineProperty(Session.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  configurable: true,
  value(this: Session) {
    if (this === Session.prototype) return 'Session.prototype'
    const { state, currentIdentity, properties, context } = draftOf(this)
    const isShown = (name: string): boolean => !context.profile.names.isReserved(name) && !context.values.isSecret(name)
    const names = [...properties.texts.keys()].filter(isShown)
    return `Session ${JSON.stringify({ state: state.is, handle: currentIdentity?.handle, properties: names })}`
  },
})
shareClass(Session, 'Session')
refuseCallbacks(Session, 'session', ['save', 'load', 'reload', 'requireUser'], usePromise)
refuseCallbacks(
  Session,
  'session',
  ['flush', 'logout', 'clear', 'cycleId', 'login', 'reauthenticate', 'setExpiry', 'reflash'],
  continueAfter,
)
refuseCallbacks(Session, 'session', ['flashed'], continueAfter)
refuseCallbacks(Session, 'session', ['flash'], continueAfter, 2)
throwOnAssignment(Session)

/** Throws `ConfigError` for a session that another copy of this package made. Internal. */
export function checkCopy(session: unknown, subject: string): void {
  if (session instanceof Session && !isOfThisCopy(session)) throw otherCopyError(subject)
}

function recordExpiry(draft: Draft, properties: ReturnType<SessionProfile['expiryProperties']>): void {
  for (const [name, value] of properties) {
    if (value === undefined) draft.record({ kind: 'remove', name })
    else draft.recordSet(name, value)
  }
}
