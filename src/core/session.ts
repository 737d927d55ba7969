import { dataView } from './data-view.ts'
import type { Draft } from './draft.ts'
import { CodecError, type SessionError } from './errors.ts'
import { type Expiry, endsWithBrowser, expiryOf, expiryProperties } from './expiry.ts'
import { Flashes } from './flash.ts'
import type { Keeper } from './keeper.ts'
import { BROWSER, EXPIRY, isReserved, USER } from './reserved.ts'
import type { Default, Entries, Item, Name, NameOf, UserId, Value } from './session-data.ts'
import { LoudOnUnknown } from './unknown-properties.ts'

/**
 * The session of one visitor, for one request: a typed dictionary that lives on the server. Verbs do no I/O (but `claim`, `save`, `load`
 * and `reload`); what they record is committed before the first byte of the response, merged with what other requests of the same
 * visitor committed meanwhile.
 *
 * Every verb throws what reading the session from the store failed with (`StoreError`), once it is used; verbs that change something
 * throw `HeadersSentError` when the response has started.
 */
export class Session<Data = Default> extends LoudOnUnknown {
  readonly #draft: Draft
  readonly #keeper: Keeper
  readonly #flashes: Flashes
  #view: unknown

  /** Sessions come from a manager or an adapter, not from here. */
  constructor(draft: Draft, keeper: Keeper) {
    super()
    this.#draft = draft
    this.#keeper = keeper
    this.#flashes = new Flashes(draft, keeper.values)
  }

  /**
   * The value of a property, or `fallback` (`undefined` without one) when it is absent. Never writes. The same object comes back every
   * time, and what you change inside of it is saved; two requests that change the same property so: the last wins, so prefer `update`.
   *
   * ```ts
   * const theme = session.get('theme', 'light')
   * ```
   */
  get<K extends Name<Data>>(key: K): Value<Data, K> | undefined
  get<K extends Name<Data>>(key: K, fallback: NoInfer<Value<Data, K>>): Value<Data, K>
  get<K extends Name<Data>, F>(key: K, fallback: F): Value<Data, K> | F
  get(key: string, fallback?: unknown): unknown {
    const properties = this.#draft.look()
    const value = isReserved(key) ? undefined : properties.read(key)
    return value === undefined ? fallback : value
  }

  /** Whether the property is there. Never writes. */
  has(key: Name<Data>): boolean {
    const properties = this.#draft.look()
    return !isReserved(key) && properties.has(key)
  }

  /**
   * Sets a property to a copy of `value`. Counts as a write even when nothing changes by it. Throws `CodecError` at once for what cannot
   * be stored: functions, symbols, instances of classes, `undefined`, and what the property's schema refuses.
   *
   * ```ts
   * session.set('darkMode', true)
   * ```
   */
  set<K extends Name<Data>>(key: K, value: Value<Data, K>): this {
    this.#draft.change()
    this.#draft.record({ kind: 'set', name: writable(key), text: this.#keeper.values.print(key, value) })
    return this
  }

