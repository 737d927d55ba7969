import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { combineChunks, createChunks, receivedNames } from '../../src/wire/cookie-chunks.ts'

const header = (pieces: readonly (readonly [string, string])[]): string => pieces.map(([name, piece]) => `${name}=${piece}`).join('; ')

describe('a value in pieces', () => {
  it('comes back as it was, in whatever order the browser sends them, beside other cookies', () => {
    const value = fc.stringMatching(/^[\w-]{1,200}$/)
    fc.assert(
      fc.property(value, fc.integer({ min: 20, max: 250 }), fc.boolean(), (given, room, reversed) => {
        const pieces = createChunks('sid', given, room)
        for (const [name, piece] of pieces) expect([/^sid(\.\d)?$/.test(name), piece.length <= room + 2]).toEqual([true, true])
        const sent = [['a', 'x'] as const, ...(reversed ? pieces.toReversed() : pieces), ['sid2', 'y'] as const, ['xsid.1', 'z'] as const]
        expect(combineChunks(header(sent), 'sid')).toEqual([given])
        expect(receivedNames(header(sent), 'sid')).toEqual(pieces.map(([name]) => name))
      }),
    )
  })

  it('one that fits stays whole', () => {
    expect(createChunks('sid', 'abc', 3)).toEqual([['sid', 'abc']])
    expect(createChunks('sid', 'abcd', 3)).toEqual([
      ['sid', 'abc.1'],
      ['sid.1', 'd'],
    ])
  })

  it('more than ten are too many', () => {
    expect(createChunks('sid', 'a'.repeat(100), 10).length).toBe(10)
    expect(() => createChunks('sid', 'a'.repeat(101), 10)).toThrow(RangeError)
  })

  it('what is left over from a longer value is not a part of it', () => {
    expect(combineChunks('sid=short; sid.1=old; sid.2=older', 'sid')).toEqual(['short'])
    expect(combineChunks('sid=a.1; sid.1=b; sid.2=old', 'sid')).toEqual(['ab'])
    expect(receivedNames('sid=a.1; sid.1=b; sid.2=old; sid.x=1; sid.10=1', 'sid')).toEqual(['sid', 'sid.1', 'sid.2'])
  })

  it.each([
    ['a piece is missing', 'sid=a.2; sid.2=c'],
    ['all are missing', 'sid=a.2'],
    ['a piece is empty', 'sid=a.1; sid.1='],
    ['a piece has a character of its own', 'sid=a.1; sid.1=b c'],
    ['a piece is itself in pieces', 'sid=a.1; sid.1=b.2'],
    ['a piece is there twice, different', 'sid=a.1; sid.1=b; sid.1=c'],
    ['it counts to nothing', 'sid=a.0; sid.1=b'],
    ['it counts to more than nine', 'sid=a.10; sid.1=b'],
  ])('is not put together when %s', (_, given) => {
    expect(combineChunks(given, 'sid').every((value) => value.includes('.'))).toBe(true)
  })

  it('the same piece twice is one', () => {
    expect(combineChunks('sid=a.1; sid.1=b; sid.1=b; sid=a.1', 'sid')).toEqual(['ab'])
  })

  it('of thousands of beginnings for the same pieces only some are made whole', () => {
    const beginnings = Array.from({ length: 2000 }, (_, n) => `sid=${n}.9`)
    const pieces = Array.from({ length: 9 }, (_, index) => `sid.${index + 1}=${'a'.repeat(1000)}`)
    const values = combineChunks([...beginnings, ...pieces].join('; '), 'sid')
    expect(values.length).toBe(2000)
    expect(values.filter((value) => value.length > 9000).length).toBe(4)
  })

  it('an id with its dot is whole', () => {
    const id = `${'a'.repeat(16)}.${'1'.repeat(32)}`
    expect(combineChunks(`sid=${id}; sid.1=x`, 'sid')).toEqual([id])
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.anything(), fc.array(fc.constantFrom('sid', '.', '1', '9', '=', ';', ' ', 'a')), (anything, parts) => {
        combineChunks(anything, 'sid')
        receivedNames(anything, 'sid')
        combineChunks(parts.join(''), 'sid')
        receivedNames(parts.join(''), 'sid')
      }),
    )
  })
})
