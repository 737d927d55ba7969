import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addReceipt, findReceipt } from '../../../src/core/commit/receipts.ts'
import { hashedIds } from '../../../src/core/store/id.ts'

describe('ids', () => {
  let drawn = 0
  const draw = (length: number): string => `${(drawn += 1)}`.padStart(length, 'A')
  const ids = hashedIds(draw, '')
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')

  it('an id is family.secret; key and proof are their hashes', () => {
    const { id, key, handle, proof } = ids.create()
    const [first = '', second = ''] = id.split('.')
    expect([first.length, second.length]).toEqual([16, 32])
    expect([key, proof]).toEqual([sha256(first), sha256(second)])
    expect(ids.parse(id)).toEqual({ id, key, handle, proof })
    expect(handle).toBe(key)
  })

  it('renewed it keeps family and key and has another secret', () => {
    const before = ids.create()
    const now = ids.renew(before)
    expect([now.id.slice(0, 17), now.key]).toEqual([before.id.slice(0, 17), before.key])
    expect(ids.parse(now.id)).toEqual(now)
    expect([now.proof === before.proof, now.id === before.id]).toEqual([false, false])
  })

  it('only the exact shape is an id', () => {
    const good = `${'a'.repeat(16)}.${'b'.repeat(32)}`
    expect(ids.parse(good)).toBeDefined()
    for (const bad of [
      '',
      'a',
      good.slice(1),
      `${good}a`,
      ` ${good}`,
      `${good} `,
      `${good}\n`,
      `${good}\0`,
      good.replace('.', '-'),
      good.replace('a', 'ä'),
      good.replace('a', '+'),
      good.replace('a', '='),
      good.replace('a', '%'),
      good.replace('b', '.'),
      '\ud800'.repeat(49),
    ]) {
      expect(ids.parse(bad), JSON.stringify(bad)).toBeUndefined()
    }
  })

  it('no text of another shape is an id', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ minLength: 45, maxLength: 53 }), fc.string({ unit: 'binary', maxLength: 60 })), (text) => {
        expect(ids.parse(text) !== undefined).toBe(/^[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{32}$/.test(text) && text.length === 49)
      }),
    )
  })
})

describe('write marks', () => {
  it('the newest of each manager comes first, and its older one goes', () => {
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

  it('those of others go when they are too old', () => {
    expect(addReceipt('m1:n1:100', 'm2', 'n2', 149, 50)).toBe('m2:n2:149 m1:n1:100')
    expect(addReceipt('m1:n1:100', 'm2', 'n2', 150, 50)).toBe('m2:n2:150')
  })

  it('there are 32 at the most, and then an absent one may have been pushed out', () => {
    let commits = ''
    for (let manager = 0; manager < 40; manager++) commits = addReceipt(commits, `m${manager}_`, 'n', 100, 50)
    expect(commits.split(' ').length).toBe(32)
    expect([findReceipt(commits, 'm0_', 'n'), findReceipt(commits, 'm39_', 'n'), findReceipt(commits, 'm39_', 'other')]).toEqual([
      'crowded',
      true,
      false,
    ])
  })

  it('the own write is found as long as the manager has not written again', () => {
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
