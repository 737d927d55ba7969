import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { jsonCodec } from '../../src/codecs/json.ts'
import { anyName, anyText, plain, rich } from './arbitraries.ts'

const { decode, encode, parse, print } = jsonCodec

afterEach(() => {
  vi.restoreAllMocks()
})

/** Texts as they may stand in a row: ours, and those of other writers. */
const text = fc.oneof(
  plain.map(print),
  rich.map(print),
  fc.constantFrom('1.0', '12345678901234567890', '"\\u00e9"', '-0', '1e400', '[1, 2]'),
)
const texts = fc.array(fc.tuple(anyName, text), { maxLength: 8 }).map((members) => new Map(members))

describe('The law of values', () => {
  it('parse(print(v)) is v again, for plain JSON', () => {
    fc.assert(
      fc.property(plain, (value) => deepStrictEqual(parse(print(value)), value)),
      { numRuns: 1000 },
    )
  })

  it('parse(print(v)) is v again, for everything rich', () => {
    fc.assert(
      fc.property(rich, (value) => deepStrictEqual(parse(print(value)), value)),
      { numRuns: 1000 },
    )
  })

  it('print(parse(print(v))) is print(v), so that reading never writes', () => {
    fc.assert(
      fc.property(fc.oneof(plain, rich), (value) => {
        expect(print(parse(print(value)))).toBe(print(value))
      }),
      { numRuns: 1000 },
    )
  })

  it('print(v) is JSON on one line, without a tab', () => {
    fc.assert(
      fc.property(fc.oneof(plain, rich), (value) => {
        const one = print(value)
        expect(one).not.toMatch(/[\n\r\t]/)
        expect(() => JSON.parse(one)).not.toThrow()
      }),
    )
  })

  it('print(v) is well formed: a half surrogate is escaped, so that no encoding changes it', () => {
    fc.assert(
      fc.property(fc.oneof(plain, rich), (value) => {
        expect(print(value).isWellFormed()).toBe(true)
      }),
    )
  })

  it('a plain object that looks like a rich text is brought back as it was', () => {
    fc.assert(
      fc.property(rich, rich, (inner, other) => {
        const value = { $rich: inner, other }
        deepStrictEqual(parse(print(value)), value)
      }),
    )
  })

  it('print never changes what it prints', () => {
    fc.assert(
      fc.property(rich, (value) => {
        const before = structuredCloneable(value) ? structuredClone(value) : undefined
        print(value)
        if (before !== undefined) deepStrictEqual(value, before)
      }),
    )
  })
})

describe('The law of payloads', () => {
  it('decode(encode(texts)) is texts, in their order, whatever the names', () => {
    fc.assert(
      fc.property(texts, (given) => {
        expect([...(decode(encode(given)) ?? [])]).toEqual([...given])
      }),
      { numRuns: 1000 },
    )
  })

  it('decode(encode(texts)) is never parsed: only a name that holds an escape is, alone', () => {
    const parser = vi.spyOn(JSON, 'parse')
    fc.assert(
      fc.property(texts, (given) => {
        const payload = encode(given)
        parser.mockClear()
        decode(payload)
        const escaped = [...given.keys()].map((name) => JSON.stringify(name)).filter((name) => name.includes('\\'))
        expect(given.size === 0 ? [] : parser.mock.calls.map(([asked]) => asked)).toEqual(escaped)
      }),
    )
  })

  it('encode(decode(payload)) is the payload, to the letter, for what was encoded here', () => {
    fc.assert(
      fc.property(texts, (given) => {
        const payload = encode(given)
        expect(encode(decode(payload) ?? new Map())).toBe(payload)
      }),
    )
  })

  it('a property that was changed leaves the texts of all others as they are', () => {
    fc.assert(
      fc.property(texts, anyName, text, (given, name, changed) => {
        const read = decode(encode(given)) ?? new Map<string, string>()
        const again = decode(encode(read.set(name, changed)))
        expect(new Map(again)).toEqual(new Map(given).set(name, changed))
      }),
    )
  })
})

describe('The law of damage', () => {
  it('no beginning of a payload of ours is readable', () => {
    fc.assert(
      fc.property(texts, (given) => {
        const payload = encode(given)
        for (let length = 0; length < payload.length; length++) expect(decode(payload.slice(0, length))).toBeUndefined()
      }),
      { numRuns: 200 },
    )
  })

  it('no end of a payload of ours is readable, but for an object that stands there whole', () => {
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

  const soup = fc
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
  const marked = soup.map((inside) => `{\t"${inside}\t}`)

  it('decode never throws, on any text', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, soup, marked), (payload) => {
        expect(() => decode(payload)).not.toThrow()
      }),
      { numRuns: 5000 },
    )
  })

  it('decode never throws on a payload of ours in which something was put, changed or left out', () => {
    fc.assert(
      fc.property(texts, fc.nat(), fc.nat(3), fc.oneof(anyText, soup), (given, at, cut, put) => {
        const payload = encode(given)
        const start = at % payload.length
        expect(() => decode(payload.slice(0, start) + put + payload.slice(start + cut))).not.toThrow()
      }),
      { numRuns: 3000 },
    )
  })

  it('decode never throws on a name with an escape that JSON does not know', () => {
    expect(decode('{\t"\\x":1\t}')).toBeUndefined()
  })

  it('decode of a very deep payload neither throws nor overflows', () => {
    const deep = '['.repeat(100_000)
    expect(decode(deep)).toBeUndefined()
    expect(decode(`{"a":${deep}${']'.repeat(100_000)}}`)?.size).toBe(1)
  })

  it('parse answers, or throws an error, on any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          soup,
          marked,
          soup.map((inside) => `{"$rich":${inside}}`),
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
