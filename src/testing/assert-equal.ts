/**
 * Throws an `Error` with both values if they differ. The order of properties does not matter, and a
 * property that is `undefined` equals a missing one.
 */
export function assertEqual(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [compareText(actual), compareText(expected)]
  if (got === wanted) return
  let at = 0
  while (at < wanted.length && got[at] === wanted[at]) at += 1
  const from = Math.max(0, at - 100)
  throw new Error(`${what}\n  expected ${excerpt(wanted, from)}\n  but got  ${excerpt(got, from)}`)
}

/** A text that is the same for equal values: see `assertEqual`. */
export function compareText(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (isPlain(part) ? sortProperties(part) : part)) ?? 'undefined'
}

function sortProperties(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function excerpt(text: string, from: number): string {
  return `${from > 0 ? '…' : ''}${text.slice(from, from + 400)}${text.length > from + 400 ? '…' : ''}`
}
