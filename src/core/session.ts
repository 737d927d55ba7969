import { Dictionary } from './dictionary.ts'
import type { Draft } from './draft.ts'
import { CodecError, type SessionError } from './errors.ts'
import { type Expiry, endsWithBrowser, expiryOf, expiryProperties } from './expiry.ts'
import { Flashes } from './flash.ts'
import type { Keeper } from './keeper.ts'
import { BROWSER, EXPIRY, USER } from './reserved.ts'
import type { Default, UserId } from './session-data.ts'

let reveal: (session: AnySession) => Draft

/**
 * The session of one visitor, for one request: a typed dictionary that lives on the server. Verbs do no I/O (but `claim`, `save`, `load`
 * and `reload`); what they record is committed before the first byte of the response, merged with what other requests of the same
 * visitor committed meanwhile.
 *
 * Every verb throws what reading the session from the store failed with (`StoreError`), once it is used; verbs that change something
 * throw `HeadersSentError` when the response has started.
 */
export class Session<Data = Default> extends Dictionary<Data> {
  readonly #draft: Draft
  readonly #keeper: Keeper
  readonly #flashes: Flashes

  static {
    reveal = (session: AnySession): Draft => session.#draft
  }

  /** Sessions come from a manager or an adapter, not from here. */
  constructor(draft: Draft, keeper: Keeper) {
    super(draft, keeper)
    this.#draft = draft
    this.#keeper = keeper
    this.#flashes = new Flashes(draft, keeper.values)
  }

  /** Removes all data, the user included; id and row stay. For a shared cart device; to log out prefer `flush`. */
  clear(): void {
    this.#draft.change()
    this.#draft.record({ kind: 'clear' })
  }

  /**
   * Ends the session for good: data, row and id. No request that is still at work can bring it back. What is set afterwards starts a new
   * session. Done even when the response is an error, and possible when the session could not be loaded.
   */
  flush(): void {
    this.#draft.flush()
  }

  /** Gives the session a new id and keeps its data; the old id ends in the same step. Do it when a visitor's privileges change. */
  cycleId(): void {
    this.#draft.change()
    this.#draft.record({ kind: 'cycle' })
  }

  /**
   * Logs a user in: sets `userId`, gives the session a new id (a stolen or planted one is worthless) and starts a new absolute lifetime.
   * What an anonymous visitor collected is kept; what another user left is dropped. `options.expiry` is for "remember me".
   *
   * ```ts
   * session.login(user.id, { expiry: remember ? '30d' : 'browser' })
   * ```
   */
  login(userId: UserId<Data>, options: { readonly expiry?: Expiry } = {}): void {
    this.#draft.change()
    if (!(typeof userId === 'number' ? Number.isFinite(userId) : typeof userId === 'string' && userId !== '')) {
      throw new CodecError(USER, 'login(userId): a user id is a string that is not empty, or a number.')
    }
    this.#draft.record({ kind: 'login', text: this.#keeper.values.print(USER, userId) })
    if ('expiry' in options) this.setExpiry(options.expiry)
  }

  /** Logs out by ending the session: `flush`. To log out and keep the cart, `delete('userId')`. */
  logout(): void {
    this.flush()
  }

  /** Who is logged in: the property `userId`. */
  get userId(): UserId<Data> | undefined {
    return this.#draft.look().read(USER) as UserId<Data> | undefined
  }

  /**
   * Gives this session its own expiry: a duration slides with every use in place of `idle`; a `Date` is fixed; `'browser'` ends it with
   * the browser; `undefined` returns to the defaults. To or from `'browser'` the id is renewed, since the cookie has to change. Throws
   * `RangeError` for an instant that is past, or anything beyond the absolute lifetime.
   */
  setExpiry(expiry: Expiry): void {
    this.#draft.change()
    const { now, lifetime } = this.#keeper
    const { own, browser } = expiryProperties(expiry, this.#draft.createdAt, now(), lifetime)
    this.#put(EXPIRY, own)
    this.#put(BROWSER, browser)
  }

  /** When the session expires if nobody uses it again, in epoch milliseconds, with this request's changes. */
  get expiresAt(): number {
    const { texts } = this.#draft.look()
    const { entry, intents } = this.#draft
    if (entry !== undefined && intents.length === 0) return entry.expiresAt
    return expiryOf(texts, this.#draft.createdAt, this.#keeper.now(), this.#keeper.lifetime, this.#keeper.values.plain)
  }

  /** Whether the cookie ends with the browser. */
  get endsWithBrowser(): boolean {
    return endsWithBrowser(this.#draft.look().texts, this.#keeper.lifetime, this.#keeper.values.plain)
  }

  /** Leaves a message for the next request of this visitor that asks for it; this request does not see it. */
  flash(key: string, value: unknown): void {
    this.#draft.change()
    this.#flashes.set(key, value)
  }

  /** The message an earlier request left, and removes it. */
  flashed(key: string): unknown {
    this.#draft.look()
    if (this.#draft.sealed) return undefined
    return this.#flashes.take(key)
  }

  /** Keeps the messages that this request read for the next one. */
  reflash(): void {
    this.#draft.change()
    this.#flashes.keep()
  }

  /** The id the browser holds: a secret. `undefined` before the first commit of a new session. For a name that may be shown see `handle`. */
  get id(): string | undefined {
    this.#draft.accessed = true
    return this.#draft.living?.id
  }

  /** The key the store keeps the session under; constant for its life and safe to show and to log. */
  get handle(): string | undefined {
    this.#draft.accessed = true
    return this.#draft.living?.key
  }

  /** Whether there was no session when this request began. */
  get isNew(): boolean {
    this.#draft.look()
    return this.#draft.isNew
  }

  /** Whether this request looked at the session. */
  get accessed(): boolean {
    return this.#draft.accessed
  }

  /** Whether this request has changes that are not committed yet. */
  get modified(): boolean {
    if (!this.#draft.sealed) this.#draft.settle()
    return this.#draft.intents.length > 0 || this.#draft.flushed.length > 0
  }

  /** What reading the session failed with, if it did. The session then looks empty. */
  get loadError(): SessionError | undefined {
    return this.#draft.loadError
  }

  /** Commits now, by hand: outside of a request, or before a long stream. Final, even if the request fails later. */
  async save(): Promise<void> {
    this.#draft.change()
    await this.#keeper.save(this.#draft)
  }

  /** Reads the newest state; changes that are not committed yet stay on top. */
  reload(): Promise<void> {
    return this.#keeper.reload(this.#draft)
  }

  /** Reads the session, with `lazy: true`; does nothing when it is read already. Rejects with `StoreError`. */
  load(): Promise<void> {
    return this.#keeper.load(this.#draft)
  }

  #put(name: string, value: unknown): void {
    if (value === undefined) this.#draft.record({ kind: 'remove', name })
    else this.#draft.record({ kind: 'set', name, text: this.#keeper.values.print(name, value) })
  }
}

// Assigning to a verb must not replace it in silence.
Object.freeze(Session.prototype)

// oxlint-disable-next-line typescript/no-explicit-any -- whatever it holds
type AnySession = Session<any>

/** The draft behind a session, for the manager it comes from. */
export function draftOf(session: AnySession): Draft {
  return reveal(session)
}
