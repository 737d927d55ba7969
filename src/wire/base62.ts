const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The integer in Django's base 62: digits, upper-case letters, lower-case letters. */
export function toBase62(number: number): string {
  if (number < 0) return `-${toBase62(-number)}`
  let text = ''
  let rest = number
  do {
    text = (DIGITS[rest % 62] as string) + text
    rest = Math.floor(rest / 62)
  } while (rest > 0)
  return text
}

/**
 * The integer of a base 62 text, or `undefined` if the text is invalid or the number is not a safe
 * integer.
 */
export function fromBase62(text: string): number | undefined {
  if (!/^-?[0-9A-Za-z]{1,16}$/.test(text)) return undefined
  const digits = text.startsWith('-') ? text.slice(1) : text
  let number = 0
  for (const digit of digits) number = number * 62 + DIGITS.indexOf(digit)
  if (!Number.isSafeInteger(number)) return undefined
  return digits === text || number === 0 ? number : -number
}
