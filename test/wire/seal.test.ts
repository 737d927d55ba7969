import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSealer, deriveSealingKeys, type Sealer } from '../../src/wire/seal.ts'

const USE = 'sid /  '
const sealOf = (secrets: readonly string[] = ['first secret'], use = USE, purpose = 'purpose'): Sealer =>
  createSealer(deriveSealingKeys(secrets, purpose), use)
const seal = sealOf()
const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.constantFrom('', '\ufeffmark', 'a'.repeat(5000), '{"a":1}'))

/** Yields every text with one bit of one character flipped. */
function* flipped(sealed: string): Generator<string> {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  for (let at = 0; at < sealed.length; at += 1) {
    const value = alphabet.indexOf(sealed[at] ?? '')
    for (let bit = 1; bit < 64; bit *= 2) yield sealed.slice(0, at) + alphabet[value ^ bit] + sealed.slice(at + 1)
  }
}

describe('a seal', () => {
  it.each([false, true])('restores every text (compressed: %s)', (compressed) => {
    fc.assert(
      fc.property(text, (given) => {
        const sealed = seal.seal(given, compressed)
        expect(sealed).toMatch(/^[\w-]+$/)
        expect(seal.unseal(sealed)).toBe(given)
      }),
    )
  })

  it('returns another text each time, without the plain text', () => {
    const many = Array.from({ length: 200 }, () => seal.seal('hidden text', false))
    expect(new Set(many).size).toBe(200)
    for (const each of many)
      expect(
        atob(
          each
            .slice(1, 1 + 4 * 12)
            .replaceAll('-', '+')
            .replaceAll('_', '/'),
        ),
      ).not.toContain('hidden')
  })

  it.each([false, true])('rejects a text with a flipped bit, a missing, doubled or truncated character (compressed: %s)', (compressed) => {
    const sealed = seal.seal('{"cart":["bread","bread","bread"]}', compressed)
    for (const other of flipped(sealed)) expect(seal.unseal(other), other).toBeUndefined()
    for (let at = 0; at < sealed.length; at += 1) {
      expect(seal.unseal(sealed.slice(0, at)), `cut at ${at}`).toBeUndefined()
      expect(seal.unseal(sealed.slice(0, at) + sealed.slice(at + 1)), `without ${at}`).toBeUndefined()
      expect(seal.unseal(sealed.slice(0, at) + sealed[at] + sealed.slice(at)), `twice ${at}`).toBeUndefined()
    }
  })

  it('has one spelling at every length', () => {
    for (let length = 0; length < 8; length += 1) {
      const sealed = seal.seal('x'.repeat(length), false)
      expect(seal.unseal(sealed)).toBe('x'.repeat(length))
      for (const other of flipped(sealed)) expect(seal.unseal(other), other).toBeUndefined()
    }
  })

  it('rejects a combination of two texts', () => {
    const [one, other] = [seal.seal('a'.repeat(100), false), seal.seal('b'.repeat(100), false)]
    for (let at = 17; at < one.length - 8; at += 1)
      expect(seal.unseal(one.slice(0, at) + other.slice(at)), `spliced at ${at}`).toBeUndefined()
  })

  it('rejects texts of another secret, purpose or use', () => {
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

  it('separates use and version', () => {
    const shifted = [sealOf(['s'], 'ab'), sealOf(['s'], 'a'), sealOf(['s'], 'b'), sealOf(['s'], '1a'), sealOf(['s'], '","ab')]
    const sealed = shifted.map((each) => each.seal('x', false))
    for (const [index, each] of shifted.entries())
      expect(sealed.map((one) => each.unseal(one) !== undefined)).toEqual(shifted.map((_, other) => other === index))
  })

  it('seals with the first secret and opens with all of them', () => {
    const [before, rotating, after] = [sealOf(['old']), sealOf(['new', 'old']), sealOf(['new'])]
    expect(rotating.unseal(before.seal('x', false))).toBe('x')
    expect(after.unseal(rotating.seal('x', false))).toBe('x')
    expect(before.unseal(rotating.seal('x', false))).toBeUndefined()
  })

  it('limits the size of the decompressed text', () => {
    const sealed = seal.seal('0'.repeat(1 << 20), true)
    expect(sealed.length).toBeGreaterThan(1 << 20) // not compressed above the limit
    expect(seal.unseal(seal.seal('0'.repeat(1 << 18), true))).toBe('0'.repeat(1 << 18))
    expect(seal.seal('0'.repeat(1 << 18), true).length).toBeLessThan(1000)
  })

  it('returns undefined and never throws, for any text', () => {
    const base64 = fc.stringMatching(/^[12][\w-]{0,200}$/)
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), base64), (given) => {
        expect(seal.unseal(given)).toBeUndefined()
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['an empty text', ''],
    ['v1....', 'v1....'],
    ['a version alone', '1'],
    ['another version', `3${seal.seal('x', false).slice(1)}`],
    ['the version of a compressed text', `2${seal.seal('x', false).slice(1)}`],
    ['standard base64', seal.seal('>>>???>>>???', false).replaceAll('-', '+').replaceAll('_', '/').padEnd(100, '=')],
    ['plain base64 JSON', btoa('{"admin":true}')],
    ['a JWT without algorithm', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.'],
    ['all zero', `1${'A'.repeat(200)}`],
    ['a long one', `1${'A'.repeat(200_000)}`],
    ['a trailing newline', `${seal.seal('x', false)}\n`],
    ['a leading blank', ` ${seal.seal('x', false)}`],
    ['lone surrogates', `1${'\ud800'.repeat(60)}`],
  ])('rejects %s', (_, given) => {
    expect(seal.unseal(given)).toBeUndefined()
  })
})
