import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { combineChunks, createChunks, receivedNames } from '../../src/wire/cookie-chunks.ts'

const header = (chunks: readonly (readonly [string, string])[]): string => chunks.map(([name, chunk]) => `${name}=${chunk}`).join('; ')

describe('a value in chunks', () => {
  it('is restored in any order of the cookies and next to other cookies', () => {
    const value = fc.stringMatching(/^[\w-]{1,200}$/)
    fc.assert(
      fc.property(value, fc.integer({ min: 20, max: 250 }), fc.boolean(), (given, maxLength, reversed) => {
        const chunks = createChunks('sid', given, maxLength)
        for (const [name, chunk] of chunks) expect([/^sid(\.\d)?$/.test(name), chunk.length <= maxLength + 2]).toEqual([true, true])
        const sent = [['a', 'x'] as const, ...(reversed ? chunks.toReversed() : chunks), ['sid2', 'y'] as const, ['xsid.1', 'z'] as const]
        expect(combineChunks(header(sent), 'sid')).toEqual([given])
        expect(receivedNames(header(sent), 'sid')).toEqual(chunks.map(([name]) => name))
      }),
    )
  })

  it('is one cookie if it fits', () => {
    expect(createChunks('sid', 'abc', 3)).toEqual([['sid', 'abc']])
    expect(createChunks('sid', 'abcd', 3)).toEqual([
      ['sid', 'abc.1'],
      ['sid.1', 'd'],
    ])
  })

  it('has at most ten chunks', () => {
    expect(createChunks('sid', 'a'.repeat(100), 10).length).toBe(10)
    expect(() => createChunks('sid', 'a'.repeat(101), 10)).toThrow(RangeError)
  })

  it('ignores leftover chunks of a longer value', () => {
    expect(combineChunks('sid=short; sid.1=old; sid.2=older', 'sid')).toEqual(['short'])
    expect(combineChunks('sid=a.1; sid.1=b; sid.2=old', 'sid')).toEqual(['ab'])
    expect(receivedNames('sid=a.1; sid.1=b; sid.2=old; sid.x=1; sid.10=1', 'sid')).toEqual(['sid', 'sid.1', 'sid.2'])
  })

  it.each([
    ['a chunk is missing', 'sid=a.2; sid.2=c'],
    ['all chunks are missing', 'sid=a.2'],
    ['a chunk is empty', 'sid=a.1; sid.1='],
    ['a chunk has an invalid character', 'sid=a.1; sid.1=b c'],
    ['a chunk is itself split', 'sid=a.1; sid.1=b.2'],
    ['two different chunks have one name', 'sid=a.1; sid.1=b; sid.1=c'],
    ['its count is zero', 'sid=a.0; sid.1=b'],
    ['its count exceeds nine', 'sid=a.10; sid.1=b'],
  ])('is not restored if %s', (_, given) => {
    expect(combineChunks(given, 'sid').every((value) => value.includes('.'))).toBe(true)
  })

  it('may contain the same chunk twice', () => {
    expect(combineChunks('sid=a.1; sid.1=b; sid.1=b; sid=a.1', 'sid')).toEqual(['ab'])
  })

  it('is restored for only four of thousands of first chunks', () => {
    const firstChunks = Array.from({ length: 2000 }, (_, n) => `sid=${n}.9`)
    const chunks = Array.from({ length: 9 }, (_, index) => `sid.${index + 1}=${'a'.repeat(1000)}`)
    const values = combineChunks([...firstChunks, ...chunks].join('; '), 'sid')
    expect(values.length).toBe(2000)
    expect(values.filter((value) => value.length > 9000).length).toBe(4)
  })

  it('is complete for an id with its dot', () => {
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
