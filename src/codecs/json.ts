import type { Codec } from './codec.ts'
import { memberTexts, stringEnd } from './json-text.ts'
import { isRich, MAX_DEPTH, parseRich, printEscaped, printRich } from './rich.ts'

/**
 * A payload of this codec has one property per line with a tab before each, and no other tab, so it
 * can be split without parsing. A payload that was truncated or reformatted does not have this
 * form, nor does one of other software; it is parsed as JSON.
 */
const OPENING = '{\t'
const SEPARATOR = ',\n\t'
const CLOSING = '\n}'

/**
 * The default of the option `codec` of a manager. Managers of `djangoSessions` use `djangoCodec`. A
 * payload is a JSON object with one property per line, so that reading or changing one property
 * costs nothing for the others, and every JSON tool can read it. Any other JSON object is accepted
 * too.
 *
 * Plain JSON values are printed as JSON. `Date`, `Map`, `Set`, `BigInt`, `RegExp`, `URL`, typed
 * arrays, `NaN`, `-0`, `undefined` inside objects, and cycles are printed with `devalue`.
 */
export const jsonCodec: Codec = {
  decode: (payload) => parseLines(payload) ?? memberTexts(payload),
  encode,
  parse,
  print,
}

function encode(texts: ReadonlyMap<string, string>): string {
  if (texts.size === 0) return '{}'
  let payload = ''
  for (const [name, text] of texts) payload += `${payload === '' ? OPENING : SEPARATOR}${quoteName(name)}:${text}`
  return payload + CLOSING
}

function quoteName(name: string): string {
  return /^[\w.$:-]*$/.test(name) ? `"${name}"` : JSON.stringify(name)
}

/** The property texts of a payload in this codec's own form, or `undefined` for any other. */
function parseLines(payload: string): Map<string, string> | undefined {
  if (!payload.startsWith(OPENING) || !payload.endsWith(CLOSING)) return undefined
  const texts = new Map<string, string>()
  const last = payload.length - CLOSING.length
  for (let start = OPENING.length; start < last; ) {
    const tab = payload.indexOf('\t', start)
    const end = tab === -1 ? last : tab + 1 - SEPARATOR.length
    if (tab !== -1 && !payload.startsWith(SEPARATOR, end)) return undefined
    const nameEnd = payload[start] === '"' ? stringEnd(payload, start) : -1
    const name = payload[nameEnd] === ':' ? unquoteName(payload, start, nameEnd) : undefined
    const text = payload.slice(nameEnd + 1, end)
    if (name === undefined || !looksComplete(text)) return undefined
    texts.set(name, text)
    start = end + SEPARATOR.length
  }
  return texts
}

/**
 * Whether a text can be one value, judged by its first and last characters; most damaged lines
 * fail.
 */
function looksComplete(text: string): boolean {
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

function unquoteName(payload: string, start: number, end: number): string | undefined {
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
  return isRich(text) ? printEscaped(text) : text
}

/**
 * Whether JSON can store the value without loss. A value nested beyond the limit is probably a
 * cycle, which devalue handles.
 */
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
