import { stringEnd } from './json-text.ts'
import { MAX_DEPTH } from './rich.ts'

/**
 * Matches whole strings, so that a constant inside a string is not matched, and the constants that
 * Python's JSON adds.
 */
const STRING_OR_CONSTANT = /"[^"\\]*(?:\\[^][^"\\]*)*"|-?Infinity|NaN/g

/**
 * Texts that `JSON.parse` cannot read exactly: Python's constants, and integers that may exceed a
 * JavaScript number.
 */
const NEEDS_PYTHON = /NaN|Infinity|\d{16}/

/**
 * Whether a payload is one object that Python's `json` accepts: JSON plus `NaN`, `Infinity` and
 * `-Infinity`.
 */
export function isPythonObject(payload: string): boolean {
  try {
    const json = NEEDS_PYTHON.test(payload)
      ? payload.replace(STRING_OR_CONSTANT, (token) => (token.startsWith('"') ? token : 'null'))
      : payload
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/**
 * The value of a text of Python's JSON. An integer beyond the safe range becomes a bigint; `1.0`
 * becomes 1. Throws if the text is invalid.
 */
export function parsePython(text: string): unknown {
  return NEEDS_PYTHON.test(text) ? new PythonJsonParser(text).parse() : JSON.parse(text)
}

const NUMBER = /-?(?:0|[1-9]\d*)(?<fraction>\.\d+)?(?<exponent>[eE][-+]?\d+)?/y
const CONSTANTS: readonly (readonly [string, unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]

/** A recursive descent parser for one text. */
class PythonJsonParser {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  parse(): unknown {
    const value = this.#value()
    if (this.#at < this.#text.length) this.#fail()
    return value
  }

  /** The value at the current position, with the whitespace around it. */
  #value(): unknown {
    this.#skipWhitespace()
    const value = this.#token()
    this.#skipWhitespace()
    return value
  }

  #token(): unknown {
    switch (this.#text[this.#at]) {
      case '{':
        return this.#nested(() => Object.fromEntries(this.#items('}', () => this.#member())))
      case '[':
        return this.#nested(() => this.#items(']', () => this.#value()))
      case '"':
        return this.#string()
      default:
        return this.#constant()
    }
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new RangeError(`it is nested deeper than ${MAX_DEPTH} levels`)
    const value = read()
    this.#depth--
    return value
  }

  #items<T>(end: string, item: () => T): T[] {
    this.#at++
    this.#skipWhitespace()
    const items: T[] = []
    if (this.#accept(end)) return items
    do items.push(item())
    while (this.#accept(','))
    if (!this.#accept(end)) this.#fail()
    return items
  }

  #member(): [string, unknown] {
    this.#skipWhitespace()
    const name = this.#string()
    this.#skipWhitespace()
    if (!this.#accept(':')) this.#fail()
    return [name, this.#value()]
  }

  #string(): string {
    const end = this.#text[this.#at] === '"' ? stringEnd(this.#text, this.#at) : -1
    if (end === -1) this.#fail()
    const value: string = JSON.parse(this.#text.slice(this.#at, end))
    this.#at = end
    return value
  }

  #constant(): unknown {
    for (const [name, value] of CONSTANTS) if (this.#accept(name)) return value
    NUMBER.lastIndex = this.#at
    const found = NUMBER.exec(this.#text)
    if (found === null) this.#fail()
    this.#at = NUMBER.lastIndex
    const number = Number(found[0])
    const isWhole = found.groups?.['fraction'] === undefined && found.groups?.['exponent'] === undefined
    return isWhole && !Number.isSafeInteger(number) ? BigInt(found[0]) : number
  }

  #accept(token: string): boolean {
    const there = this.#text.startsWith(token, this.#at)
    if (there) this.#at += token.length
    return there
  }

  #skipWhitespace(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? 'x')) this.#at++
  }

  #fail(): never {
    throw new SyntaxError(`it is not valid JSON at position ${this.#at}`)
  }
}

/**
 * The text of a value for Python's `json`: plain JSON in ASCII, with bigints as integers, and with
 * `NaN` and the infinities. Throws for values that Django's serializer rejects too; the message
 * names the type.
 */
export function printPython(value: unknown): string {
  return toAscii(printValue(value, 0))
}

/**
 * JSON with every non-ASCII character escaped, and DEL as Python does it. Such characters occur
 * only inside strings.
 */
export function toAscii(json: string): string {
  return json.replace(/[^\0-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function printValue(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return printNumber(value)
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'object':
      return value === null ? 'null' : printObject(value, depth + 1)
    default:
      throw new TypeError(
        `it is or holds ${value === undefined ? 'undefined' : `a ${typeof value}`}, which JSON cannot store; remove it or store null`,
      )
  }
}

/**
 * An integer beyond the safe range is printed as one of Python's floats, because exact integers of
 * that size are bigints.
 */
function printNumber(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  return Number.isInteger(value) && !Number.isSafeInteger(value) && !text.includes('e') ? `${text}.0` : text
}

function printObject(value: object, depth: number): string {
  if (depth > MAX_DEPTH) throw new RangeError(`it is nested deeper than ${MAX_DEPTH} levels`)
  if (Array.isArray(value)) return `[${Array.from(value, (item: unknown) => printValue(item, depth)).join(',')}]`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    const name = (prototype as { constructor?: { name?: string } }).constructor?.name ?? 'class'
    throw new TypeError(`it is or holds a ${name}, but Django's sessions can store plain JSON only; store a string or a number instead`)
  }
  return `{${Object.entries(value)
    .map(([name, item]) => `${JSON.stringify(name)}:${printValue(item, depth)}`)
    .join(',')}}`
}
