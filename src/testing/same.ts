/**
 * Throws an `Error` that shows both, unless they hold the same. The order of properties does not matter; a property that is `undefined` and
 * one that is missing are the same.
 */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [print(actual), print(expected)]
  if (is === should) return
  let at = 0
  while (at < should.length && is[at] === should[at]) at += 1
  const from = Math.max(0, at - 100)
  throw new Error(`${what}\n  expected ${excerpt(should, from)}\n  but got  ${excerpt(is, from)}`)
}

function print(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (isPlain(part) ? inOrder(part) : part)) ?? 'undefined'
}

function inOrder(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function excerpt(text: string, from: number): string {
  return `${from > 0 ? '…' : ''}${text.slice(from, from + 400)}${text.length > from + 400 ? '…' : ''}`
}
