import type { Values } from './values.ts'

interface Watched {
  readonly text: string
  readonly value: unknown
}

/**
 * The properties that a request sees: texts, each parsed on first use. Objects that were returned
 * to the application are watched, so that a mutation is detected. The original texts are copied on
 * the first change.
 */
export class Properties {
  readonly #values: Values
  readonly #watched = new Map<string, Watched>()
  #texts: ReadonlyMap<string, string>
  #own: Map<string, string> | undefined

  constructor(values: Values, texts: ReadonlyMap<string, string>) {
    this.#values = values
    this.#texts = texts
  }

  get texts(): ReadonlyMap<string, string> {
    return this.#own ?? this.#texts
  }

  /** The texts as a map that may be changed. */
  writableTexts(): Map<string, string> {
    this.#own ??= new Map(this.#texts)
    return this.#own
  }

  /** Puts properties back, in front of the others. */
  restore(properties: readonly { readonly name: string; readonly text: string }[]): void {
    this.#own = new Map([...properties.map(({ name, text }) => [name, text] as const), ...this.texts])
  }

  /** The value of a property, the same object every time; `undefined` when absent or invalid. */
  read(name: string): unknown {
    const watched = this.#watched.get(name)
    if (watched !== undefined) return watched.value
    const text = this.texts.get(name)
    if (text === undefined) return undefined
    const value = this.#values.read(name, text)
    this.#watched.set(name, { text, value })
    return value
  }

  /** A copy of the value of a property. The copy is not watched. */
  copy(name: string): unknown {
    const text = this.texts.get(name)
    return text === undefined ? undefined : this.#values.read(name, text)
  }

  /** Whether a property exists and its schema accepts it. */
  has(name: string): boolean {
    return this.texts.has(name) && (!this.#values.hasSchema(name) || this.read(name) !== undefined)
  }

  /** Stops watching the object of one property, or of all. */
  stopWatching(name?: string): void {
    if (name === undefined) this.#watched.clear()
    else this.#watched.delete(name)
  }

  /**
   * Stores the mutation of a watched object in the texts and returns the new text; `undefined` if
   * there was none. Throws `CodecError` if the object cannot be stored.
   */
  detectMutation(name: string): string | undefined {
    const { value, text: before = '' } = this.#watched.get(name) ?? {}
    if (typeof value !== 'object' || value === null || this.#values.unchanged(name, value, before)) return undefined
    const text = this.#values.print(name, value)
    this.#watched.set(name, { text, value })
    this.writableTexts().set(name, text)
    return text
  }

  /** The properties whose values were read. */
  get exposed(): Iterable<string> {
    return this.#watched.keys()
  }
}
