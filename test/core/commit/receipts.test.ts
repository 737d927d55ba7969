import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addReceipt, findReceipt } from '../../../src/core/commit/receipts.ts'

describe('commit receipts', () => {
  it('start with the newest of each manager, which replaces its older one', () => {
    const one = addReceipt('', 'm1', 'n1', 100, 50)
    const two = addReceipt(one, 'm2', 'n2', 110, 50)
    const three = addReceipt(two, 'm1', 'n3', 120, 50)
    expect([one, two, three]).toEqual(['m1:n1:100', 'm2:n2:110 m1:n1:100', 'm1:n3:120 m2:n2:110'])
    expect([
      findReceipt(three, 'm1', 'n3'),
      findReceipt(three, 'm1', 'n1'),
      findReceipt(three, 'm2', 'n2'),
      findReceipt(three, 'm3', 'n'),
    ]).toEqual([true, false, true, false])
  })

  it('of other managers are removed after a period', () => {
    expect(addReceipt('m1:n1:100', 'm2', 'n2', 149, 50)).toBe('m2:n2:149 m1:n1:100')
    expect(addReceipt('m1:n1:100', 'm2', 'n2', 150, 50)).toBe('m2:n2:150')
  })

  it('are limited to 32, and then an absent one may have been removed', () => {
    let commits = ''
    for (let manager = 0; manager < 40; manager++) commits = addReceipt(commits, `m${manager}_`, 'n', 100, 50)
    expect(commits.split(' ').length).toBe(32)
    expect([findReceipt(commits, 'm0_', 'n'), findReceipt(commits, 'm39_', 'n'), findReceipt(commits, 'm39_', 'other')]).toEqual([
      'crowded',
      true,
      false,
    ])
  })

  it('contain the last write of a manager until it writes again', () => {
    const manager = fc.integer({ min: 0, max: 50 })
    fc.assert(
      fc.property(fc.array(manager, { maxLength: 31 }), (others) => {
        let commits = addReceipt('', 'mine', 'nonce', 0, 1000)
        for (const [index, other] of others.entries()) commits = addReceipt(commits, `other${other}`, `n${index}`, index, 1000)
        expect(findReceipt(commits, 'mine', 'nonce')).toBe(true)
      }),
    )
  })
})
