import { stringify, unflatten } from 'devalue'

const TAG = '{"$rich":'
/** The tag as a tool may have spaced it that printed the JSON anew. */
const ANY_TAG = /^\{\s*"\$rich"\s*:/

/** Whether a text is one of ours for a value that plain JSON cannot hold (or a foreign one that looks like it). */
export function isRich(text: string): boolean {
  return text.startsWith('{') && ANY_TAG.test(text)
}

/**
 * The text of a value that plain JSON cannot hold. Throws for functions, symbols and class instances, saying where they are, and for what is
 * nested too deeply to be read again.
 */
export function printRich(value: unknown): string {
  checkDepth(value, 0, new Set())
  // Printed once more by JSON itself, which escapes the lone surrogates that devalue leaves as they are.
  return `${TAG}${JSON.stringify(JSON.parse(stringify(value, { refuse: refuseSubclass })))}}`
}

/** The text of plain JSON that looks like one of ours. */
export function printAsItIs(json: string): string {
  return `${TAG}{"plain":${json}}}`
}

/** How deep a value may be nested. Far from where the stack ends, so that what could be stored can always be read. */
export const MAX_DEPTH: number = 500

/** Goes through a value as devalue does, each object once. */
function checkDepth(value: unknown, depth: number, seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return
  if (depth > MAX_DEPTH) throw new RangeError(`it is nested deeper than ${MAX_DEPTH} levels`)
  seen.add(value)
  for (const child of childrenOf(value)) checkDepth(child, depth + 1, seen)
}

function childrenOf(value: object): Iterable<unknown> {
  if (value instanceof Map) return [...value].flat()
  return value instanceof Set ? value : ArrayBuffer.isView(value) ? [] : Object.values(value)
}

/** An instance of a subclass (a `Buffer` too) would come back as one of the built-in class, and nobody would be told. */
function refuseSubclass(value: unknown): false {
  if (typeof value !== 'object' || value === null) return false
  const kind = Object.prototype.toString.call(value).slice(8, -1)
  const name = (Object.getPrototypeOf(value) as object | null)?.constructor.name ?? 'Object'
  if (kind !== 'Object' && kind !== name) throw new TypeError(`it is or holds a ${name}, a class of its own; store a plain ${kind} instead`)
  return false
}

/** The value of a rich text. Throws when it is not one of ours. */
export function parseRich(text: string): unknown {
  const { $rich: content } = JSON.parse(text)
  if (Array.isArray(content) || typeof content === 'number') return unflatten(content)
  if (typeof content === 'object' && content !== null && 'plain' in content) return content.plain
  throw new TypeError('not a rich value')
}
