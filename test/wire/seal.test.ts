import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSealer, deriveSealingKeys, type Sealer } from '../../src/wire/seal.ts'

const USE = 'sid /  '
const sealOf = (secrets: readonly string[] = ['first secret'], use = USE, purpose = 'purpose'): Sealer =>
  createSealer(deriveSealingKeys(secrets, purpose), use)
const seal = sealOf()
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.constantFrom('', '\ufeffmark', 'a'.repeat(5000), '{"a":1}'))

/** Every text that has another character in one place. */
function* flipped(sealed: string): Generator<string> {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  for (let at = 0; at < sealed.length; at += 1) {
    const value = alphabet.indexOf(sealed[at] ?? '')
    for (let bit = 1; bit < 64; bit *= 2) yield sealed.slice(0, at) + alphabet[value ^ bit] + sealed.slice(at + 1)
  }
}

describe('a seal', () => {
  it.each([false, true])('gives back every text (squeezed: %s)', (squeeze) => {
    fc.assert(
      fc.property(text, (given) => {
        const sealed = seal.seal(given, squeeze)
        expect(sealed).toMatch(/^[\w-]+$/)
        expect(seal.unseal(sealed)).toBe(given)
      }),
    )
  })

  it('never looks the same twice, and shows nothing of the text', () => {
    const many = Array.from({ length: 200 }, () => seal.seal('nobody reads this', false))
    expect(new Set(many).size).toBe(200)
    for (const each of many)
      expect(
        atob(
          each
            .slice(1, 1 + 4 * 12)
            .replaceAll('-', '+')
            .replaceAll('_', '/'),
        ),
      ).not.toContain('nobody')
  })

  it.each([false, true])('does not open with any bit flipped, any character gone or doubled, or cut off (squeezed: %s)', (squeeze) => {
    const sealed = seal.seal('{"cart":["bread","bread","bread"]}', squeeze)
    for (const other of flipped(sealed)) expect(seal.unseal(other), other).toBeUndefined()
    for (let at = 0; at < sealed.length; at += 1) {
      expect(seal.unseal(sealed.slice(0, at)), `cut at ${at}`).toBeUndefined()
      expect(seal.unseal(sealed.slice(0, at) + sealed.slice(at + 1)), `without ${at}`).toBeUndefined()
      expect(seal.unseal(sealed.slice(0, at) + sealed[at] + sealed.slice(at)), `twice ${at}`).toBeUndefined()
    }
  })

  it('of every length has one spelling', () => {
    for (let length = 0; length < 8; length += 1) {
      const sealed = seal.seal('x'.repeat(length), false)
      expect(seal.unseal(sealed)).toBe('x'.repeat(length))
      for (const other of flipped(sealed)) expect(seal.unseal(other), other).toBeUndefined()
    }
  })

  it('is not put together of two', () => {
    const [one, other] = [seal.seal('a'.repeat(100), false), seal.seal('b'.repeat(100), false)]
    for (let at = 17; at < one.length - 8; at += 1)
      expect(seal.unseal(one.slice(0, at) + other.slice(at)), `spliced at ${at}`).toBeUndefined()
  })

  it('does not open for another secret, purpose or use, however alike', () => {
    const sealed = seal.seal('secret', false)
    const others = [
      sealOf(['second secret']),
      sealOf(['first secret '], USE),
      sealOf(['first secret'], ''),
      sealOf(['first secret'], `${USE} `),
      sealOf(['first secret'], USE, 'purpos'),
      sealOf(['first secret'], USE, 'purpose '),
    ]
    for (const other of others) expect(other.unseal(sealed)).toBeUndefined()
  })

  it('tells use and version apart where both run into each other', () => {
    const shifted = [sealOf(['s'], 'ab'), sealOf(['s'], 'a'), sealOf(['s'], 'b'), sealOf(['s'], '1a'), sealOf(['s'], '","ab')]
    const sealed = shifted.map((each) => each.seal('x', false))
    for (const [index, each] of shifted.entries())
      expect(sealed.map((one) => each.unseal(one) !== undefined)).toEqual(shifted.map((_, other) => other === index))
  })

  it('the first secret seals, all of them open', () => {
    const [before, rotating, after] = [sealOf(['old']), sealOf(['new', 'old']), sealOf(['new'])]
    expect(rotating.unseal(before.seal('x', false))).toBe('x')
    expect(after.unseal(rotating.seal('x', false))).toBe('x')
    expect(before.unseal(rotating.seal('x', false))).toBeUndefined()
  })

  it('what unfolds to too much does not open, and is not made', () => {
    const sealed = seal.seal('0'.repeat(1 << 20), true)
    expect(sealed.length).toBeGreaterThan(1 << 20) // as it is, rather than squeezed
    expect(seal.unseal(seal.seal('0'.repeat(1 << 18), true))).toBe('0'.repeat(1 << 18))
    expect(seal.seal('0'.repeat(1 << 18), true).length).toBeLessThan(1000)
  })

  it('never throws, whatever it is given', () => {
    const base64 = fc.stringMatching(/^[12][\w-]{0,200}$/)
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), base64), (given) => {
        expect(seal.unseal(given)).toBeUndefined()
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['no version', ''],
    ['v1....', 'v1....'],
    ['a version alone', '1'],
    ['another version', `3${seal.seal('x', false).slice(1)}`],
    ['the version of a squeezed one', `2${seal.seal('x', false).slice(1)}`],
    ['standard base64', seal.seal('>>>???>>>???', false).replaceAll('-', '+').replaceAll('_', '/').padEnd(100, '=')],
    ['plain base64 JSON', btoa('{"admin":true}')],
    ['a JWT without algorithm', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'],
    ['all zero', `1${'A'.repeat(200)}`],
    ['a long one', `1${'A'.repeat(200_000)}`],
    ['a newline behind', `${seal.seal('x', false)}\n`],
    ['a blank in front', ` ${seal.seal('x', false)}`],
    ['lone surrogates', `1${'\ud800'.repeat(60)}`],
  ])('takes no %s', (_, given) => {
    expect(seal.unseal(given)).toBeUndefined()
  })
})
