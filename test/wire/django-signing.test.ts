import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromBase62, toBase62 } from '../../src/wire/base62.ts'
import { DjangoSigner, SIGNATURE_LENGTH, saltedHmac } from '../../src/wire/django-signing.ts'
import { SALT, vectors } from '../django/vectors.ts'

const MAX_SIZE = 1 << 20
const signer = (...secrets: string[]): DjangoSigner => new DjangoSigner(secrets, SALT, MAX_SIZE)
const ascii = fc.string({ unit: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCharCode(code)), maxLength: 300 })

describe('base 62', () => {
  it.each(vectors.base62)('$n is $s', ({ n, s }) => {
    expect([toBase62(n), fromBase62(s)]).toEqual([s, n])
  })

  it('is reversible', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (number) => {
        expect(fromBase62(toBase62(number))).toBe(number)
      }),
    )
  })

  it.each(['', '-', ' 1', '1 ', '+1', '1.5', 'é', 'z'.repeat(16), 'z'.repeat(17)])('rejects %j', (text) => {
    expect(fromBase62(text)).toBeUndefined()
  })
})

describe('signatures of Django', () => {
  it.each(vectors.session_data)('$id is verified', ({ secret, encoded, json, time }) => {
    expect(signer(secret).unsign(encoded)).toEqual({ text: json, timestamp: time })
  })

  it.each(vectors.session_data)('$id is signed as Django signs it', ({ secret, encoded, json, time, compressed }) => {
    const signed = signer(secret).sign(json, time)
    expect(signed.startsWith('.')).toBe(compressed)
    if (!compressed) expect(signed).toBe(encoded)
    expect(signer(secret).unsign(signed)).toEqual({ text: json, timestamp: time })
  })

  it.each(vectors.tampered.filter(({ kind }) => kind === 'db'))('$id is rejected', ({ secret, value }) => {
    expect(signer(secret).unsign(value)).toBeUndefined()
  })

  it.each(vectors.legacy_pre31)('$id from before 3.1 is rejected', ({ secret, value }) => {
    expect(signer(secret).unsign(value)).toBeUndefined()
  })

  it.each(vectors.secret_key_fallbacks)(
    'opens the same values as Django with the fallbacks $fallbacks',
    ({ secret, fallbacks, value, decoded }) => {
      const opened = signer(secret, ...fallbacks).unsign(value)
      expect(opened === undefined ? {} : JSON.parse(opened.text)).toEqual(decoded)
    },
  )

  it.each(vectors.auth_hash)(
    'returns the login hash of "$password_field" with $secret',
    ({ secret, password_field, session_auth_hash }) => {
      expect(saltedHmac('django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash', secret, password_field, 'sha256')).toBe(
        session_auth_hash,
      )
    },
  )
})

describe('DjangoSigner', () => {
  it('opens everything it has signed', () => {
    fc.assert(
      fc.property(ascii, fc.nat(2 ** 40), fc.string({ minLength: 1 }), (text, timestamp, secret) => {
        expect(signer(secret).unsign(signer(secret).sign(text, timestamp))).toEqual({ text, timestamp })
      }),
    )
  })

  it('rejects a value that was changed, truncated or extended', () => {
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

  it('never throws, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(signer('secret').unsign(text)).toBeUndefined()
      }),
    )
  })

  it('rejects a value signed with another salt or key', () => {
    const value = signer('secret').sign('{}', 1)
    expect([new DjangoSigner(['secret'], `${SALT}s`, MAX_SIZE).unsign(value), signer('secre').unsign(value)]).toEqual([
      undefined,
      undefined,
    ])
  })

  it('rejects a value that inflates beyond the limit', () => {
    const bomb = new DjangoSigner(['secret'], SALT, MAX_SIZE).sign('a'.repeat(MAX_SIZE + 1), 1)
    expect(bomb.length).toBeLessThan(5000)
    expect(signer('secret').unsign(bomb)).toBeUndefined()
    expect(new DjangoSigner(['secret'], SALT, MAX_SIZE + 1).unsign(bomb)?.text.length).toBe(MAX_SIZE + 1)
  })

  it('ends with a signature of a fixed length', () => {
    expect(signer('secret').sign('{}', 1)).toMatch(new RegExp(`:[\\w-]{${SIGNATURE_LENGTH}}$`))
  })
})
