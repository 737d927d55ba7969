import fc from 'fast-check'

/** Any JavaScript string: with lone surrogates, control characters, U+2028 and escapes. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc
    .array(
      fc.oneof(
        fc.integer({ min: 0, max: 0xffff }),
        fc.constantFrom(0, 9, 10, 13, 0x22, 0x2c, 0x5c, 0x7b, 0x7d, 0x7f, 0x2028, 0x2029, 0xd800, 0xdfff, 0xfeff),
      ),
      { maxLength: 12 },
    )
    .map((codes) => String.fromCharCode(...codes)),
)

/**
 * Property names, including those with a meaning in JavaScript or in the format, except the $rich
 * tag.
 */
export const anyName: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: anyText },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'toJSON',
      '0',
      '_x',
      ',\n',
      '\t}',
      'é',
      'e\u0301',
    ),
  },
)

/**
 * Names inside a value, which JSON.parse of the engine reads: V8 (in Node 24 and 26) takes a key
 * `"` for one that is a backslash, if it has seen an object with that one in the same place.
 */
const innerName = anyName.filter((name) => !/["\\]/.test(name))

/** A value of plain JSON, as JSON returns it. */
export const plain: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.integer(),
    anyText,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(innerName, tie('value')), { maxLength: 4 }).map((members) => Object.fromEntries(members)),
  ),
})).value

const bytes = fc.uint8Array({ maxLength: 16 })

const date = fc.oneof(fc.date({ noInvalidDate: true }), fc.constantFrom(new Date(0), new Date(8.64e15), new Date(-8.64e15)))

const typedArray: fc.Arbitrary<unknown> = fc.oneof(
  bytes,
  bytes.map((array) => array.buffer.slice(0, array.length)),
  bytes.map((array) => new DataView(array.buffer)),
  bytes.map((array) => array.subarray(1)),
  fc.int8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
)

const pattern = fc
  .tuple(fc.constantFrom('a', '^a/b$', '\\n"', '[\\]]', '\\u{1f36a}', '(?<x>.)'), fc.constantFrom('', 'g', 'giu', 'dgimsuy', 'v'))
  .map(([source, flags]) => new RegExp(source, flags))

/** Names that devalue accepts in an object it prints. */
const richName = innerName.filter((name) => name !== '__proto__')

/** Any storable value: plain JSON, and values that only a tagged text can contain. */
export const rich: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, undefined, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0),
    fc.double(),
    anyText,
    fc.bigInt(),
    date,
    pattern,
    typedArray,
    fc.webUrl().map((text) => new URL(text)),
    fc.webQueryParameters().map((text) => new URLSearchParams(text)),
    fc.sparseArray(tie('value'), { maxLength: 4 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(richName, tie('value')), { maxLength: 4 }).map((members) => Object.fromEntries(members)),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
  ),
})).value

/** The names and values of a session, to compare with the result of JSON.parse. */
export const session: fc.Arbitrary<Map<string, unknown>> = fc
  .array(fc.tuple(innerName, plain), { maxLength: 6 })
  .map((members) => new Map(members))

/** Returns the tokens of a JSON text, in order. */
function tokens(json: string): string[] {
  return json.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? []
}

/** Returns the same JSON with other white space: inserts the gaps before the tokens in turn. */
export function spaced(json: string, gaps: readonly string[]): string {
  return tokens(json)
    .map((token, index) => (gaps[index % gaps.length] ?? '') + token)
    .join('')
}
