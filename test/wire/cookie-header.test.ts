import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cookieValues } from '../../src/wire/cookie-header.ts'

/** A second, simple implementation. */
function parseSimply(header: string, name: string): string[] {
  return header
    .split(';')
    .map((pair) => pair.replace(/^[ \t]+/, '').replace(/[ \t]+$/, ''))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
}

describe('cookieValues', () => {
  it.each<[string, string[]]>([
    ['sid=a', ['a']],
    ['a=1; sid=a; b=2', ['a']],
    ['a=1;sid=a;b=2', ['a']],
    [' \tsid=a\t ', ['a']],
    ['sid=a; sid=b', ['a', 'b']],
    ['sid=a; sid=a', ['a', 'a']],
    ['sid=', ['']],
    ['sid= ', ['']],
    ['sid=a=b', ['a=b']],
    ['sid==a', ['=a']],
    ['sid=a b', ['a b']],
    ['sid="a"', ['"a"']],
    ['sid=a,b', ['a,b']],
    ['sid=%20', ['%20']],
    ['sid', []],
    ['sid;', []],
    ['SID=a', []],
    ['xsid=a', []],
    ['sidx=a', []],
    ['sid =a', []],
    ['sid\t=a', []],
    ['=sid=a', []],
    ['\u00a0sid=a', []],
    ['\ufeffsid=a', []],
    ['sid=\u00a0a\u00a0', ['\u00a0a\u00a0']],
    ['sid=a\r\n', ['a\r\n']],
    ['%73id=a', []],
    ['x="; sid=a"', ['a"']],
    ['sid2=1; sid=2; sid3=3', ['2']],
    ['', []],
    [';;;;', []],
  ])('parses %j to %j', (header, values) => {
    expect(cookieValues(header, 'sid')).toEqual(values)
  })

  it('returns an empty list for anything but a string, and never throws', () => {
    fc.assert(
      fc.property(
        fc.anything().filter((value) => typeof value !== 'string'),
        (value) => {
          expect(cookieValues(value, 'sid')).toEqual([])
        },
      ),
    )
  })

  it('agrees with a second parser on all headers', () => {
    const piece = fc.oneof(
      fc.constantFrom('sid', 'sid=', '=', ';', '; ', ' ', '\t', 'a', '__Host-sid=', '"', ',', '\u00a0', 'SID=', 'sidx=', '%', '\0', '\n'),
      fc.string({ maxLength: 4 }),
    )
    const header = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(header, fc.constantFrom('sid', '__Host-sid', 'a', 's'), (text, name) => {
        expect(cookieValues(text, name)).toEqual(parseSimply(text, name))
      }),
      { numRuns: 3000 },
    )
  })

  it('returns the values that were printed', () => {
    const octet = fc.constantFrom(..."!#$%&'()*+-./0123456789:<=>?@ABCXYZ[]^_`abcxyz{|}~".split(''))
    const value = fc.array(octet, { maxLength: 20 }).map((octets) => octets.join(''))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('sid', 'other', 'sid2'), value), { maxLength: 10 }), (pairs) => {
        const header = pairs.map(([name, each]) => `${name}=${each}`).join('; ')
        expect(cookieValues(header, 'sid')).toEqual(pairs.filter(([name]) => name === 'sid').map(([, each]) => each))
      }),
    )
  })

  it('takes time in proportion to the length of the header', () => {
    for (const header of [
      ';'.repeat(1_000_000),
      `sid${'='.repeat(1_000_000)}`,
      'sid;'.repeat(250_000),
      ' '.repeat(1_000_000),
      'sid=a;'.repeat(150_000),
    ]) {
      expect(cookieValues(header, 'sid').length).toBe(parseSimply(header, 'sid').length)
    }
  })
})
