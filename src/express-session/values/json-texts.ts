import type { Codec } from '../../codecs/codec.ts'
import { jsonCodec } from '../../codecs/json.ts'
import { CodecError } from '../../core/base/errors.ts'
import { messageOf } from '../../core/base/realms.ts'
import { mergeTexts } from './three-way-merge.ts'

/** JSON texts of properties, by name. */
export type JsonTexts = ReadonlyMap<string, string>

/** What one request did to one property, as an intent of the session. */
export type Difference =
  | { readonly kind: 'set'; readonly name: string; readonly text: string }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'update'; readonly name: string; readonly change: (text: string | undefined) => string | undefined }

/**
 * The codec of the drop-in: values are JSON values, as in express-session. A `Date` becomes a
 * string, and class instances become what `toJSON` returns.
 */
export const plainJsonCodec: Codec = {
  ...jsonCodec,
  parse: (text) => JSON.parse(text),
  print(value) {
    const text: string | undefined = JSON.stringify(value)
    if (text === undefined) throw new TypeError('JSON has no text for it')
    return text
  },
}

/**
 * The JSON text of a property; `undefined` if JSON leaves the value out, as it does for functions.
 * Throws `CodecError` for a circular reference and for a BigInt.
 */
export function printProperty(name: string, value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw new CodecError(
      name,
      `req.session.${name} cannot be stored as JSON: ${messageOf(cause)}. Nothing of this request was saved. Store plain data in the session.`,
      { cause },
    )
  }
}

/**
 * Compares the texts of properties before and after. Properties named in `merged` become updates,
 * which are computed again on the newest value if another request changed it.
 */
export function differences(before: JsonTexts, after: JsonTexts, merged: ReadonlySet<string>): Difference[] {
  const found: Difference[] = []
  for (const [name, text] of after) {
    const old = before.get(name)
    if (old !== text) found.push(merged.has(name) ? update(name, old, text) : { kind: 'set', name, text })
  }
  for (const [name, old] of before) {
    if (!after.has(name)) found.push(merged.has(name) ? update(name, old, undefined) : { kind: 'remove', name })
  }
  return found
}

function update(name: string, before: string | undefined, after: string | undefined): Difference {
  return { kind: 'update', name, change: (current) => mergeTexts(before, after, current) }
}
