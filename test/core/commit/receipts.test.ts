import { describe, expect, it } from 'vitest'
import { Receipts } from '../../../src/core/commit/receipts.ts'

function manager(name: string): Receipts {
  let count = 0
  return new Receipts((length) => (length === 8 ? name : `${name}${count++}`))
}

describe('receipts', () => {
  it('number the writes of a row, newest first, and keep one receipt of a manager whose writes have settled', () => {
    const [a, b] = [manager('a'), manager('b')]
    const write = (before: string, by: Receipts): string => {
      const nonce = by.open()
      const commits = by.add(before, nonce)
      by.close(nonce)
      return commits
    }
    const one = write('', a)
    const two = write(one, b)
    expect([one, two, write(two, a)]).toEqual(['0 a:a0:1', '0 b:b0:2 a:a0:1', '0 a:a1:3 b:b0:2'])
  })

  it('are kept while the outcome of their write is unknown', () => {
    const [a, b] = [manager('a'), manager('b')]
    const lost = a.add('', a.open())
    let commits = lost
    for (let writes = 0; writes < 10; writes++) commits = b.add(a.add(commits, a.open()), b.open())
    expect(a.isApplied(commits, lost)).toBe(true)
  })

  it('tell a write that was not applied from one that is', () => {
    const [a, b] = [manager('a'), manager('b')]
    const row = b.add('', b.open())
    const [mine, theirs] = [a.add(row, a.open()), b.add(row, b.open())]
    expect([a.isApplied(theirs, mine), a.isApplied(mine, mine)]).toEqual([false, true])
  })

  it('are 32 at most; a missing one may have been pushed out when its number is not above the floor', () => {
    const mine = manager('mine')
    const sent = mine.add('', mine.open())
    const others = Array.from({ length: 40 }, (_, index) => manager(`other${index}`))
    const row = others.reduce((commits, other) => other.add(commits, other.open()), sent)
    expect(row.split(' ')).toHaveLength(1 + 32)
    expect(mine.isApplied(row, sent)).toBeUndefined()
    expect(mine.isApplied(row, mine.add(row, mine.open()))).toBe(false)
  })

  it('are found by their nonce, because changes that are replayed get another number', () => {
    const [a, b] = [manager('a'), manager('b')]
    const nonce = a.open()
    const applied = a.add('', nonce)
    expect(a.isApplied(b.add(applied, b.open()), a.add(b.add('', b.open()), nonce))).toBe(true)
  })

  it('do not exist in a store without compare-and-swap, so a conflict there is never a lost response', () => {
    expect(manager('a').isApplied('', '')).toBe(false)
  })
})
