import { continueAfter, refuseCallbacks, usePromise } from '../base/callbacks.ts'
import { CodecError, ConfigError } from '../base/errors.ts'
import { formatValue } from '../base/format.ts'
import { hasFields } from '../base/option-checks.ts'
import type { SessionCommits } from '../commit/session-commits.ts'
import type { Draft } from '../draft/draft.ts'
import type { Entries, Item, Name, NameOf, Value } from '../values/session-data.ts'
import { dataView } from './data-view.ts'
import { throwOnAssignment, throwOnUnknownProperty } from './strict-properties.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- with any data
type AnyDictionary = Dictionary<any>

let getDraft: (dictionary: AnyDictionary) => Draft
let getCommits: (dictionary: AnyDictionary) => SessionCommits
let hasDraft: (value: unknown) => boolean

/** The draft of a session. Internal. */
export function draftOf(dictionary: AnyDictionary): Draft {
  return getDraft(dictionary)
}

/** The commits of a session. Internal. */
export function commitsOf(dictionary: AnyDictionary): SessionCommits {
  return getCommits(dictionary)
}

/** Whether a value is a session that this copy of the package made. Internal. */
export function isOfThisCopy(value: unknown): boolean {
  return hasDraft(value)
}

/** The properties of a session: a typed dictionary whose verbs record changes. */
export class Dictionary<Data> {
  readonly #draft: Draft
  readonly #commits: SessionCommits
  #view: Partial<Data> | undefined

