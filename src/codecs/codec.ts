/**
 * Turns values into texts and texts into a payload. A session keeps its properties as texts and parses one only when it is asked for,
 * so whatever a codec does not have to touch it must carry over unchanged.
 */
export interface Codec {
  /** The property texts of a payload in their order, or `undefined` when it is unreadable. Never throws. */
  decode(payload: string): Map<string, string> | undefined
  /** One payload of these texts, as they are. */
  encode(texts: ReadonlyMap<string, string>): string
  /** The value of one text. Throws when it is not one. */
  parse(text: string): unknown
  /** The text of one value. Throws, saying why, when the value cannot be stored. */
  print(value: unknown): string
}
