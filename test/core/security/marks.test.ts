import { describe, expect, it } from 'vitest'
import { isRevoked, type Mark, withMark } from '../../../src/core/security/marks.ts'

function marksOf(...marks: readonly Mark[]): readonly Mark[] {
  return marks.reduce<readonly Mark[]>((all, mark) => withMark(all, mark), [])
}

describe('marks', () => {
  it('end what was authenticated at or before them', () => {
    const marks = marksOf([10])
    expect([9, 10, 11].map((at) => isRevoked(marks, at, 'a'))).toEqual([true, true, false])
  })

  it('except one handle each, and a login without a handle never', () => {
    const marks = marksOf([10, 'a'])
    expect([isRevoked(marks, 5, 'a'), isRevoked(marks, 5, 'b'), isRevoked(marks, 5, undefined)]).toEqual([false, true, true])
  })

  it('do not except a session from another mark, whatever their order', () => {
    expect(isRevoked(marksOf([10, 'a'], [9, 'b']), 5, 'a')).toBe(true)
    expect(isRevoked(marksOf([9, 'a'], [10]), 5, 'a')).toBe(true)
    expect(isRevoked(marksOf([10], [12, 'a']), 11, 'a')).toBe(false)
  })

  it('keep eight exceptions; older ones are lost and the marks stay', () => {
    const times = Array.from({ length: 30 }, (_, at) => at + 1)
    const marks = marksOf(...times.map((at): Mark => [at, 'a']))
    expect(marks).toHaveLength(9)
    expect([isRevoked(marks, 22, 'a'), isRevoked(marks, 23, 'a')]).toEqual([true, false])
    expect(times.every((at) => isRevoked(marks, at, 'b'))).toBe(true)
  })
})