  /** Sets several properties, each as `set` does. When one cannot be stored none is set. */
  assign(properties: Partial<Data>): this {
    this.#draft.change()
    const texts = Object.entries(properties).map(([name, value]) => [writable(name), this.#keeper.values.print(name, value)] as const)
    for (const [name, text] of texts) this.#draft.record({ kind: 'set', name, text })
    return this
  }

  /**
   * Removes one property. `false`, and no write, when it was absent. Removing `userId` logs out and keeps everything else.
   *
   * ```ts
   * session.delete('darkMode')
   * ```
   */
  delete(key: Name<Data>): boolean {
    const present = this.#present(key)
    if (present) this.#draft.record({ kind: 'remove', name: key })
    return present
  }

  /**
   * Removes one property and returns what it was, or `fallback` when it was absent; then nothing is written.
   *
   * ```ts
   * const cart = session.pop('cart', [])
   * ```
   */
  pop<K extends Name<Data>>(key: K): Value<Data, K> | undefined
  pop<K extends Name<Data>>(key: K, fallback: NoInfer<Value<Data, K>>): Value<Data, K>
  pop<K extends Name<Data>, F>(key: K, fallback: F): Value<Data, K> | F
  pop(key: string, fallback?: unknown): unknown {
    if (!this.#present(key as Name<Data>)) return fallback
    const value = this.#draft.properties.read(key)
    this.#draft.record({ kind: 'remove', name: key })
    return value === undefined ? fallback : value
  }

  /**
   * What the property holds; if it is absent, it is set to `value` (or what the function returns) first. When several requests find it
   * absent, the first to commit wins.
   */
  setDefault<K extends Name<Data>>(key: K, value: Value<Data, K> | (() => Value<Data, K>)): Value<Data, K> {
    if (!this.#present(key)) {
      const initial = typeof value === 'function' ? (value as () => Value<Data, K>)() : value
      this.#draft.record({ kind: 'fill', name: key, text: this.#keeper.values.print(key, initial) })
    }
    return this.#draft.properties.read(key) as Value<Data, K>
  }

  /**
   * Sets a property to `change(current)` and returns that; `undefined` removes it. On a conflict `change` runs again on the newest value,
   * so that no update is ever lost or counted twice: it must be synchronous and without effects of its own. What is returned here is
   * provisional until the commit; for a number that must be final, `await save()` and `get` it after a `reload()`. When `change` throws
   * on a rerun nothing is committed and the request fails with its error.
   *
   * ```ts
   * session.update('visits', (visits = 0) => visits + 1)
   * ```
   */
  update<K extends Name<Data>, R extends Value<Data, K> | undefined>(key: K, change: (current: Value<Data, K> | undefined) => R): R {
    const { values } = this.#keeper
    const properties = this.#draft.look()
    this.#draft.change()
    this.#draft.settleOne(writable(key))
    const print = (next: R): string | undefined => (next === undefined ? undefined : values.print(key, next))
    const rerun = (text: string | undefined): string | undefined =>
      print(change(text === undefined ? undefined : (values.parse(key, text) as Value<Data, K>)))
    const next = change(properties.copy(key) as Value<Data, K> | undefined)
    this.#draft.recordUpdate({ kind: 'update', name: key, change: rerun }, print(next))
    return next
  }

  /**
   * Adds to a number, which starts at 0. No increment is lost, whatever else is in flight. Returns the (provisional) sum. Throws
   * `CodecError` when the property is not a number.
   */
  increment<K extends NameOf<Data, number>>(key: K, by = 1): number {
    return this.#as<number>().update(key, (current = 0) => expected(key, current, typeof current === 'number', 'a number') + by)
  }

  /**
   * Appends to an array, which starts empty. No item is lost, whatever else is in flight. Returns the (provisional) array. Throws
   * `CodecError` when the property is not an array.
   */
  push<K extends NameOf<Data, readonly unknown[]>>(key: K, ...items: Item<Data, K>[]): Item<Data, K>[] {
    return this.#as<Item<Data, K>[]>().update(key, (current = []) => [
      ...expected(key, current, Array.isArray(current), 'an array'),
      ...items,
    ])
  }

  /**
   * Takes a property out at most once: of all that call it at the same time, in all processes, at most one gets the stored value. Done in
   * the store at once and final, even if the request fails later. Made for tickets, coupons, one-time tokens.
   *
   * ```ts
   * const coupon = await session.claim('coupon')
   * if (coupon === undefined) return alreadyUsed()
   * ```
   */
  async claim<K extends Name<Data>>(key: K): Promise<Value<Data, K> | undefined> {
    this.#draft.look()
    this.#draft.change()
    const text = await this.#keeper.claim(this.#draft, writable(key))
    return text === undefined ? undefined : (this.#keeper.values.parse(key, text) as Value<Data, K> | undefined)
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
    if ('expiry' in options) this.#setExpiry(options.expiry, this.#keeper.now())
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
    this.#setExpiry(expiry, this.#draft.entry?.createdAt ?? this.#keeper.now())
  }

  /** When the session expires if nobody uses it again, in epoch milliseconds, with this request's changes. */
  get expiresAt(): number {
    const { texts } = this.#draft.look()
    const { entry, intents } = this.#draft
    if (entry !== undefined && intents.length === 0) return entry.expiresAt
    const now = this.#keeper.now()
    return expiryOf(texts, entry?.createdAt ?? now, now, this.#keeper.lifetime, this.#keeper.values.plain)
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

  /** The same properties as a plain object: `session.data.cart`, `delete session.data.cart`, `'cart' in session.data`. */
  get data(): Partial<Data> {
    this.#view ??= dataView(this as unknown as Session<Record<string, unknown>>)
    return this.#view as Partial<Data>
  }

  *keys(): IterableIterator<Name<Data>> {
    const properties = this.#draft.look()
    for (const name of properties.texts.keys()) if (!isReserved(name) && properties.has(name)) yield name as Name<Data>
  }

  *values(): IterableIterator<Entries<Data>[1]> {
    for (const name of this.keys()) yield this.#draft.properties.read(name) as Entries<Data>[1]
  }

  *entries(): IterableIterator<Entries<Data>> {
    for (const name of this.keys()) yield [name, this.#draft.properties.read(name)] as unknown as Entries<Data>
  }

  [Symbol.iterator](): IterableIterator<Entries<Data>> {
    return this.entries()
  }

  forEach(visit: (value: Entries<Data>[1], key: Name<Data>, session: this) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this)
  }

  /** How many properties there are. */
  get size(): number {
    return [...this.keys()].length
  }

  /** A plain object of all properties. Its values are the session's own objects. */
  toObject(): Partial<Data> {
    return Object.fromEntries(this.entries()) as Partial<Data>
  }

  toJSON(): Partial<Data> {
    return this.toObject()
  }

  /** The id the browser holds: a secret. `undefined` before the first commit of a new session. For a name that may be shown see `handle`. */
  get id(): string | undefined {
    this.#draft.accessed = true
    return this.#draft.identity?.id
  }

  /** The key the store keeps the session under; constant for its life and safe to show and to log. */
  get handle(): string | undefined {
    this.#draft.accessed = true
    return this.#draft.identity?.key
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

  /** Whether a property is there, before it is changed. */
  #present(key: Name<Data>): boolean {
    const properties = this.#draft.look()
    this.#draft.change()
    return properties.texts.has(writable(key))
  }

  #setExpiry(expiry: Expiry, createdAt: number): void {
    const { now, lifetime } = this.#keeper
    const { own, browser } = expiryProperties(expiry, createdAt, now(), lifetime)
    this.#put(EXPIRY, own)
    this.#put(BROWSER, browser)
  }

  #put(name: string, value: unknown): void {
    if (value === undefined) this.#draft.record({ kind: 'remove', name })
    else this.#draft.record({ kind: 'set', name, text: this.#keeper.values.print(name, value) })
  }

  #as<T>(): Session<Record<string, T>> {
    return this as unknown as Session<Record<string, T>>
  }
}

function expected<T>(name: string, value: T, fits: boolean, what: string): T {
  if (!fits) throw new CodecError(name, `The property "${name}" is not ${what}; set() or delete() it first.`)
  return value
}

/** Names of ours are not for writing. */
function writable(name: string): string {
  if (typeof name !== 'string') throw new CodecError(String(name), `A property name is a string; this one is a ${typeof name}.`)
  if (isReserved(name)) throw new CodecError(name, `The property "${name}" cannot be written: names that begin with "_" are reserved.`)
  return name
}
