/**
 * The raw text of every member of a JSON object, unparsed, in order, or `undefined` if the payload
 * is not one JSON object. If two members have the same name, the last one counts, as in
 * `JSON.parse`. `isObject` may accept more constants than JSON has.
 */
export function memberTexts(payload: string, isObject: (payload: string) => boolean = isJsonObject): Map<string, string> | undefined {
  if (!isObject(payload)) return undefined
  const texts = new Map<string, string>()
  let at = skipWhitespace(payload, payload.indexOf('{') + 1)
  while (payload[at] === '"') {
    const nameEnd = stringEnd(payload, at)
    const start = skipWhitespace(payload, skipWhitespace(payload, nameEnd) + 1)
    const end = valueEnd(payload, start)
    // Inside a member these are whitespace between tokens. Our own format reserves tabs and
    // newlines to separate members, so they are replaced.
    texts.set(
      JSON.parse(payload.slice(at, nameEnd)),
      payload
        .slice(start, end)
        .trimEnd()
        .replace(/[\n\r\t]/g, ' '),
    )
    at = payload[end] === ',' ? skipWhitespace(payload, end + 1) : payload.length
  }
  return texts
}

/**
 * The index after the closing quote of the JSON string that starts at `start`, or -1 if it is not
 * closed.
 */
export function stringEnd(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let slash = quote
    while (text.charCodeAt(slash - 1) === 0x5c) slash--
    if ((quote - slash) % 2 === 0) return quote + 1
  }
  return -1
}

function isJsonObject(payload: string): boolean {
  try {
    const value: unknown = JSON.parse(payload)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

function skipWhitespace(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\n\r'.includes(text[at] as string)) at++
  return at
}

/** The index of the comma or closing brace after the value at `start`. The text must be valid. */
function valueEnd(text: string, start: number): number {
  let depth = 0
  for (let at = start; ; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = stringEnd(text, at) - 1
        break
      case 0x5b: // [
      case 0x7b: // {
        depth++
        break
      case 0x2c: // ,
        if (depth === 0) return at
        break
      case 0x5d: // ]
      case 0x7d: // }
        if (depth === 0) return at
        depth--
    }
  }
}
