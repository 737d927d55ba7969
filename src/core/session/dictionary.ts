import { CodecError } from '../base/errors.ts'
import { isReserved } from '../base/reserved.ts'
import type { Commits } from '../commit/commits.ts'
import type { Draft } from '../draft/draft.ts'
import type { Entries, Item, Name, NameOf, Value } from '../values/session-data.ts'
import { dataView } from './data-view.ts'
import { throwOnUnknownProperty } from './strict-properties.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- whatever it holds
type AnyDictionary = Dictionary<any>

let getDraft: (dictionary: AnyDictionary) => Draft
let getCommits: (dictionary: AnyDictionary) => Commits
let isStored: (dictionary: object, name: string) => boolean

/** The draft of a session. Internal. */
export function draftOf(dictionary: AnyDictionary): Draft {
  return getDraft(dictionary)
}

/** The commits of a session. Internal. */
export function commitsOf(dictionary: AnyDictionary): Commits {
  return getCommits(dictionary)
}

/** The properties of a session: a typed dictionary whose verbs record what they do. */
export class Dictionary<Data> {
  readonly #draft: Draft
  readonly #commits: Commits
  #view: unknown

  static {
    getDraft = (dictionary: AnyDictionary): Draft => dictionary.#draft
    getCommits = (dictionary: AnyDictionary): Commits => dictionary.#commits
    isStored = (dictionary: object, name: string): boolean => {
      if (!(#draft in dictionary)) return false
      dictionary.#draft.openToken()
      return dictionary.#draft.properties.texts.has(name)
    }
  }

  /** Internal: sessions are made by a manager. */
  constructor(draft: Draft, commits: Commits) {
    this.#draft = draft
    this.#commits = commits
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
    this.#draft.record({ kind: 'set', name: writable(key), text: this.#draft.context.values.print(key, value) })
    return this
  }

  /** Sets several properties, each as `set` does. When one cannot be stored none is set. */
  assign(properties: Partial<Data>): this {
    this.#draft.change()
    const texts = Object.entries(properties).map(
      ([name, value]) => [writable(name), this.#draft.context.values.print(name, value)] as const,
    )
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
    const isPresent = this.#present(key) // and is still absent, if its schema refuses it
    if (!isPresent || !this.#draft.properties.has(key)) {
      const initial = typeof value === 'function' ? (value as () => Value<Data, K>)() : value
      this.#draft.record({ kind: isPresent ? 'set' : 'setIfAbsent', name: key, text: this.#draft.context.values.print(key, initial) })
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
    const { values } = this.#draft.context
    const properties = this.#draft.look()
    this.#draft.change()
    this.#draft.detectMutation(writable(key))
    const print = (next: R): string | undefined => (next === undefined ? undefined : values.print(key, next))
    const rerun = (text: string | undefined): string | undefined =>
      print(change(text === undefined ? undefined : (values.read(key, text) as Value<Data, K>)))
    const next = change(properties.copy(key) as Value<Data, K> | undefined)
    const text = print(next)
    this.#draft.record({ kind: 'update', name: key, change: rerun }, { kind: 'update', name: key, change: () => text })
    return next
  }

  /**
   * Adds to a number, which starts at 0. No increment is lost, whatever else is in flight. Returns the (provisional) sum. Throws
   * `CodecError` when the property, or `by`, is not a number.
   */
  increment<K extends NameOf<Data, number>>(key: K, by = 1): number {
    expected(key, by, Number.isFinite(by), 'increased by a finite number')
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
   * the store at once and final, even if the request fails later. Made for tickets, coupons, one-time tokens. Rejects as the commit of a
   * request does, and with `ConfigError` where sessions are kept in cookies.
   *
   * ```ts
   * const coupon = await session.claim('coupon')
   * if (coupon === undefined) return alreadyUsed()
   * ```
   */
  async claim<K extends Name<Data>>(key: K): Promise<Value<Data, K> | undefined> {
    this.#draft.look()
    this.#draft.change()
    const text = await this.#commits.claim(writable(key))
    return text === undefined ? undefined : (this.#draft.context.values.read(key, text) as Value<Data, K> | undefined)
  }

  /** The same properties as a plain object: `session.data.cart`, `delete session.data.cart`, `'cart' in session.data`. */
  get data(): Partial<Data> {
    this.#view ??= dataView(this)
    return this.#view as Partial<Data>
  }

  /** The names of the properties, in the order they were first set. */
  keys(): IterableIterator<Name<Data>> {
    const properties = this.#draft.look()
    return [...properties.texts.keys()].filter((name) => !isReserved(name) && properties.has(name)).values() as IterableIterator<Name<Data>>
  }

  /** The values of the properties. */
  values(): IterableIterator<Entries<Data>[1]> {
    return [...this.entries()].map(([, value]) => value).values()
  }

  /** Names and values, as of a `Map`. */
  entries(): IterableIterator<Entries<Data>> {
    const properties = this.#draft.look()
    return [...this.keys()].map((name) => [name, properties.read(name)] as unknown as Entries<Data>).values()
  }

  [Symbol.iterator](): IterableIterator<Entries<Data>> {
    return this.entries()
  }

  /** Calls the function for every property, as that of a `Map`. */
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

  /** `toObject`, for `JSON.stringify`. */
  toJSON(): Partial<Data> {
    return this.toObject()
  }

  /** Whether a property is there, before it is changed. */
  #present(key: Name<Data>): boolean {
    const properties = this.#draft.look()
    this.#draft.change()
    return properties.texts.has(writable(key))
  }

  #as<T>(): Dictionary<Record<string, T>> {
    return this as unknown as Dictionary<Record<string, T>>
  }
}

Object.setPrototypeOf(
  Dictionary.prototype,
  throwOnUnknownProperty((dictionary, name) => isStored(dictionary, name)),
)
// Every promise that answers a session asks for its `then`: found here, it is not looked for behind the proxy.
// oxlint-disable-next-line unicorn/no-thenable -- it is the absence of one
Object.defineProperty(Dictionary.prototype, 'then', { value: undefined })
Object.freeze(Dictionary.prototype)

function expected<T>(name: string, value: T, fits: boolean, what: string): T {
  if (!fits) throw new CodecError(name, `The property "${name}" is not ${what}.`)
  return value
}

/** Names of ours are not for writing. */
function writable(name: string): string {
  if (typeof name !== 'string') throw new CodecError(String(name), `A property name is a string; this one is a ${typeof name}.`)
  if (isReserved(name)) throw new CodecError(name, `The property "${name}" cannot be written: names that begin with "_" are reserved.`)
  return name
}
