const ESCAPED = '\u0001'

/**
 * Encodes a text for databases that store UTF-8, so that every code unit is kept. Almost every text
 * stays as it is. UTF-8 cannot represent a lone surrogate (SQLite would store U+FFFD, which makes
 * two different user ids equal), and PostgreSQL cannot store NUL. Such a text is stored as JSON,
 * which escapes both, after a marker. Different texts have different encodings, so equality in the
 * database is equality of the texts.
 */
export function toUtf8Text(text: string): string {
  const isPlain = text.isWellFormed() && !text.includes('\0') && !text.startsWith(ESCAPED)
  return isPlain ? text : ESCAPED + JSON.stringify(text)
}

/** Another encoding of the empty text, for databases that may treat an empty text as NULL. */
export const EMPTY_TEXT: string = ESCAPED + JSON.stringify('')

/** A text that `toUtf8Text` never returns. It can represent NULL. */
export const NO_TEXT: string = ESCAPED

/** Decodes a text that `toUtf8Text` encoded. */
export function fromUtf8Text(stored: string): string {
  return stored.startsWith(ESCAPED) ? (JSON.parse(stored.slice(1)) as string) : stored
}
