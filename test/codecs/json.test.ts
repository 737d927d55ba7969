import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../src/codecs/json.ts'

const { decode, encode, parse, print } = jsonCodec

/** A raw JSON value in any spelling, with these blanks between tokens. */
const rawTextWith = (...blanks: string[]): fc.Arbitrary<string> =>
  fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constantFrom(
        '1.0',
        '-0',
        '12345678901234567890',
        '1e2',
        '1E+2',
        '0.1',
        '"\\u00e9"',
        '"\\/"',
        '"\\ud800"',
        '"a\\nb"',
        'true',
        'false',
        'null',
        '""',
        '{}',
        '[]',
        '[ ]',
        '{ }',
      ),
      fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
      fc
        .tuple(fc.array(tie('value'), { maxLength: 3 }), fc.constantFrom(...blanks))
        .map(([items, blank]) => `[${blank}${items.join(`${blank},${blank}`)}${blank}]`),
      fc
        .tuple(
          fc.array(
            fc.tuple(
              fc.string().filter((name) => !/[\\"]/.test(name)),
              tie('value'),
            ),
            { maxLength: 3 },
          ),
          fc.constantFrom(...blanks),
        )
        .map(
          ([members, blank]) => `{${members.map(([name, text]) => `${blank}${JSON.stringify(name)}${blank}:${blank}${text}`).join(',')}}`,
        ),
    ),
  })).value

/** Texts as decode returns them: on one line, without tabs. */
const rawText = rawTextWith('', ' ')
const anyText = rawTextWith('', ' ', '\t', '\n', '\r\n')

const anyName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    'toString',
    '0',
    '10',
    'a\nb',
    '\r',
    '\0',
    '\ud800',
    '\udfff\ud800',
    '\u2028',
    '\u2029',
    '"',
    '\\',
    '\\"',
    '},{',
    '":',
    '$rich',
  ),
)
/**
 * Names for comparisons with `JSON.parse` of a whole object: V8 (Node 24.21) takes the key `"` for
 * `\\` if it has seen an object with that key in the same place.
 */
