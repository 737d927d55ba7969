import type { Codec } from './codec.ts'
import { memberTexts } from './json-text.ts'
import { isPythonObject, parsePython, printPython, toAscii } from './python-json.ts'

/**
 * The codec of sessions that Django shares: a payload is one JSON object as Python's `json` writes it, in ASCII and without blanks. What a
 * request does not touch stays as Python wrote it, `1.0`, `NaN` and whole numbers of any length too.
 */
export const djangoCodec: Codec = {
  decode: (payload) => memberTexts(payload, isPythonObject),
  encode,
  parse: parsePython,
  print: printPython,
}

function encode(texts: ReadonlyMap<string, string>): string {
  let payload = ''
  for (const [name, text] of texts) payload += `${payload === '' ? '{' : ','}${JSON.stringify(name)}:${text}`
  return toAscii(payload === '' ? '{}' : `${payload}}`)
}
