import type { Codec } from './codec.ts'
import { memberTexts } from './json-text.ts'
import { isPythonObject, parsePython, printPython, toAscii } from './python-json.ts'

/**
 * The codec of sessions shared with Django: a payload is one JSON object as Python's `json` writes
 * it, in ASCII and without whitespace. Properties that a request does not change stay as Python
 * wrote them, including `1.0`, `NaN` and integers of any length.
 */
export const djangoCodec: Codec = {
  decode: (payload) => (payload === latest.payload ? new Map(latest.texts) : memberTexts(payload, isPythonObject)),
  encode,
  parse: parsePython,
  print: printPython,
}

/** The last encoded payload, because it is usually the next one to be decoded. */
let latest: { readonly payload: string; readonly texts: ReadonlyMap<string, string> } = { payload: '{}', texts: new Map() }

function encode(texts: ReadonlyMap<string, string>): string {
  let payload = ''
  for (const [name, text] of texts) payload += `${payload === '' ? '{' : ','}${JSON.stringify(name)}:${text}`
  latest = { payload: toAscii(payload === '' ? '{}' : `${payload}}`), texts: new Map(texts) }
  return latest.payload
}
