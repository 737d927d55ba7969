import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { djangoCodec } from '../../src/codecs/django.ts'
import { vectors } from '../django/vectors.ts'

const { decode, encode, parse, print } = djangoCodec

/** Returns the value of a payload that Python wrote. */
function valueOf(payload: string): Record<string, unknown> | undefined {
  const texts = decode(payload)
  return texts && Object.fromEntries([...texts].map(([name, text]) => [name, parse(text)]))
}

describe('decoding a payload of Python', () => {
  it.each(vectors.session_data)('$id is encoded unchanged', ({ json }) => {
    expect(encode(decode(json) ?? new Map())).toBe(json)
  })

  it.each(vectors.session_data.filter(({ id }) => !id.startsWith('nan')))('$id has the values of JSON.parse', ({ json }) => {
    expect(valueOf(json)).toEqual(JSON.parse(json))
  })

  it.each(vectors.session_data.filter(({ id }) => !/^(nan|floats|big)/.test(id)))('$id is printed as Python prints it', ({ json }) => {
    for (const [, text] of decode(json) ?? []) expect(print(parse(text))).toBe(text)
  })

  it('reads NaN and the infinities as numbers', () => {
    expect(valueOf('{"nan":NaN,"inf":Infinity,"ninf":-Infinity,"l":[NaN,"NaN","-Infinity \\" NaN"]}')).toEqual({
      nan: Number.NaN,
      inf: Number.POSITIVE_INFINITY,
      ninf: Number.NEGATIVE_INFINITY,
      l: [Number.NaN, 'NaN', '-Infinity " NaN'],
    })
  })

  it('reads integers beyond the safe range as bigints, and other numbers as numbers', () => {
    expect(valueOf('{"a":9007199254740991,"b":9007199254740992,"c":[-12345678901234567890],"d":12345678901234567890.5,"e":1e25}')).toEqual({
      a: 9007199254740991,
      b: 9007199254740992n,
      c: [-12345678901234567890n],
      d: 12345678901234567000,
      e: 1e25,
    })
  })

  it('ignores white space between tokens', () => {
    expect(valueOf(' { "a" : 1 ,\n\t"b" : [ 1 , 2 ], "n" : [ NaN , { "x" : 12345678901234567890 } , [ ] , { } ] } ')).toEqual({
      a: 1,
      b: [1, 2],
      n: [Number.NaN, { x: 12345678901234567890n }, [], {}],
    })
  })

  it('keeps the last of two members with one name', () => {
    expect(valueOf('{"a":1,"a":2}')).toEqual({ a: 2 })
  })

  it.each([
    '',
    'null',
    '[]',
    '1',
    '"x"',
    'NaN',
    '{',
    '{"a":}',
    '{"a":nan}',
    '{"a":1NaN}',
    '{"a":-NaN}',
    '{"a":+Infinity}',
    "{'a':1}",
    '{"a":1,}',
  ])('returns undefined for %j', (payload) => {
    expect(decode(payload)).toBeUndefined()
  })

  it.each([
    '',
    '[NaN',
    '{"a" NaN}',
    '{NaN:1}',
    '[NaN,]',
    '[NaN 1]',
    'NaN 1',
    '[1234567890123456 "x]',
    '["NaN]',
    '[Infinity,tru]',
    '01234567890123456',
  ])('throws in parse for %j', (text) => {
    expect(() => parse(text)).toThrow()
  })
})

describe('printing', () => {
  it.each<[unknown, string]>([
    ['Üñ 😀', '"\\u00dc\\u00f1 \\ud83d\\ude00"'],
    ['\u007f/\u0000\b\ud83d', '"\\u007f/\\u0000\\b\\ud83d"'],
    [-0, '-0.0'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    [12345678901234567890n, '12345678901234567890'],
    [1e21, '1e+21'],
    [{ ä: [null, true, 1.5] }, '{"\\u00e4":[null,true,1.5]}'],
    [JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
  ])('case %# has the expected text', (value, text) => {
    expect(print(value)).toBe(text)
  })

  it.each<[string, unknown]>([
    ['Date', new Date(0)],
    ['Map', new Map()],
    ['undefined', { a: undefined }],
    ['undefined', [undefined]],
    ['function', () => undefined],
    ['symbol', Symbol('x')],
    ['Uint8Array', [new Uint8Array(1)]],
  ])('rejects a %s and names it', (name, value) => {
    expect(() => print(value)).toThrow(name)
  })

  it('rejects a cycle', () => {
    const cycle: unknown[] = []
    cycle.push([cycle])
    expect(() => print(cycle)).toThrow('nested deeper')
  })

  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.integer(),
      fc.bigInt().filter((big) => !Number.isSafeInteger(Number(big))),
      fc.constantFrom(null, true, false),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.string({ unit: 'binary' }), tie('any'), { maxKeys: 4 }).map((each) => ({ ...each })),
    ),
  })).any

  it('returns ASCII that parses to the same value and works as a member of a payload', () => {
    fc.assert(
      fc.property(value, fc.string({ unit: 'binary' }), (each, name) => {
        const text = print(each)
        expect(text).toMatch(/^[\0-\x7f]*$/)
        expect(parse(text)).toEqual(each)
        const texts = new Map([
          ['first', '1.0'],
          [name, text],
        ])
        expect(decode(encode(texts))).toEqual(texts)
      }),
    )
  })
})
