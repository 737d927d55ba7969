import { CodecError, ConfigError, type SessionError } from '../base/errors.ts'
import type { Expiry, SessionProfile } from '../config/profile.ts'
import type { Draft } from '../draft/draft.ts'
import { flash, flashed, reflash } from '../draft/flash.ts'
import type { Default, UserId } from '../values/session-data.ts'
import { commitsOf, Dictionary, draftOf } from './dictionary.ts'
import { formatSession, INSPECT } from './inspected.ts'

/**
 * The session of one visitor, for one request: a typed dictionary that lives on the server. Verbs do no I/O (but `claim`, `save`, `load`
 * and `reload`); what they record is committed before the first byte of the response, merged with what other requests of the same
 * visitor committed meanwhile.
 *
 * Every verb throws what reading the session from the store failed with (`StoreError`), once it is used; verbs that change something
 * throw `HeadersSentError` when the response has started.
 */
export class Session<Data = Default> extends Dictionary<Data> {
  /** Removes everything: all properties, the user, flashes, an expiry of its own. Id and row stay, and whether it ends with the browser. */
  clear(): void {
    const draft = draftOf(this)
    draft.change()
    draft.record({ kind: 'clear' })
  }

  /**
   * Ends the session for good: data, row and id. No request that is still at work can bring it back. What is set afterwards starts a new
   * session. Done even when the response is an error, and possible when the session could not be loaded.
   *
   * ```ts
   * session.flush()
   * ```
   */
  flush(): void {
    draftOf(this).flush()
  }

  /** Gives the session a new id and keeps its data; the old id ends in the same step. Do it when a visitor's privileges change. */
  cycleId(): void {
    const draft = draftOf(this)
    draft.change()
    draft.record({ kind: 'cycle' })
  }

  /**
   * Logs a user in: sets `userId`, gives the session a new id (a stolen or planted one is worthless) and starts a new absolute lifetime.
   * What an anonymous visitor collected is kept; what another user left is dropped, with that user's session. A session that ended
   * meanwhile is not brought back: a new one starts with what this request itself changed. `options.expiry` is for "remember me".
   *
   * Throws `CodecError` for a user id that is not a string or a number, `RangeError` as `setExpiry`; then nothing has happened.
   *
   * ```ts
   * session.login(user.id, { expiry: remember ? '30d' : 'browser' })
   * ```
   */
  login(userId: UserId<Data>, options: { readonly expiry?: Expiry } = {}): void {
    const draft = draftOf(this)
    draft.change()
    const { now, lifetime, profile, values } = draft.context
    if (profile.loginRemedy !== undefined) throw new ConfigError(profile.loginRemedy)
    const id: unknown = userId
    if (!(typeof id === 'number' ? Number.isFinite(id) : typeof id === 'string' && id !== '')) {
      throw new CodecError(profile.userName, 'login(userId): a user id is a string that is not empty, or a number.')
    }
    const text = values.print(profile.userName, userId)
    const expiry = 'expiry' in options ? profile.expiryProperties(options.expiry, now(), now(), lifetime) : undefined
    draft.record({ kind: 'login', text })
    if (expiry !== undefined) recordExpiry(draft, expiry)
  }

  /** Logs out by ending the session: `flush`. To log out and keep the cart, `delete('userId')`. */
  logout(): void {
    this.flush()
  }

  /** Who is logged in: the property `userId`. */
  get userId(): UserId<Data> | undefined {
    const draft = draftOf(this)
    return draft.look().read(draft.context.profile.userName) as UserId<Data> | undefined
  }

  /**
   * Gives this session its own expiry: a duration slides with every use in place of `idle`; a `Date` is fixed; `'browser'` ends it with
   * the browser; `undefined` returns to the defaults. To or from `'browser'` the id is renewed, since the cookie has to change. Throws
   * `RangeError` for an instant that is past, or anything beyond the absolute lifetime; with `lazy`, before the session is loaded, an instant
   * that turns out to be beyond it is brought back to it.
   */
  setExpiry(expiry: Expiry): void {
    const draft = draftOf(this)
    draft.change()
    const { profile, now, lifetime } = draft.context
    recordExpiry(draft, profile.expiryProperties(expiry, draft.createdAt, now(), lifetime))
  }