const referenceName = anyName.filter((name) => !/[\\"]/.test(name))
const anyTexts = fc.array(fc.tuple(anyName, rawText), { maxLength: 8 }).map((pairs) => new Map(pairs))

describe('payloads', () => {
  it('decode(encode(texts)) equals texts in their order, for any names and texts', () => {
    fc.assert(
      fc.property(anyTexts, (texts) => {
        const decoded = decode(encode(texts))
        expect(decoded).toEqual(texts)
        expect([...(decoded ?? []).keys()]).toEqual([...texts.keys()])
      }),
      { numRuns: 1000 },
    )
  })

  it('encode returns a JSON object that JSON.parse reads the same way', () => {
    const texts = fc.array(fc.tuple(referenceName, rawText), { maxLength: 8 }).map((pairs) => new Map(pairs))
    fc.assert(
      fc.property(texts, (texts) => {
        const value: unknown = JSON.parse(encode(texts))
        const expected = Object.fromEntries([...texts].map(([name, text]) => [name, JSON.parse(text)]))
        expect(value).toEqual(expected)
      }),
    )
  })

  it('encode writes one property per line', () => {
    fc.assert(
      fc.property(anyTexts, (texts) => {
        const lines = encode(texts).split('\n')
        expect(lines.length).toBe(texts.size === 0 ? 1 : texts.size + 1)
        expect(lines.filter((line) => line.includes('\t')).length).toBe(texts.size)
      }),
    )
  })

  it('decode returns the values of JSON.parse for any JSON object', () => {
    const blank = fc.array(fc.constantFrom(' ', '\t', '\n', '\r', '\r\n', ''), { maxLength: 3 }).map((blanks) => blanks.join(''))
    const payload = fc
      .tuple(fc.array(fc.tuple(referenceName, anyText, blank, blank), { maxLength: 6 }), blank, blank, blank)
      .map(
        ([members, before, inside, after]) =>
          `${before}{${inside}${members.map(([name, text, one, two]) => `${one}${JSON.stringify(name)}${two}:${one}${text}${two}`).join(',')}}${after}`,
      )
    fc.assert(
      fc.property(payload, (text) => {
        const texts = decode(text)
        const value = JSON.parse(text) as object
        expect(Object.fromEntries([...(texts ?? [])].map(([name, each]) => [name, JSON.parse(each)]))).toEqual(value)
        expect(decode(encode(texts ?? new Map()))).toEqual(texts)
      }),
      { numRuns: 2000 },
    )
  })

  it.each<[string, (value: unknown) => string]>([
    ['minified', (value) => JSON.stringify(value)],
    ['pretty-printed with spaces', (value) => JSON.stringify(value, undefined, 2)],
    ['pretty-printed with tabs', (value) => JSON.stringify(value, undefined, '\t')],
    ['pretty-printed with CRLF', (value) => JSON.stringify(value, undefined, 2).replaceAll('\n', '\r\n')],
    ['as jsonb prints', (value) => JSON.stringify(value, undefined, 1).replace(/\n */g, ' ')],
    ['with a tab after every brace and comma', (value) => JSON.stringify(value, undefined, 1).replace(/\n */g, '\t')],
  ])('decode returns the values of an object %s', (_name, spell) => {
    fc.assert(
      fc.property(fc.dictionary(referenceName, fc.jsonValue()), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as Record<string, unknown>
        const texts = decode(spell(plain))
        expect(Object.fromEntries([...(texts ?? [])].map(([name, text]) => [name, JSON.parse(text)]))).toEqual(plain)
      }),
    )
  })

  it('keeps texts unchanged: 1.0, 20 digits, \\u00e9, order and spaces inside a value', () => {
    const texts = new Map([
      ['z', '1.0'],
      ['a', '12345678901234567890'],
      ['\u00e9', '"\\u00e9"'],
      ['10', '{ "b" : 1,"a":[1e2] }'],
      ['9', '-0'],
    ])
    expect(decode(encode(texts))).toEqual(texts)
    expect(decode('{"z":1.0, "a" : 12345678901234567890,"\\u00e9":"\\u00e9","10":{ "b" : 1,"a":[1e2] },"9":-0}')).toEqual(texts)
  })

  it('decode keeps the last of two members with one name', () => {
    expect(decode('{"a":1,"b":2,"a":3}')?.get('a')).toBe('3')
  })

  it('encode keeps the text of an unchanged property', () => {
    const texts = decode('{"a":1.0,"b":2}') as Map<string, string>
    texts.set('b', '3')
    expect(encode(texts)).toContain('"a":1.0')
  })

  it.each([
    '',
    ' ',
    'null',
    'true',
    '5',
    '"{}"',
    '[]',
    '[{}]',
    '{',
    '}',
    '{}x',
    '{}{}',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{,}',
    "{'a':1}",
    '{a:1}',
    '{"a":Infinity}',
    '{"a":NaN}',
    '{"a":undefined}',
    '{"a":01}',
    '\ufeff{}',
    '{"a":"\n"}',
    '{"a":1',
    '{\t',
    '{\t"',
    '{\t"a',
    '{\t"a"',
    '{\t"a":',
    '{\t"a":}',
    '{\t"a":1,\n',
    '{\t"a":1,\n"b":',
    '{\t"a":1,\n"b":[}',
    '{\t"a":x}',
  ])('decode returns undefined for %j', (payload) => {
    expect(decode(payload)).toBeUndefined()
  })

  it('decode never throws for an edited payload', () => {
    const edited = fc.tuple(anyTexts, fc.nat(), fc.string({ maxLength: 2 })).map(([texts, at, put]) => {
      const payload = encode(texts)
      const index = at % (payload.length + 1)
      return payload.slice(0, index) + put + payload.slice(index + put.length)
    })
    fc.assert(
      fc.property(edited, (payload) => void decode(payload)),
      { numRuns: 2000 },
    )
  })

  it('decode returns undefined for every text that JSON.parse rejects: foreign and truncated ones', () => {
    const truncated = fc.tuple(anyTexts, fc.nat()).map(([texts, at]) => encode(texts).slice(0, at % (encode(texts).length + 1)))
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), truncated), (payload) => {
        const texts = decode(payload)
        let isObject = false
        try {
          const value: unknown = JSON.parse(payload)
          isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
        } catch {}
        expect(texts !== undefined).toBe(isObject)
      }),
      { numRuns: 2000 },
    )
  })
})

