/**
 * Control characters, and those that hide or reorder others. Visitors can store them, and a
 * terminal interprets them.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** The text with such characters as escapes, such as `\u001b`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) =>
    character // two code units beyond U+FFFF
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

/** As `printable`, for a text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}
