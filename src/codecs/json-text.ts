/**
 * The raw text of every member of a JSON object, unparsed, in order; `undefined` when the payload is not one JSON object.
 * Of two members with one name the last stands, as in `JSON.parse`. What `isObject` takes may hold more words than JSON's.
 */
export function memberTexts(payload: string, isObject: (payload: string) => boolean = isJsonObject): Map<string, string> | undefined {
  if (!isObject(payload)) return undefined
  const texts = new Map<string, string>()
  let at = skipBlank(payload, payload.indexOf('{') + 1)
  while (payload[at] === '"') {
    const nameEnd = stringEnd(payload, at)
    const start = skipBlank(payload, skipBlank(payload, nameEnd) + 1)
    const end = valueEnd(payload, start)
    // Between tokens they are only white space, but between properties tabs are the marks of our own format.
    texts.set(
      JSON.parse(payload.slice(at, nameEnd)),
      payload
        .slice(start, end)
        .trimEnd()
        .replace(/[\n\r\t]/g, ' '),
    )
    at = payload[end] === ',' ? skipBlank(payload, end + 1) : payload.length
  }
  return texts
}

/** Where the JSON string that opens at `start` is over: behind its closing quote; -1 when it is not closed. */
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

function skipBlank(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\n\r'.includes(text[at] as string)) at++
  return at
}

/** The comma or closing brace that ends the value at `start`; the text is known to be valid. */
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