/** Any storable value. */
const anyValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom<unknown>(
      null,
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      '\ud800',
      '\u2028',
      '',
      { $rich: [1] },
      { $rich: 'x', a: 1 },
    ),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.constantFrom(/a/g, /^\/[\\]$/u, new URL('https://user@example.com:8080/p?q#h')),
    fc.uint8Array().map((bytes) => Uint8Array.from(bytes)),
    fc.float64Array().map((numbers) => Float64Array.from(numbers)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((name) => name !== '__proto__'),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
    fc.record({ a: tie('value'), absent: fc.constant(undefined) }, { noNullPrototype: true }),
  ),
})).value

describe('values', () => {
  it('parse(print(value)) equals the value', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(parse(print(value))).toEqual(value)
      }),
      { numRuns: 2000 },
    )
  })

  it('print returns JSON on one line', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = print(value)
        expect(text).not.toMatch(/[\n\r]/)
        expect(() => JSON.parse(text) as unknown).not.toThrow()
      }),
    )
  })

  it('print is canonical: print(parse(text)) equals the text', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = print(value)
        expect(print(parse(text))).toBe(text)
      }),
    )
  })

  it('print returns plain JSON unchanged', () => {
    fc.assert(
      fc.property(
        fc.jsonValue().filter((value) => !JSON.stringify(value).startsWith('{"$rich":') && !JSON.stringify(value).includes('-0')),
        (value) => {
          const again = JSON.parse(JSON.stringify(value)) as unknown
          expect(print(again)).toBe(JSON.stringify(again))
        },
      ),
    )
  })

  it('keep shared references and cycles', () => {
    const shared = { a: new Date(0) }
    const back = parse(print({ one: shared, two: shared })) as { one: object; two: object }
    expect(back.one).toBe(back.two)
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    const again = parse(print(cycle)) as { self: unknown }
    expect(again.self).toBe(again)
  })

  it('keep negative zero at any depth', () => {
    expect(Object.is((parse(print([{ a: -0 }])) as [{ a: number }])[0].a, -0)).toBe(true)
  })

  it('of foreign texts with an invalid $rich tag are plain JSON', () => {
    expect(parse('{"$rich":"nonsense"}')).toEqual({ $rich: 'nonsense' })
  })

  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a function deep inside', { a: [{ b: () => 1 }] }],
    ['a class', class A {}],
    ['an instance', new (class A {})()],
    ['an Error', new Error('x')],
    ['a promise', Promise.resolve()],
    ['a WeakSet', new WeakSet()],
    ['a symbol as a key', { [Symbol('s')]: 1 }],
  ])('reject %s', (_name, value) => {
    expect(() => print(value)).toThrow()
  })

  it('do not pollute prototypes: __proto__ as an own key is restored as one', () => {
    const value = JSON.parse('{"__proto__":{"polluted":1}}') as object
    const back = parse(print(value)) as object
    expect(Object.hasOwn(back, '__proto__')).toBe(true)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    const rich = JSON.parse('{"$rich":[{"__proto__":1},{"polluted":2},1]}') as unknown
    try {
      parse(JSON.stringify(rich))
    } catch {}
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})
