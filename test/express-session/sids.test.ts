import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { randomTextFrom } from '../../src/core/base/random.ts'
import { aliasIds } from '../../src/core/store/alias-ids.ts'
import { checkGenerated } from '../../src/express-session/cookie/sids.ts'

const ids = aliasIds(randomTextFrom(undefined), 'scope ')

describe('a sid', () => {
  it('that this package made has 49 characters and begins with a tilde', () => {
    expect(ids.create().id).toMatch(/^~[\w-]{48}$/)
  })

  it('leads to the same identity when it is presented', () => {
    const identity = ids.create()
    expect(ids.parse(identity.id)).toEqual(identity)
  })

  it('of any text keeps its text, and two texts share no row', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1, unit: 'binary' }), { minLength: 2, maxLength: 2 }), (texts) => {
        const [one, two] = texts.map((text) => ids.parse(text))
        expect([one?.id, two?.id]).toEqual(texts)
        expect(one?.key).not.toBe(two?.key)
      }),
    )
  })

  it('with a long prefix in common with another has another row', () => {
    const [ada, eve] = ['1'.repeat(32), '2'.repeat(32)].map((digits) => ids.parse(`customer-portal-${digits}`))
    expect(ada?.key).not.toBe(eve?.key)
  })

  it('that begins with a tilde and has another length is mapped as any other text', () => {
    const made = ids.create().id
    expect(ids.parse(made.slice(0, -1))?.key).not.toBe(ids.parse(made)?.key)
  })

  it.each(['old-sid', undefined])('keeps its row when it is renewed (%s)', (text) => {
    const before = text === undefined ? ids.create() : ids.parse(text)
    const after = ids.renew(before as NonNullable<typeof before>)
    expect(after.key).toBe(before?.key)
    expect(after.proof).not.toBe(before?.proof)
    expect(ids.parse(after.id)?.proof).toBe(after.proof)
  })

  it('of another scope has another row', () => {
    expect(aliasIds(randomTextFrom(undefined), 'other ').parse('sid')?.key).not.toBe(ids.parse('sid')?.key)
  })

  it('cannot be empty', () => {
    expect(ids.parse('')).toBeUndefined()
  })
})

describe('a result of genid', () => {
  it.each([undefined, '', 7, '~x'])('%s is refused', (sid) => {
    expect(() => checkGenerated(sid)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
  })

  it('can be any other text', () => {
    expect(checkGenerated('user-7')).toBe('user-7')
  })
})
