import { stringify, unflatten } from 'devalue'

const RICH_PREFIX = '{"$rich":'
/** The prefix with the whitespace that a tool may add when it reformats the JSON. */
const RICH_PREFIX_PATTERN = /^\{\s*"\$rich"\s*:/

/**
 * Whether a text looks like one of `printRich` or `printEscaped`. A foreign text can look the same.
 */
export function isRich(text: string): boolean {
  return text.startsWith('{') && RICH_PREFIX_PATTERN.test(text)
}

/**
 * The text of a value that plain JSON cannot store. Throws for functions, symbols and class
 * instances, with their path, and for values nested so deeply that they could not be read again.
 */
export function printRich(value: unknown): string {
  checkDepth(value, 0, new Set())
  // devalue leaves lone surrogates as they are; printing its output as JSON again escapes them.
  return `${RICH_PREFIX}${JSON.stringify(JSON.parse(stringify(value, { refuse: rejectSubclass })))}}`
}

/** The text of a plain JSON value that `isRich` would mistake for a rich one. */
export function printEscaped(json: string): string {
  return `${RICH_PREFIX}{"plain":${json}}}`
}

/**
 * The maximum nesting depth. Far below the stack limit, so that every stored value can be read
 * again.
 */
export const MAX_DEPTH: number = 500

/** Visits a value as devalue does, each object once. */
function checkDepth(value: unknown, depth: number, seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return
  if (depth > MAX_DEPTH) throw new RangeError(`it is nested deeper than ${MAX_DEPTH} levels`)
  seen.add(value)
  for (const child of childrenOf(value)) checkDepth(child, depth + 1, seen)
}

function childrenOf(value: object): Iterable<unknown> {
  if (ArrayBuffer.isView(value)) return []
  const kind = kindOf(value)
  if (kind === 'Map') return [...(value as Map<unknown, unknown>)].flat()
  return kind === 'Set' ? (value as Set<unknown>) : Object.values(value)
}

/** The built-in class of a value, also of one of another realm, for which `instanceof` is false. */
function kindOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}

/**
 * Without this, an instance of a subclass (for example `Buffer`) would silently be read back as an
 * instance of the built-in class.
 */
function rejectSubclass(value: unknown): false {
  if (typeof value !== 'object' || value === null) return false
  const kind = kindOf(value)
  const name = (Object.getPrototypeOf(value) as object | null)?.constructor.name ?? 'Object'
  if (kind !== 'Object' && kind !== name)
    throw new TypeError(`it is or holds a ${name}, which is a subclass of ${kind}; store a plain ${kind} instead`)
  return false
}

/** The value of a rich text. Throws if the text was not printed by this module. */
export function parseRich(text: string): unknown {
  const { $rich: content } = JSON.parse(text)
  if (Array.isArray(content) || typeof content === 'number') return unflatten(content)
  if (typeof content === 'object' && content !== null && 'plain' in content) return content.plain
  throw new TypeError('it is not a rich value')
}