  static {
    getDraft = (dictionary) => dictionary.#draft
    getCommits = (dictionary) => dictionary.#commits
    hasDraft = (value) => typeof value === 'object' && value !== null && #draft in value
    const isStored = (session: object, name: string): boolean => {
      if (!(#draft in session)) return false
      session.#draft.openToken()
      return session.#draft.properties.texts.has(name)
    }
    const isReserved = (session: object, name: string): boolean =>
      #draft in session && session.#draft.context.profile.names.isReserved(name)
    Object.setPrototypeOf(Dictionary.prototype, throwOnUnknownProperty({ isStored, isReserved }))
    // Every promise that resolves to a session reads its `then`. It is defined here, so that the
    // read does not reach the proxy.
    // oxlint-disable-next-line unicorn/no-thenable -- it is `undefined`
    Object.defineProperty(Dictionary.prototype, 'then', { value: undefined, configurable: true })
  }

  /** Internal. Sessions are created by a manager. */
  constructor(draft: Draft, commits: SessionCommits) {
    this.#draft = draft
    this.#commits = commits
  }

  /**
   * Returns the value of a property, or `fallback` when it is absent. Does not write. Repeated
   * calls return the same object, and its mutations are saved. If two requests mutate the same
   * property, the last one wins, so prefer `update`.
   *
   * ```ts
   * const theme = session.get('theme', 'light')
   * ```
   */
  get<K extends Name<Data>>(key: K): Value<Data, K> | undefined
  get<K extends Name<Data>>(key: K, fallback: NoInfer<Value<Data, K>>): Value<Data, K>
  get<K extends Name<Data>, F>(key: K, fallback: F): Value<Data, K> | F
  get(key: string, fallback?: unknown): unknown {
    const { properties } = this.#draft.openForRead()
    const value = this.#isOrdinary(key) ? properties.read(key) : undefined
    return value === undefined ? fallback : value
  }

  /**
   * Returns whether a property exists. Does not write.
   *
   * ```ts
   * if (!session.has('cart')) return
   * ```
   */
  has(key: Name<Data>): boolean {
    const { properties } = this.#draft.openForRead()
    return this.#isOrdinary(key) && properties.has(key)
  }

  /**
   * Sets a property to a copy of `value`. Counts as a change even when the value is the same.
   * Throws `CodecError` for values that cannot be stored: functions, symbols, instances of classes,
   * `undefined`, and values that the schema of the property refuses. Returns the session.
   *
   * ```ts
   * session.set('darkMode', true)
   * ```
   */
  set<K extends Name<Data>>(key: K, value: Value<Data, K>): this {
    this.#draft.openForWrite().recordSet(this.#writable(key), value)
    return this
  }

  /**
   * Sets several properties, each as `set` does. If one of them cannot be stored, none is set.
   * Returns the session. Throws `ConfigError` for a value that is not an object with properties.
   *
   * ```ts
   * session.assign({ theme: 'dark', language: 'en' })
   * ```
   */
  assign(properties: Partial<Data>): this {
    if (!hasFields(properties))
      throw new ConfigError(
        `session.assign(properties) got ${formatValue(properties)}. Pass an object such as { theme: 'dark' }; of a Map, Object.fromEntries(map).`,
      )
    const draft = this.#draft.openForWrite()
    const texts = Object.entries(properties).map(
      ([name, value]) => [this.#writable(name), draft.context.values.print(name, value)] as const,
    )
    for (const [name, text] of texts) draft.record({ kind: 'set', name, text })
    return this
  }

  /**
   * Removes a property. Returns `false`, without a write, when it was absent. Removing `userId`
   * logs the user out and keeps everything else.
   *
   * ```ts
   * session.delete('darkMode')
   * ```
   */
  delete(key: Name<Data>): boolean {
    const isPresent = this.#isPresent(key)
    if (isPresent) this.#draft.record({ kind: 'remove', name: key })
    return isPresent
  }

  /**
   * Removes a property and returns its value, or `fallback` when it was absent, without a write.
   *
   * ```ts
   * const cart = session.pop('cart', [])
   * ```
   */
  pop<K extends Name<Data>>(key: K): Value<Data, K> | undefined
  pop<K extends Name<Data>>(key: K, fallback: NoInfer<Value<Data, K>>): Value<Data, K>
  pop<K extends Name<Data>, F>(key: K, fallback: F): Value<Data, K> | F
  pop(key: string, fallback?: unknown): unknown {
    if (!this.#isPresent(key)) return fallback
    const value = this.#draft.properties.read(key)
    this.#draft.record({ kind: 'remove', name: key })
    return value === undefined ? fallback : value
  }

  /**
   * Returns the value of a property. If it is absent, it is first set to `value`, or to the result
   * of the function. If several requests find it absent, the first commit wins. Throws `CodecError`
   * as `set`.
   *
   * ```ts
   * const cart = session.setDefault('cart', () => [])
   * ```
   */
  setDefault<K extends Name<Data>>(key: K, value: Value<Data, K> | (() => Value<Data, K>)): Value<Data, K> {
    const isPresent = this.#isPresent(key) // a property that its schema refuses is present and has no value
    if (!isPresent || !this.#draft.properties.has(key)) {
      const initial = typeof value === 'function' ? (value as () => Value<Data, K>)() : value
      this.#draft.record({ kind: isPresent ? 'set' : 'setIfAbsent', name: key, text: this.#draft.context.values.print(key, initial) })
    }
    return this.#draft.properties.read(key) as Value<Data, K>
  }

  /**
   * Sets a property to `change(current)` and returns the new value; `undefined` removes it. On a
   * conflict `change` runs again with the newest value, so that no update is lost or counted twice.
   * It must be synchronous and without side effects; changing this session in it throws
   * `ConfigError`. The returned value is provisional until the
   * commit; to get the final one, `await save()` and `await reload()`. When `change` throws in a
   * later run, nothing is committed and the request fails with its error. Throws `CodecError` as
   * `set`.
   *
   * ```ts
   * session.update('visits', (visits = 0) => visits + 1)
   * ```
   */
  update<K extends Name<Data>, R extends Value<Data, K> | undefined>(key: K, change: (current: Value<Data, K> | undefined) => R): R {
    if (typeof change !== 'function')
      throw new ConfigError(
        `session.update(key, change): \`change\` is ${formatValue(change)}. Pass a function such as (current) => current; to set a value, call session.set(key, value).`,
      )
    const draft = this.#draft.openForRead().openForWrite()
    const { values } = draft.context
    draft.changes.collectOf(this.#writable(key))
    const run = (current: unknown): R => draft.duringUpdate(() => change(current as Value<Data, K> | undefined))
    const print = (next: R): string | undefined => (next === undefined ? undefined : values.print(key, next))
    const rerun = (text: string | undefined): string | undefined => print(run(text === undefined ? undefined : values.read(key, text)))
    const next = run(draft.properties.copy(key))
    const text = print(next)
    draft.record({ kind: 'update', name: key, change: rerun }, { kind: 'update', name: key, change: () => text })
    return next
  }

  /**
   * Adds `by` to a number, which is 0 when it is absent, and returns the sum, provisional as that
   * of `update`. No increment is lost when requests run in parallel. Throws `CodecError` when the
   * property or `by` is not a number.
   *
   * ```ts
   * const visits = session.increment('visits')
   * ```
   */
  increment<K extends NameOf<Data, number>>(key: K, by = 1): number {
    ensure(this.#writable(key), Number.isFinite(by), `increment('${key}', by): \`by\` must be a finite number.`)
    return this.#as<number>().update(key, (current = 0) => {
      ensure(key, typeof current === 'number', `increment: the property "${key}" is not a number. Set it to a number first.`)
      return current + by
    })
  }

  /**
   * Appends to an array, which is empty when it is absent, and returns the new array, provisional
   * as that of `update`. No item is lost when requests run in parallel. Throws `CodecError` when
   * the property is not an array.
   *
   * ```ts
   * session.push('cart', { sku: 7, n: 1 })
   * ```
   */
  push<K extends NameOf<Data, readonly unknown[]>>(key: K, ...items: Item<Data, K>[]): Item<Data, K>[] {
    return this.#as<Item<Data, K>[]>().update(key, (current = []) => {
      ensure(key, Array.isArray(current), `push: the property "${key}" is not an array. Set it to an array first.`)
      return [...current, ...items]
    })
  }

  /**
   * Removes a property in the store and resolves to its value. Of all callers in all processes, at
   * most one gets the value; the others get `undefined`. The removal is final even if the request
   * fails later. Use it for tickets, coupons and one-time tokens. Rejects with the errors of
   * `Sessions.commit`, and with `ConfigError` when the store keeps sessions in cookies.
   *
   * ```ts
   * const coupon = await session.claim('coupon')
   * if (coupon === undefined) return alreadyUsed()
   * ```
   */
  claim<K extends Name<Data>>(key: K): Promise<Value<Data, K> | undefined> {
    this.#draft.checkNotUpdating()
    return this.#claim(this.#writable(key)) as Promise<Value<Data, K> | undefined>
  }

  /**
   * The properties as a plain object. Reading, assigning and deleting its properties has the effect
   * of `get`, `set` and `delete`.
   *
   * ```ts
   * session.data.theme = 'dark'
   * ```
   */
  get data(): Partial<Data> {
    this.#view ??= dataView(this) as Partial<Data>
    return this.#view
  }

  /**
   * The names of the properties, in the order in which they were first set. Like everything that
   * lists properties, it leaves out those that are `secret` (option `properties`).
   */
  keys(): IterableIterator<Name<Data>> {
    const { properties, context } = this.#draft.openForRead()
    const isListed = (name: string): boolean => this.#isOrdinary(name) && !context.values.isSecret(name) && properties.has(name)
    return [...properties.texts.keys()].filter(isListed).values() as IterableIterator<Name<Data>>
  }

  /** The values of the properties, in the order of `keys`. */
  values(): IterableIterator<Entries<Data>[1]> {
    return [...this.entries()].map(([, value]) => value).values()
  }

  /** The names and values of the properties, in the order of `keys`. */
  entries(): IterableIterator<Entries<Data>> {
    const { properties } = this.#draft.openForRead()
    return [...this.keys()].map((name) => [name, properties.read(name)] as unknown as Entries<Data>).values()
  }

  /** The same as `entries`. */
  [Symbol.iterator](): IterableIterator<Entries<Data>> {
    return this.entries()
  }

  /**
   * Calls a function with the value and the name of every property.
   *
   * ```ts
   * session.forEach((value, key) => console.log(key, value))
   * ```
   */
  forEach(visit: (value: Entries<Data>[1], key: Name<Data>, session: this) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this)
  }

  /** The number of names in `keys`. */
  get size(): number {
    return [...this.keys()].length
  }

  /**
   * Returns a plain object with the properties of `keys`. Its values are the objects that `get`
   * returns.
   *
   * ```ts
   * const everything = session.toObject()
   * ```
   */
  toObject(): Partial<Data> {
    return Object.fromEntries(this.entries()) as Partial<Data>
  }

  /** The same as `toObject`. `JSON.stringify` calls it. */
  toJSON(): Partial<Data> {
    return this.toObject()
  }

  /**
   * Returns a plain object with the properties that are `client` (option `properties`), for a page
   * or an API.
   *
   * ```ts
   * const visible = session.toClient()
   * ```
   */
  toClient(): Partial<Data> {
    const { properties, context } = this.#draft.openForRead()
    const names = [...this.keys()].filter((name) => context.values.isClient(name))
    return Object.fromEntries(names.map((name) => [name, properties.read(name)])) as Partial<Data>
  }

  async #claim(name: string): Promise<unknown> {
    const text = await this.#commits.claim(name)
    return text === undefined ? undefined : this.#draft.context.values.read(name, text)
  }

