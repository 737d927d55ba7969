/**
 * Converts property values to texts, and property texts to one payload. A session keeps its
 * properties as texts and parses one only when it is read. Therefore `encode(decode(payload))` must
 * keep unchanged texts byte for byte.
 *
 * ```ts
 * import { createSessions, type Codec } from 'sojourn'
 * import { MemoryStore } from 'sojourn/stores/memory'
 *
 * const pairs: Codec = {
 *   decode: (payload) => (payload.startsWith('[') ? new Map(JSON.parse(payload)) : undefined),
 *   encode: (texts) => JSON.stringify([...texts]),
 *   parse: (text) => JSON.parse(text),
 *   print: (value) => JSON.stringify(value),
 * }
 * const sessions = createSessions({ store: new MemoryStore(), codec: pairs })
 * ```
 */
export interface Codec {
  /**
   * The property texts of a payload by name, in order, or `undefined` if the payload is unreadable;
   * the session is then absent. Must not throw.
   */
  decode(payload: string): Map<string, string> | undefined
  /** The payload of these property texts, each of them unchanged. */
  encode(texts: ReadonlyMap<string, string>): string
  /** The value of one property text. Throws if the text is invalid. */
  parse(text: string): unknown
  /**
   * The text of one property value. Throws if the value cannot be stored; the message says why and
   * becomes a part of the `CodecError`.
   */
  print(value: unknown): string
}
