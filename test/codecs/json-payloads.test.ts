import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../src/codecs/json.ts'
import { anyName, plain, rich, session, spaced } from './arbitraries.ts'

const { decode, encode, parse, print } = jsonCodec

/** Returns the values that `JSON.parse` returns, without a prototype. */
function values(payload: string): Map<string, unknown> {
  return new Map(Object.entries(JSON.parse(payload) as object))
}

function read(payload: string): Map<string, unknown> | undefined {
  const texts = decode(payload)
  return texts && new Map([...texts].map(([name, text]) => [name, parse(text)]))
}

function sortByName(map: ReadonlyMap<string, unknown> | undefined): [string, unknown][] {
  return [...(map ?? [['unreadable', undefined] as const])].toSorted(([a], [b]) => (a < b ? -1 : 1)) as [string, unknown][]
}

function expectAsJson(payload: string): void {
  deepStrictEqual(sortByName(read(payload)), sortByName(values(payload)))
}

const json = session.map((properties) => JSON.stringify(Object.fromEntries(properties)))
const gap = fc.constantFrom('', ' ', '\n', '\t', '\r\n', '\n  ', '\n\t\t')

describe('the decoder of a JSON object, compared with JSON.parse,', () => {
  it.each([
    ['minified', undefined],
    ['indented by spaces', 2],
    ['indented by tabs', '\t'],
  ])('%s', (_, indent) => {
    fc.assert(fc.property(session, (given) => expectAsJson(JSON.stringify(Object.fromEntries(given), undefined, indent))))
  })

  it('decodes the output of jsonb', () => {
    fc.assert(fc.property(json, (text) => expectAsJson(jsonb(text))))
  })

  it('decodes Windows line ends', () => {
    fc.assert(
      fc.property(session, (given) => expectAsJson(JSON.stringify(Object.fromEntries(given), undefined, 2).replaceAll('\n', '\r\n'))),
    )
  })

  it('decodes any white space between the tokens and around the object', () => {
    fc.assert(
      fc.property(json, fc.array(gap, { minLength: 1, maxLength: 12 }), gap, (text, gaps, end) => expectAsJson(spaced(text, gaps) + end)),
      { numRuns: 1000 },
    )
  })

  it('uses the last of duplicate names', () => {
    fc.assert(
      fc.property(anyName, plain, plain, (name, first, last) => {
        const key = JSON.stringify(name)
        expectAsJson(`{${key}:${JSON.stringify(first)}, "x": 1, ${key}:${JSON.stringify(last)}}`)
      }),
    )
    expectAsJson('{"a":1,"\\u0061":2}')
  })

  it('decodes unnecessary escapes', () => {
    expectAsJson('{"\\u0061\\/":"\\u00e9\\ud83c\\udf6a\\/"}')
  })

  it('returns texts that can be encoded again', () => {
    fc.assert(
      fc.property(json, fc.array(gap, { minLength: 1, maxLength: 12 }), (text, gaps) => {
        const foreign = spaced(text, gaps)
        deepStrictEqual(sortByName(read(encode(decode(foreign) ?? new Map()))), sortByName(values(foreign)))
      }),
    )
  })
})

describe('a payload with changed white space', () => {
  const ours = session.map((properties) => encode(new Map([...properties].map(([name, value]) => [name, print(value)]))))

  it('has the same values after it is printed again', () => {
    fc.assert(
      fc.property(ours, (payload) =>
        deepStrictEqual(sortByName(read(JSON.stringify(JSON.parse(payload), undefined, 2))), sortByName(read(payload))),
      ),
    )
  })

  it('has the same values after a conversion to Windows line ends', () => {
    fc.assert(
      fc.property(ours, (payload) => deepStrictEqual(sortByName(read(payload.replaceAll('\n', '\r\n'))), sortByName(read(payload)))),
    )
  })

  it('has the same values after its lines are joined', () => {
    fc.assert(fc.property(ours, (payload) => deepStrictEqual(sortByName(read(payload.replaceAll('\n', ' '))), sortByName(read(payload)))))
  })

  it('has the same values after its lines except the first and last are joined', () => {
    const payload = encode(
      new Map([
        ['a', '1'],
        ['d', '3'],
      ]),
    )
    deepStrictEqual(
      read(payload.replace(/,\s+/, ',')),
      new Map([
        ['a', 1],
        ['d', 3],
      ]),
    )
  })

  it('has the same values after a line break at every comma', () => {
    const payload = encode(
      new Map([
        ['a', '{"b":1,"c":2}'],
        ['d', '3'],
      ]),
    )
    deepStrictEqual(
      read(payload.replace('"b":1,', '"b":1,\n')),
      new Map<string, unknown>([
        ['a', { b: 1, c: 2 }],
        ['d', 3],
      ]),
    )
  })

  it('has the same Date', () => {
    const payload = encode(new Map([['at', print(new Date(0))]]))
    for (const indent of [undefined, 1, 2, '\t']) {
      deepStrictEqual(read(JSON.stringify(JSON.parse(payload), undefined, indent)), new Map([['at', new Date(0)]]))
    }
  })

  it('has the same rich values', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyName, rich), { maxLength: 4 }), fc.constantFrom(undefined, 2, '\t'), (members, indent) => {
        const payload = encode(new Map(members.map(([name, value]) => [name, print(value)])))
        deepStrictEqual(sortByName(read(JSON.stringify(JSON.parse(payload), undefined, indent))), sortByName(new Map(members)))
      }),
    )
  })
})

