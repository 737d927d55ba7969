import { stringify, unflatten } from 'devalue'

const TAG = '{"$rich":'
/** The tag as a tool may have spaced it that printed the JSON anew. */
const ANY_TAG = /^\{\s*"\$rich"\s*:/

/** Whether a text is one of ours for a value that plain JSON cannot hold (or a foreign one that looks like it). */
export function isRich(text: string): boolean {
  return text.startsWith('{') && ANY_TAG.test(text)
}

/** The text of a value that plain JSON cannot hold. Throws for functions, symbols and class instances, saying where they are. */
export function printRich(value: unknown): string {
  // Printed once more by JSON itself, which escapes the lone surrogates that devalue leaves as they are.
  return `${TAG}${JSON.stringify(JSON.parse(stringify(value, { refuse: refuseSubclass })))}}`
}

/** An instance of a subclass (a `Buffer` too) would come back as one of the built-in class, and nobody would be told. */
function refuseSubclass(value: unknown): false {
  if (typeof value !== 'object' || value === null) return false
  const kind = Object.prototype.toString.call(value).slice(8, -1)
  const name = (Object.getPrototypeOf(value) as object | null)?.constructor.name ?? 'Object'
  if (kind !== 'Object' && kind !== name) throw new TypeError(`it is or holds a ${name}, a class of its own; store a plain ${kind} instead`)
  return false
}

/** The value of a rich text. Throws when it is not one. */
export function parseRich(text: string): unknown {
  return unflatten(JSON.parse(text).$rich)
}
