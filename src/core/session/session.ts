import { continueAfter, refuseCallbacks, usePromise } from '../base/callbacks.ts'
import { shareClass } from '../base/copies.ts'
import { CodecError, ConfigError, otherCopyError, type SessionError } from '../base/errors.ts'
import { isUserId } from '../base/user-id.ts'
import type { Expiry, SessionProfile } from '../config/profile.ts'
import type { Draft } from '../draft/draft.ts'
import { addFlash, keepFlashes, readFlashes } from '../draft/flashes.ts'
import type { Default, UserId } from '../values/session-data.ts'
import { commitsOf, Dictionary, draftOf, isOfThisCopy } from './dictionary.ts'
import { throwOnAssignment } from './strict-properties.ts'

/** The maximum length of a user id. A longer one is a mistake, such as a whole token. */
const MAX_USER_ID = 1000

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
   * so that a stolen or planted one is worthless. The data of an anonymous visitor is kept. The
   * data of another user is dropped, and that user's session ends. If the session ended while this
   * request was running, a new one starts with the changes of this request. `options.expiry` is the
   * argument of `setExpiry`, for "remember me".
   *
   * Throws `CodecError` when the user id is neither a number nor a string of 1 to 1000 characters, and
   * the errors of `setExpiry`; nothing is then recorded.
   *
   * ```ts
   * session.login(user.id, { expiry: remember ? '30d' : 'browser' })
   * ```
   */
  login(userId: UserId<Data>, options: { readonly expiry?: Expiry } = {}): void {
    const draft = draftOf(this).openForWrite()
    const { now, lifetime, profile, values } = draft.context
    if (profile.loginRemedy !== undefined) throw new ConfigError(profile.loginRemedy)
    if (!isUserId(userId)) throw new CodecError(profile.names.user, 'login(userId): pass a number, or a string that is not empty.')
    if (String(userId).length > MAX_USER_ID)
      throw new CodecError(profile.names.user, `login(userId): the id has more than ${MAX_USER_ID} characters. Pass the key of the user.`)
    const text = values.print(profile.names.user, userId)
    const expiry = 'expiry' in options ? profile.expiryProperties(options.expiry, now(), now(), lifetime) : []
    draft.record({ kind: 'login', text })
    recordExpiry(draft, expiry)
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
    if (!draft.response.isReadOnly) draft.collectChanges()
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
 * properties that are not secret. It contains no id and no values, because the output goes to logs. Printing does not
 * count as a use of the session.
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
refuseCallbacks(Session, 'session', ['save', 'load', 'reload'], usePromise)
refuseCallbacks(Session, 'session', ['flush', 'logout', 'clear', 'cycleId', 'login', 'setExpiry', 'reflash'], continueAfter)
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
