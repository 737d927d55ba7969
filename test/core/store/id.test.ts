import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashedIds } from '../../../src/core/store/id.ts'

describe('ids', () => {
  let count = 0
  const randomText = (length: number): string => `${(count += 1)}`.padStart(length, 'A')
  const ids = hashedIds(randomText, '')
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')

  it('consist of family.secret; key and proof are their hashes', () => {
    const { id, key, handle, proof } = ids.create()
    const [first = '', second = ''] = id.split('.')
    expect([first.length, second.length]).toEqual([16, 32])
    expect([key, proof]).toEqual([sha256(first), sha256(second)])
    expect(ids.parse(id)).toEqual({ id, key, handle, proof })
    expect(handle).toBe(key)
  })

  it('keep family and key and get a new secret when renewed', () => {
    const before = ids.create()
    const now = ids.renew(before)
    expect([now.id.slice(0, 17), now.key]).toEqual([before.id.slice(0, 17), before.key])
    expect(ids.parse(now.id)).toEqual(now)
    expect([now.proof === before.proof, now.id === before.id]).toEqual([false, false])
  })

  it('have one exact form', () => {
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

  it('have no other form', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ minLength: 45, maxLength: 53 }), fc.string({ unit: 'binary', maxLength: 60 })), (text) => {
        expect(ids.parse(text) !== undefined).toBe(/^[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{32}$/.test(text) && text.length === 49)
      }),
    )
  })
})
