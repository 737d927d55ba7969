import type { Draft } from './draft.ts'
import { flashName } from './reserved.ts'
import type { Values } from './values.ts'

/**
 * Messages for the next request. Each is a property of its own under a reserved name.
 */
export class Flashes {
  readonly #draft: Draft
  readonly #values: Values

  constructor(draft: Draft, values: Values) {
    this.#draft = draft
    this.#values = values
  }

  set(name: string, value: unknown): void {
    this.#draft.record({ kind: 'set', name: flashName(name), text: this.#values.print(flashName(name), value) })
  }

  /** The flash that was there when the request began, once. */
  take(name: string): unknown {
    const property = flashName(name)
    const text = this.#draft.opened(property)
    if (text === undefined || this.#draft.flashesRead.has(property)) return undefined
    this.#draft.flashesRead.set(property, text)
    this.#draft.recordConsumed(property, text)
    return this.#values.parse(property, text)
  }

  /** Puts back what this request read, unless something new stands there. */
  keep(): void {
    for (const [name, text] of this.#draft.flashesRead) {
      if (!this.#draft.forgetConsumed(name, text)) this.#draft.record({ kind: 'fill', name, text })
    }
    this.#draft.flashesRead.clear()
  }
}
