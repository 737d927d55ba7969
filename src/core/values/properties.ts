import type { Values } from './values.ts'

interface Exposed {
  readonly text: string
  readonly value: unknown
}

/**
 * The properties a request sees: texts, each parsed when it is first asked for, and a watch on the objects that were handed out, so
 * that a change made inside of one is noticed. The texts it was opened with are copied only when something changes.
 */
export class Properties {
  readonly #values: Values
  readonly #exposed = new Map<string, Exposed>()
  #texts: ReadonlyMap<string, string>
  #own: Map<string, string> | undefined

  constructor(values: Values, texts: ReadonlyMap<string, string>) {
    this.#values = values
    this.#texts = texts
  }

  get texts(): ReadonlyMap<string, string> {
    return this.#own ?? this.#texts
  }

  /** The texts to change. */
  get own(): Map<string, string> {
    this.#own ??= new Map(this.#texts)
    return this.#own
  }

  /** The value of a property, the same object every time; `undefined` when absent or invalid. */
  read(name: string): unknown {
    const handed = this.#exposed.get(name)
    if (handed !== undefined) return handed.value
    const text = this.texts.get(name)
    if (text === undefined) return undefined
    const value = this.#values.read(name, text)
    this.#exposed.set(name, { text, value })
    return value
  }

  /** A copy of a property's value that nobody watches. */
  copy(name: string): unknown {
    const text = this.texts.get(name)
    return text === undefined ? undefined : this.#values.read(name, text)
  }

  has(name: string): boolean {
    if (!this.texts.has(name)) return false
    return !this.#values.mayRefuse(name) || this.read(name) !== undefined
  }

  /** Ends the watch on one property, or on all. */
  stopWatching(name?: string): void {
    if (name === undefined) this.#exposed.clear()
    else this.#exposed.delete(name)
  }

  /**
   * Takes a change made inside of a handed-out object into the texts; answers the new text, or `undefined` when there was none. Throws
   * `CodecError` when the object can no longer be stored.
   */
  detectMutation(name: string): string | undefined {
    const handed = this.#exposed.get(name)
    if (handed === undefined || typeof handed.value !== 'object' || handed.value === null) return undefined
    if (this.#values.unchanged(name, handed.value, handed.text)) return undefined
    const text = this.#values.print(name, handed.value)
    this.#exposed.set(name, { text, value: handed.value })
    this.own.set(name, text)
    return text
  }

  /** The properties whose objects were handed out. */
  get exposed(): Iterable<string> {
    return this.#exposed.keys()
  }
}
