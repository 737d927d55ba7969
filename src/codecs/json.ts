import type { Codec } from './codec.ts'
import { memberTexts, stringEnd } from './json-text.ts'
import { isRich, MAX_DEPTH, parseRich, printAsItIs, printRich } from './rich.ts'

/**
 * A payload that was printed here has one property a line and a tab before each, and no other tab: so it can be split without being parsed.
 * Nobody else prints that, and what was cut off or reformatted has it no more: then it is read the long way.
 */
const FIRST = '{\t'
const NEXT = ',\n\t'
const LAST = '\n}'

/**
 * The codec of every store but Django's: a payload is a JSON object with one property a line, so that reading and changing one property
 * costs nothing for the others, and every tool that reads JSON reads it. Any other JSON object is read as well.
 *
 * Plain JSON values print as themselves. Date, Map, Set, BigInt, RegExp, URL, typed arrays, NaN, -0, `undefined` inside of objects and
 * cycles print through `devalue`.
 */
export const jsonCodec: Codec = {
  decode: (payload) => lines(payload) ?? memberTexts(payload),
  encode,
  parse,
  print,
}

function encode(texts: ReadonlyMap<string, string>): string {
  if (texts.size === 0) return '{}'
  let payload = ''
  for (const [name, text] of texts) payload += `${payload === '' ? FIRST : NEXT}${quoted(name)}:${text}`
  return payload + LAST
}

function quoted(name: string): string {
  return /^[\w.$:-]*$/.test(name) ? `"${name}"` : JSON.stringify(name)
}

/** The texts of a payload of ours; `undefined` for any other. */
function lines(payload: string): Map<string, string> | undefined {
  if (!payload.startsWith(FIRST) || !payload.endsWith(LAST)) return undefined
  const texts = new Map<string, string>()
  const last = payload.length - LAST.length
  for (let start = FIRST.length; start < last; ) {
    const tab = payload.indexOf('\t', start)
    const end = tab === -1 ? last : tab + 1 - NEXT.length
    if (tab !== -1 && !payload.startsWith(NEXT, end)) return undefined
    const nameEnd = payload[start] === '"' ? stringEnd(payload, start) : -1
    const name = payload[nameEnd] === ':' ? unquoted(payload, start, nameEnd) : undefined
    const text = payload.slice(nameEnd + 1, end)
    if (name === undefined || !isWhole(text)) return undefined
    texts.set(name, text)
    start = end + NEXT.length
  }
  return texts
}

/** Whether a text can be one value, by its ends: that of a damaged line most often cannot. */
function isWhole(text: string): boolean {
  switch (text[0]) {
    case '"':
      return stringEnd(text, 0) === text.length
    case '{':
      return text.endsWith('}')
    case '[':
      return text.endsWith(']')
    default:
      return /^[-+.\w]+$/.test(text)
  }
}

function unquoted(payload: string, start: number, end: number): string | undefined {
  const name = payload.slice(start + 1, end - 1)
  if (!name.includes('\\')) return name
  try {
    return JSON.parse(`"${name}"`)
  } catch {
    return undefined
  }
}

function parse(text: string): unknown {
  if (!isRich(text)) return JSON.parse(text)
  try {
    return parseRich(text)
  } catch {
    return JSON.parse(text)
  }
}

function print(value: unknown): string {
  if (!isPlain(value, 0)) return printRich(value)
  const text = JSON.stringify(value)
  return isRich(text) ? printAsItIs(text) : text
}

/** Whether JSON brings the value back as it is. Deeper than the limit is a cycle, most likely: devalue knows those. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || (depth < MAX_DEPTH && isPlainObject(value, depth + 1))
    default:
      return false
  }
}

function isPlainObject(value: object, depth: number): boolean {
  if (Array.isArray(value)) return isPlainArray(value, depth)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  if (Object.getOwnPropertySymbols(value).length > 0) return false
  for (const name in value) if (!isPlain((value as Record<string, unknown>)[name], depth)) return false
  return true
}

function isPlainArray(value: readonly unknown[], depth: number): boolean {
  if (Object.getPrototypeOf(value) !== Array.prototype) return false
  for (let index = 0; index < value.length; index++) if (!isPlain(value[index], depth)) return false
  return true
}