  /** Whether a property is present. Called before it is changed. */
  #isPresent(key: string): boolean {
    return this.#draft.openForRead().openForWrite().properties.texts.has(this.#writable(key))
  }

  /**
   * Whether this may be the name of a property of the application. A client can send others, such
   * as the array of `?k=a&k=b`.
   */
  #isOrdinary(name: unknown): boolean {
    return typeof name === 'string' && !this.#draft.context.profile.names.isReserved(name)
  }

  /** Returns the name. Throws `CodecError` when it is not a string or reserved. */
  #writable(name: string): string {
    if (this.#isOrdinary(name)) return name
    if (typeof name !== 'string')
      throw new CodecError(formatValue(name), `A property name must be a string; this one is ${formatValue(name)}.`)
    throw new CodecError(
      name,
      `The property "${name}" cannot be written, because its name is reserved. Use another name, without "_" at its start.`,
    )
  }

  #as<T>(): Dictionary<Record<string, T>> {
    return this as unknown as Dictionary<Record<string, T>>
  }
}

refuseCallbacks(Dictionary, 'session', ['claim'], usePromise)
refuseCallbacks(Dictionary, 'session', ['assign', 'delete', 'pop', 'increment'], continueAfter)
refuseCallbacks(Dictionary, 'session', ['set', 'setDefault', 'update'], continueAfter, 2)
throwOnAssignment(Dictionary)

function ensure(name: string, condition: boolean, message: string): void {
  if (!condition) throw new CodecError(name, message)
}
