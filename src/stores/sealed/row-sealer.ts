import * as crypto from 'node:crypto'
import type { Entry } from '../../core/store/store.ts'
import { isTombstone } from '../../core/store/tombstone.ts'
import { createSealer, deriveSealingKeys } from '../../wire/seal.ts'
import { fromUtf8Text, toUtf8Text } from '../shared/utf8-text.ts'

/** No codec decodes it, so the session counts as unreadable. */
const UNREADABLE = '\0unreadable'

/** Seals the properties and the user of a row, bound to its other fields. */
export class RowSealer {
  readonly #keys: readonly crypto.KeyObject[]
  readonly #indexKeys: readonly crypto.KeyObject[]

  constructor(secrets: readonly string[]) {
    this.#keys = deriveSealingKeys(secrets, 'sojourn: a row')
    this.#indexKeys = deriveSealingKeys(secrets, 'sojourn: the index of a row')
  }

  /** A tombstone has no content, and stays as it is. */
  seal(key: string, entry: Entry): Entry {
    if (isTombstone(entry)) return entry
    const { userId, ...rest } = entry
    const sealed = { ...rest, ...(userId !== undefined && { userId: this.#indexText(this.#indexKeys[0] as crypto.KeyObject, userId) }) }
    const text = `${JSON.stringify(userId === undefined ? [] : [userId])}\n${toUtf8Text(entry.payload)}`
    return { ...sealed, payload: createSealer(this.#keys, contextOf(key, sealed)).seal(text, false) }
  }

  /**
   * A row that was not sealed with one of the secrets, or was changed, has an unreadable payload.
   */
  unseal(key: string, entry: Entry): Entry {
    if (isTombstone(entry)) return entry
    const text = createSealer(this.#keys, contextOf(key, entry)).unseal(entry.payload)
    if (text === undefined) return { ...entry, payload: UNREADABLE }
    const end = text.indexOf('\n')
    const [userId] = JSON.parse(text.slice(0, end)) as readonly [string?]
    const { userId: _, ...rest } = entry
    return { ...rest, payload: fromUtf8Text(text.slice(end + 1)), ...(userId !== undefined && { userId }) }
  }

  /**
   * The index texts of a name, in the order in which they have to be searched: that of the oldest
   * secret first, and once more at the end. In a rolling deployment a row may be sealed again with
   * another secret, in either direction, between two searches.
   */
  indexTexts(name: string): readonly string[] {
    const [oldest, ...newer] = this.#indexKeys.map((key) => this.#indexText(key, name)).reverse()
    return newer.length === 0 ? [oldest as string] : [oldest as string, ...newer, oldest as string]
  }

  #indexText(key: crypto.KeyObject, name: string): string {
    return crypto.createHmac('sha256', key).update(toUtf8Text(name)).digest('base64url')
  }
}

/**
 * What the sealed text is bound to. `touch` changes the other fields without the key. The `null`
 * stands for a second index.
 */
function contextOf(key: string, { proof, idAt, version, userId, createdAt }: Omit<Entry, 'payload'>): string {
  return JSON.stringify([key, proof, idAt, version, userId ?? null, null, createdAt])
}
