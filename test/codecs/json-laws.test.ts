import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { jsonCodec } from '../../src/codecs/json.ts'
import { anyName, anyText, plain, rich } from './arbitraries.ts'

const { decode, encode, parse, print } = jsonCodec

afterEach(() => {
  vi.restoreAllMocks()
})

/** Texts in a row: of this codec and of other writers. */
const text = fc.oneof(
  plain.map(print),
  rich.map(print),
  fc.constantFrom('1.0', '12345678901234567890', '"\\u00e9"', '-0', '1e400', '[1, 2]'),
)
const texts = fc.array(fc.tuple(anyName, text), { maxLength: 8 }).map((members) => new Map(members))

describe('laws of values', () => {
  it('parse(print(v)) equals v for plain JSON', () => {
    fc.assert(
      fc.property(plain, (value) => deepStrictEqual(parse(print(value)), value)),
      { numRuns: 1000 },
    )
  })

  it('parse(print(v)) equals v for rich values', () => {
    fc.assert(
      fc.property(rich, (value) => deepStrictEqual(parse(print(value)), value)),
      { numRuns: 1000 },
    )
  })

  it('print(parse(print(v))) equals print(v), so that a read never causes a write', () => {
    fc.assert(
      fc.property(fc.oneof(plain, rich), (value) => {
        expect(print(parse(print(value)))).toBe(print(value))
      }),
      { numRuns: 1000 },
    )
  })

  it('print(v) is JSON on one line without a tab', () => {
    fc.assert(
      fc.property(fc.oneof(plain, rich), (value) => {
        const one = print(value)
        expect(one).not.toMatch(/[\n\r\t]/)
        expect(() => JSON.parse(one)).not.toThrow()
      }),
    )
  })

  it('print(v) is well formed: a lone surrogate is escaped, so that no encoding changes it', () => {
    fc.assert(
      fc.property(fc.oneof(plain, rich), (value) => {
        expect(print(value).isWellFormed()).toBe(true)
      }),
    )
  })

  it('parse(print(v)) equals v for a plain object with the $rich tag', () => {
    fc.assert(
      fc.property(rich, rich, (inner, other) => {
        const value = { $rich: inner, other }
        deepStrictEqual(parse(print(value)), value)
      }),
    )
  })

  it('print does not change its argument', () => {
    fc.assert(
      fc.property(rich, (value) => {
        const before = structuredCloneable(value) ? structuredClone(value) : undefined
        print(value)
        if (before !== undefined) deepStrictEqual(value, before)
      }),
    )
  })
})

describe('laws of payloads', () => {
  it('decode(encode(texts)) equals texts in their order, for any names', () => {
    fc.assert(
      fc.property(texts, (given) => {
        expect([...(decode(encode(given)) ?? [])]).toEqual([...given])
      }),
      { numRuns: 1000 },
    )
  })

  it('decode(encode(texts)) calls JSON.parse only for names with an escape', () => {
    const parser = vi.spyOn(JSON, 'parse')
    fc.assert(
      fc.property(texts, (given) => {
        const payload = encode(given)
        parser.mockClear()
        decode(payload)
        const escaped = [...given.keys()].map((name) => JSON.stringify(name)).filter((name) => name.includes('\\'))
        expect(given.size === 0 ? [] : parser.mock.calls.map(([text]) => text)).toEqual(escaped)
      }),
    )
  })

  it('encode(decode(payload)) equals the payload of this codec', () => {
    fc.assert(
      fc.property(texts, (given) => {
        const payload = encode(given)
        expect(encode(decode(payload) ?? new Map())).toBe(payload)
      }),
    )
  })

  it('a changed property leaves the texts of the others unchanged', () => {
    fc.assert(
      fc.property(texts, anyName, text, (given, name, changed) => {
        const read = decode(encode(given)) ?? new Map<string, string>()
        const again = decode(encode(read.set(name, changed)))
        expect(new Map(again)).toEqual(new Map(given).set(name, changed))
      }),
    )
  })
})

describe('laws of damaged payloads', () => {
  it('a payload without its end is unreadable', () => {
    fc.assert(
      fc.property(texts, (given) => {
        const payload = encode(given)
        for (let length = 0; length < payload.length; length++) expect(decode(payload.slice(0, length))).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })

  it('a payload without its start is unreadable, unless the rest is a complete object', () => {
    fc.assert(
      fc.property(texts, (given) => {
        const payload = encode(given)
        for (let from = 1; from < payload.length; from++) {
          const rest = payload.slice(from)
          if (decode(rest) !== undefined) expect(() => JSON.parse(rest)).not.toThrow()
        }
      }),
      { numRuns: 200 },
    )
  })

  const fragments = fc
    .array(
      fc.constantFrom(
        '{\t"',
        '{',
        '\t}',
        '}',
        '\t',
        ',\n',
        ',',
        '\n',
        '"',
        ':',
        '\\',
        '\\u',
        '[',
        ']',
        '1',
        'a',
        '\\x',
        '{}',
        'null',
        '\0',
      ),
      {
        maxLength: 16,
      },
    )
    .map((pieces) => pieces.join(''))
  const framed = fragments.map((inside) => `{\t"${inside}\t}`)

  it('decode never throws, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fragments, framed), (payload) => {
        expect(() => decode(payload)).not.toThrow()
      }),
      { numRuns: 5000 },
    )
  })

  it('decode never throws for an edited payload', () => {
    fc.assert(
      fc.property(texts, fc.nat(), fc.nat(3), fc.oneof(anyText, fragments), (given, at, cut, put) => {
        const payload = encode(given)
        const start = at % payload.length
        expect(() => decode(payload.slice(0, start) + put + payload.slice(start + cut))).not.toThrow()
      }),
      { numRuns: 3000 },
    )
  })

  it('decode never throws for a name with an invalid escape', () => {
    expect(decode('{\t"\\x":1\t}')).toBeUndefined()
  })

  it('decode neither throws nor overflows for a very deep payload', () => {
    const deep = '['.repeat(100_000)
    expect(decode(deep)).toBeUndefined()
    expect(decode(`{"a":${deep}${']'.repeat(100_000)}}`)?.size).toBe(1)
  })

  it('parse returns or throws an Error, for any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fragments,
          framed,
          fragments.map((inside) => `{"$rich":${inside}}`),
        ),
        (one) => {
          try {
            parse(one)
          } catch (error) {
            expect(error).toBeInstanceOf(Error)
          }
        },
      ),
      { numRuns: 3000 },
    )
  })
})

function structuredCloneable(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}
