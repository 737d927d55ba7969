/**
 * All values of one cookie name in a `Cookie` header, in order. Names are compared exactly and
 * values are not decoded; only the spaces and tabs that the grammar allows around a pair are
 * removed. A header that is not a string has no cookies. Never throws.
 */
export function cookieValues(header: unknown, name: string): readonly string[] {
  if (typeof header !== 'string' || !header.includes(name)) return []
  const values: string[] = []
  let start = 0
  for (;;) {
    const end = header.indexOf(';', start)
    const value = valueInPair(header, start, end === -1 ? header.length : end, name)
    if (value !== undefined) values.push(value)
    if (end === -1) return values
    start = end + 1
  }
}

function valueInPair(header: string, from: number, to: number, name: string): string | undefined {
  let start = from
  while (start < to && isBlank(header.charCodeAt(start))) start++
  if (!header.startsWith(name, start) || header.charCodeAt(start + name.length) !== 0x3d) return undefined
  let end = to
  while (end > start && isBlank(header.charCodeAt(end - 1))) end--
  const value = start + name.length + 1
  return value <= end ? header.slice(value, end) : undefined
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
