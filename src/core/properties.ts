import type { Values } from './values.ts'

interface Handed {
  readonly text: string
  readonly value: unknown
}

/**
 * The properties a request sees: texts, each parsed when it is first asked for, and a watch on the objects that were handed out, so
 * that a change made inside of one is noticed. The texts it was opened with are copied only when something changes.
 */
export class Properties {
  readonly #values: Values
  readonly #handed = new Map<string, Handed>()
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
    const handed = this.#handed.get(name)
    if (handed !== undefined) return handed.value
    const text = this.texts.get(name)
    if (text === undefined) return undefined
    const value = this.#values.read(name, text)
    this.#handed.set(name, { text, value })
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
  release(name?: string): void {
    if (name === undefined) this.#handed.clear()
    else this.#handed.delete(name)
  }

  /**
   * Takes a change made inside of a handed-out object into the texts; answers the new text, or `undefined` when there was none. Throws
   * `CodecError` when the object can no longer be stored.
   */
  noticeEdit(name: string): string | undefined {
    const handed = this.#handed.get(name)
    if (handed === undefined || typeof handed.value !== 'object' || handed.value === null) return undefined
    if (this.#values.unchanged(name, handed.value, handed.text)) return undefined
    const text = this.#values.print(name, handed.value)
    this.#handed.set(name, { text, value: handed.value })
    this.own.set(name, text)
    return text
  }

  /** The properties whose objects were handed out. */
  get watched(): Iterable<string> {
    return this.#handed.keys()
  }
}
