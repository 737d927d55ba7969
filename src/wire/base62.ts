const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A whole number in Django's base 62: digits, capitals, small letters. */
export function toBase62(number: number): string {
  if (number < 0) return `-${toBase62(-number)}`
  let text = ''
  let left = number
  do {
    text = (DIGITS[left % 62] as string) + text
    left = Math.floor(left / 62)
  } while (left > 0)
  return text
}

/** The number, or `undefined` when the text is none, or one that is too large to be exact. */
export function fromBase62(text: string): number | undefined {
  if (!/^-?[0-9A-Za-z]{1,16}$/.test(text)) return undefined
  const digits = text.startsWith('-') ? text.slice(1) : text
  let number = 0
  for (const digit of digits) number = number * 62 + DIGITS.indexOf(digit)
  if (!Number.isSafeInteger(number)) return undefined
  return digits === text || number === 0 ? number : -number
}