  /** When the session expires if nobody uses it again, in epoch milliseconds, with this request's changes. */
  get expiresAt(): number {
    const draft = draftOf(this)
    const { texts } = draft.look()
    if (draft.state.is === 'live' && draft.intents.length === 0) return draft.state.entry.expiresAt
    return draft.context.profile.expiryOf(texts, draft.createdAt, draft.context.now(), draft.context)
  }

  /** Whether the cookie ends with the browser. */
  get endsWithBrowser(): boolean {
    const draft = draftOf(this)
    return draft.context.profile.endsWithBrowser(draft.look().texts, draft.context)
  }

  /** Leaves a message for the next request of this visitor that asks for it; this request does not see it. */
  flash(key: string, value: unknown): void {
    const draft = draftOf(this)
    draft.change()
    flash(draft, key, value)
  }

  /**
   * The message an earlier request left, and removes it. `undefined` when there is none, and once the response has started. Its type is what
   * the caller says; nothing checks it.
   *
   * ```ts
   * const notice = session.flashed<string>('notice')
   * ```
   */
  flashed<T = unknown>(key: string): T | undefined {
    const draft = draftOf(this)
    draft.look()
    return draft.isCommitted ? undefined : (flashed(draft, key) as T | undefined)
  }

  /** Keeps the messages that this request read for the next one. */
  reflash(): void {
    const draft = draftOf(this)
    draft.change()
    reflash(draft)
  }

  /** What the browser holds, a secret: the id, or with a `CookieStore` the sealed session itself. `undefined` before the first commit of a new session. For a name that may be shown see `handle`. */
  get id(): string | undefined {
    const draft = draftOf(this)
    draft.look()
    return draft.currentIdentity?.id
  }

  /** Names the session; constant for its life and safe to show and to log. `sessions.revoke(handle)` ends it. */
  get handle(): string | undefined {
    const draft = draftOf(this)
    draft.look()
    return draft.currentIdentity?.handle
  }

  /** Whether there was no session when this request began. */
  get isNew(): boolean {
    const draft = draftOf(this)
    draft.look()
    return draft.isNew
  }

  /** Whether this request looked at the session. */
  get accessed(): boolean {
    return draftOf(this).accessed
  }

  /**
   * Whether this request has changes that are not committed yet, those inside of handed-out objects too. Throws `CodecError` when one of
   * these can no longer be stored.
   */
  get modified(): boolean {
    const draft = draftOf(this)
    if (!draft.isCommitted) draft.detectMutations()
    return draft.intents.length > 0 || draft.flushed.length > 0
  }

  /** What reading the session failed with, if it did. The session then looks empty. */
  get loadError(): SessionError | undefined {
    const draft = draftOf(this)
    draft.openToken()
    const { state } = draft
    return state.is === 'failed' ? state.error : undefined
  }

  /**
   * Commits now, by hand: outside of a request, or before a long stream. Final, even if the request fails later. Rejects as the commit of a
   * request does, see `Sessions.commit`.
   *
   * ```ts
   * await session.save()
   * ```
   */
  async save(...callback: never[]): Promise<void> {
    if (callback.length > 0) throw new TypeError('session.save() takes no callback: await session.save()')
    const draft = draftOf(this)
    draft.change()
    if (draft.context.profile.savesUnchanged === true) draft.record({ kind: 'save' })
    await commitsOf(this).save()
  }

  /**
   * Reads the newest state; changes that are not committed yet stay on top, and functions of `update` run again on it. Rejects with
   * `StoreError`, or with what such a function throws; then everything is as it was.
   */
  async reload(): Promise<void> {
    await commitsOf(this).reload()
  }

  /** Reads the session, with `lazy: true`; does nothing when it is read already. Rejects with `StoreError`. */
  async load(): Promise<void> {
    await commitsOf(this).load()
  }
}

Object.defineProperty(Session.prototype, INSPECT, {
  value(this: Session) {
    return formatSession(draftOf(this))
  },
})
// Assigning to a verb must not replace it in silence.
Object.freeze(Session.prototype)

/** Records an expiry: what it does not have is removed. */
function recordExpiry(draft: Draft, properties: ReturnType<SessionProfile['expiryProperties']>): void {
  for (const [name, value] of properties) {
    if (value === undefined) draft.record({ kind: 'remove', name })
    else draft.record({ kind: 'set', name, text: draft.context.values.print(name, value) })
  }
}