describe('an unchanged text is kept as it is', () => {
  it.each([
    ['a decimal point that JavaScript would drop', '1.0'],
    ['more digits than JavaScript keeps', '12345678901234567890'],
    ['a number beyond the range', '1e400'],
    ['an exponent', '1E+2'],
    ['a negative zero', '-0'],
    ['an escape that is not needed', '"\\u00e9"'],
    ['an escaped slash', '"<\\/script>"'],
    ['names in an order JavaScript would change', '{"2":1,"1":2}'],
    ['a name that comes twice', '{"a":1,"a":2}'],
    ['spaces inside', '[1, 2,  3]'],
    ['a line separator', '"\u2028\u2029"'],
  ])('%s', (_, text) => {
    const read = decode(`{"foreign": ${text}, "other": true}`)
    expect(read?.get('foreign')).toBe(text)
    const rewritten = decode(encode((read ?? new Map()).set('other', 'false')))
    expect(rewritten?.get('foreign')).toBe(text)
  })
})

describe('a text that is not one JSON object is unreadable', () => {
  it.each([
    ['empty text', ''],
    ['spaces', '  '],
    ['an object cut off', '{"a":1,'],
    ['an array', '[]'],
    ['a number', '5'],
    ['a text', '"{}"'],
    ['null', 'null'],
    ['a byte order mark', '\ufeff{}'],
    ['text after the object', '{}x'],
    ['two objects', '{}{}'],
    ['Infinity', '{"a":Infinity}'],
    ['NaN', '{"a":NaN}'],
    ['a name without quotes', '{a:1}'],
    ['single quotes', "{'a':1}"],
    ['a comma at the end', '{"a":1,}'],
    ['a comment', '{"a":1/**/}'],
    ['bytes', '\u00ff\0\u00fe'],
    ['a pickle', '\u0080\u0004\u0095\u0005\0\0\0K\u0001.'],
    ['a raw line break in a text', '{"a":"\n"}'],
    ['a raw tab in a name', '{"a\t":1}'],
    ['a JavaScript program', '(()=>{})()'],
  ])('%s', (_, payload) => {
    expect(decode(payload)).toBeUndefined()
  })

  it.each([
    ['an empty object', '{}', []],
    ['spaces around', ' {} ', []],
    ['a row of another library', '{"cookie":{"originalMaxAge":null},"user":1}', ['cookie', 'user']],
    ['constructor and __proto__', '{"constructor":{"prototype":{"x":1}},"__proto__":{"y":1}}', ['constructor', '__proto__']],
  ])('but %s is readable', (_, payload, names) => {
    expect([...(decode(payload)?.keys() ?? ['unreadable'])]).toEqual(names)
    expect(Object.hasOwn(Object.prototype, 'x') || Object.hasOwn(Object.prototype, 'y')).toBe(false)
  })
})

describe('a text with an invalid $rich tag', () => {
  it.each([
    ['5'],
    ['"x"'],
    ['null'],
    ['true'],
    ['[]'],
    ['[["Unknown",1]]'],
    ['[[5]]'],
    ['{"a":1}'],
    ['[{"__proto__":1},5]'],
    ['[["Map",1,9]]'],
  ])('({"$rich":%s}) is read as JSON.parse reads it', (inside) => {
    const text = `{"$rich":${inside}}`
    expect(parse(text)).toEqual(JSON.parse(text))
  })

  it('never sets a prototype', () => {
    const value = parse('{"$rich":[{"a":1,"constructor":2},5,{"prototype":3},6]}') as object
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>)['prototype']).toBeUndefined()
  })
})

/** Adds one space after every colon and comma, as PostgreSQL prints jsonb. */
function jsonb(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|[,:]/g, (token) => (token.length === 1 ? `${token} ` : token))
}
