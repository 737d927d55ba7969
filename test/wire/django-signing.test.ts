import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase62, toBase62 } from '../../src/wire/base62.ts'
import { DjangoSigner, SIGNATURE_LENGTH, saltedHmac } from '../../src/wire/django-signing.ts'
import { SALT, vectors } from '../django/vectors.ts'

const MOST = 1 << 20
const signer = (...secrets: string[]): DjangoSigner => new DjangoSigner(secrets, SALT, MOST)
const ascii = fc.string({ unit: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)), maxLength: 300 })

describe('base 62', () => {
  it.each(vectors.base62)('$n is $s', ({ n, s }) => {
    expect([toBase62(n), fromBase62(s)]).toEqual([s, n])
  })

  it('comes back', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (number) => {
        expect(fromBase62(toBase62(number))).toBe(number)
      }),
    )
  })

  it.each(['', '-', ' 1', '1 ', '+1', '1.5', 'é', 'z'.repeat(16), 'z'.repeat(17)])('%j is none', (text) => {
    expect(fromBase62(text)).toBeUndefined()
  })
})

describe('what Django has signed', () => {
  it.each(vectors.session_data)('$id opens', ({ secret, encoded, json, time }) => {
    expect(signer(secret).unsign(encoded)).toEqual({ text: json, timestamp: time })
  })

  it.each(vectors.session_data)('$id is signed as Django does it', ({ secret, encoded, json, time, compressed }) => {
    const signed = signer(secret).sign(json, time)
    expect(signed.startsWith('.')).toBe(compressed)
    if (!compressed) expect(signed).toBe(encoded)
    expect(signer(secret).unsign(signed)).toEqual({ text: json, timestamp: time })
  })

  it.each(vectors.tampered.filter(({ kind }) => kind === 'db'))('$id is refused', ({ secret, value }) => {
    expect(signer(secret).unsign(value)).toBeUndefined()
  })

  it.each(vectors.legacy_pre31)('$id of before 3.1 is refused', ({ secret, value }) => {
    expect(signer(secret).unsign(value)).toBeUndefined()
  })

  it.each(vectors.secret_key_fallbacks)(
    'with the fallbacks $fallbacks it opens as Django has it',
    ({ secret, fallbacks, value, decoded }) => {
      const opened = signer(secret, ...fallbacks).unsign(value)
      expect(opened === undefined ? {} : JSON.parse(opened.text)).toEqual(decoded)
    },
  )

  it.each(vectors.auth_hash)('the hash of a login with "$password_field" and $secret', ({ secret, password_field, session_auth_hash }) => {
    expect(saltedHmac('django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash', secret, password_field)).toBe(session_auth_hash)
  })
})

describe('a signer', () => {
  it('opens what it has signed, whatever it is', () => {
    fc.assert(
      fc.property(ascii, fc.nat(2 ** 40), fc.string({ minLength: 1 }), (text, timestamp, secret) => {
        expect(signer(secret).unsign(signer(secret).sign(text, timestamp))).toEqual({ text, timestamp })
      }),
    )
  })

  it('refuses what was changed in one place, cut off or lengthened', () => {
    const value = signer('secret').sign('{"a":1}', 1_700_000_000)
    fc.assert(
      fc.property(fc.nat(value.length - 1), ascii, (at, text) => {
        const changed = value.slice(0, at) + text + value.slice(at + 1)
        if (changed !== value) expect(signer('secret').unsign(changed)).toBeUndefined()
        expect(signer('secret').unsign(value.slice(0, at))).toBeUndefined()
        if (text !== '') expect(signer('secret').unsign(value + text)).toBeUndefined()
      }),
    )
  })

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(signer('secret').unsign(text)).toBeUndefined()
      }),
    )
  })

  it('refuses what another salt or another key has signed', () => {
    const value = signer('secret').sign('{}', 1)
    expect([new DjangoSigner(['secret'], `${SALT}s`, MOST).unsign(value), signer('secre').unsign(value)]).toEqual([undefined, undefined])
  })

  it('refuses to inflate to more than it was told', () => {
    const bomb = new DjangoSigner(['secret'], SALT, MOST).sign('a'.repeat(MOST + 1), 1)
    expect(bomb.length).toBeLessThan(5000)
    expect(signer('secret').unsign(bomb)).toBeUndefined()
    expect(new DjangoSigner(['secret'], SALT, MOST + 1).unsign(bomb)?.text.length).toBe(MOST + 1)
  })

  it('ends with a signature of a fixed length', () => {
    expect(signer('secret').sign('{}', 1)).toMatch(new RegExp(`:[\\w-]{${SIGNATURE_LENGTH}}$`))
  })
})
