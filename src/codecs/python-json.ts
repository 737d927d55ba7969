import { stringEnd } from './json-text.ts'
import { MAX_DEPTH } from './rich.ts'

/** Strings whole, so that what looks like a constant inside of one is left alone; then what Python's JSON has beyond JSON. */
const BEYOND_JSON = /"[^"\\]*(?:\\[^][^"\\]*)*"|-?Infinity|NaN/g

/** What a text needs more than `JSON.parse` for: constants of Python's, and numbers that ours may not hold. */
const NEEDS_PYTHON = /NaN|Infinity|\d{16}/

/** Whether a payload is one object as Python's `json` reads it: JSON, and NaN and the infinities beside. */
export function isPythonObject(payload: string): boolean {
  try {
    const json = NEEDS_PYTHON.test(payload) ? payload.replace(BEYOND_JSON, (token) => (token.startsWith('"') ? token : 'null')) : payload
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/**
 * The value of a text of Python's JSON. A whole number beyond what a JavaScript number holds comes as a bigint; `1.0` comes as 1. Throws when
 * the text is none.
 */
export function parsePython(text: string): unknown {
  return NEEDS_PYTHON.test(text) ? new PythonText(text).whole() : JSON.parse(text)
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

/** One text, read from its beginning to its end. */
class PythonText {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  whole(): unknown {
    const value = this.#value()
    if (this.#at < this.#text.length) this.#fail()
    return value
  }

  /** The value that begins here, and the white space around it. */
  #value(): unknown {
    this.#skipBlank()
    const value = this.#bare()
    this.#skipBlank()
    return value
  }

  #bare(): unknown {
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
    this.#skipBlank()
    const items: T[] = []
    if (this.#took(end)) return items
    do items.push(item())
    while (this.#took(','))
    if (!this.#took(end)) this.#fail()
    return items
  }

  #member(): [string, unknown] {
    this.#skipBlank()
    const name = this.#string()
    this.#skipBlank()
    if (!this.#took(':')) this.#fail()
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
    for (const [name, value] of CONSTANTS) if (this.#took(name)) return value
    NUMBER.lastIndex = this.#at
    const found = NUMBER.exec(this.#text)
    if (found === null) this.#fail()
    this.#at = NUMBER.lastIndex
    const number = Number(found[0])
    const isWhole = found.groups?.['fraction'] === undefined && found.groups?.['exponent'] === undefined
    return isWhole && !Number.isSafeInteger(number) ? BigInt(found[0]) : number
  }

  #took(token: string): boolean {
    const there = this.#text.startsWith(token, this.#at)
    if (there) this.#at += token.length
    return there
  }

  #skipBlank(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? 'x')) this.#at++
  }

  #fail(): never {
    throw new SyntaxError(`no JSON at position ${this.#at}`)
  }
}

/**
 * The text of a value, as Python's `json` would have it read: plain JSON in ASCII, with bigints as whole numbers, NaN and the infinities.
 * Throws for what Django's serializer has no place for either, saying what it is.
 */
export function printPython(value: unknown): string {
  return toAscii(printed(value, 0))
}

/** JSON with everything that is not ASCII escaped, and DEL as Python does: it can only stand inside of strings. */
export function toAscii(json: string): string {
  return json.replace(/[^\0-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function printed(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return printedNumber(value)
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'object':
      return value === null ? 'null' : printedObject(value, depth + 1)
    default:
      throw new TypeError(`it is or holds ${value === undefined ? 'undefined' : `a ${typeof value}`}, which JSON has no place for`)
  }
}

/** A number beyond the whole ones that ours are sure of stays one of Python's floats: the whole ones of that size are bigints. */
function printedNumber(value: number): string {
  if (Object.is(value, -0)) return '-0.0'
  const text = String(value)
  return Number.isInteger(value) && !Number.isSafeInteger(value) && !text.includes('e') ? `${text}.0` : text
}

function printedObject(value: object, depth: number): string {
  if (depth > MAX_DEPTH) throw new RangeError(`it is nested deeper than ${MAX_DEPTH} levels`)
  if (Array.isArray(value)) return `[${Array.from(value, (item: unknown) => printed(item, depth)).join(',')}]`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    const name = (prototype as { constructor?: { name?: string } }).constructor?.name ?? 'class'
    throw new TypeError(`it is or holds a ${name}, and Django's sessions hold plain JSON only; store a text or a number for it`)
  }
  return `{${Object.entries(value)
    .map(([name, item]) => `${JSON.stringify(name)}:${printed(item, depth)}`)
    .join(',')}}`
}
