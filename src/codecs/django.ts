import type { Codec } from './codec.ts'
import { memberTexts } from './json-text.ts'
import { isPythonObject, parsePython, printPython, toAscii } from './python-json.ts'

/**
 * The codec of sessions that Django shares: a payload is one JSON object as Python's `json` writes it, in ASCII and without blanks. What a
 * request does not touch stays as Python wrote it, `1.0`, `NaN` and whole numbers of any length too.
 */
export const djangoCodec: Codec = {
  decode: (payload) => (payload === latest.payload ? new Map(latest.texts) : memberTexts(payload, isPythonObject)),
  encode,
  parse: parsePython,
  print: printPython,
}

/** What was put together last: most often it is what is taken apart next. */
let latest: { readonly payload: string; readonly texts: ReadonlyMap<string, string> } = { payload: '{}', texts: new Map() }

function encode(texts: ReadonlyMap<string, string>): string {
  let payload = ''
  for (const [name, text] of texts) payload += `${payload === '' ? '{' : ','}${JSON.stringify(name)}:${text}`
  latest = { payload: toAscii(payload === '' ? '{}' : `${payload}}`), texts: new Map(texts) }
  return latest.payload
}
