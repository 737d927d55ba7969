const ESCAPED = '\u0001'

/**
 * A text as a database that keeps UTF-8 can keep it to the last code unit. Almost every text is its own form. UTF-8 has no place for a lone
 * surrogate (SQLite would keep U+FFFD for it, and two users would be one) and PostgreSQL none for NUL: such a text is kept as JSON, which
 * escapes both, behind a mark. Different texts have different forms, so equality in the database is equality of the texts.
 */
export function toUtf8Text(text: string): string {
  const plain = text.isWellFormed() && !text.includes('\0') && !text.startsWith(ESCAPED)
  return plain ? text : ESCAPED + JSON.stringify(text)
}

/** Another form of the empty text, for databases that may take an empty one for none. */
export const EMPTY_TEXT: string = ESCAPED + JSON.stringify('')

/** A text that `toUtf8Text` never answers: it can stand for none at all. */
export const NO_TEXT: string = ESCAPED

/** The text that `toUtf8Text` was given. */
export function fromUtf8Text(stored: string): string {
  return stored.startsWith(ESCAPED) ? (JSON.parse(stored.slice(1)) as string) : stored
}
