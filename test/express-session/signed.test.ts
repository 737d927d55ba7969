import { createSecretKey } from 'node:crypto'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sign, unsign } from '../../src/express-session/cookie/signed.ts'

/** The package with which express-session signs. */
const signature = createRequire(createRequire(import.meta.url).resolve('express-session'))('cookie-signature') as {
  sign(token: string, secret: string): string
}

const secret = fc.string({ minLength: 1 })

it('signs as cookie-signature does, and verifies what it signed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), secret, (token, key) => {
      expect(sign(token, key)).toBe(`s:${signature.sign(token, key)}`)
      expect(unsign(`s:${signature.sign(token, key)}`, [key])).toBe(token)
    }),
  )
})

it('accepts every secret of the ring, and no other', () => {
  const text = sign('token', 'old')
  expect(unsign(text, ['new', 'old'])).toBe('token')
  expect(unsign(text, ['new'])).toBeUndefined()
})

it('accepts keys and bytes', () => {
  const bytes = Buffer.from('secret')
  expect(unsign(sign('token', bytes), [createSecretKey(bytes)])).toBe('token')
})

it('refuses every text with another signature, without an error', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(unsign(text, ['secret'])).toBeUndefined()
      expect(unsign(`s:${text}`, ['secret'])).toBeUndefined()
      expect(unsign(`s:token.${text}`, ['secret'])).toBeUndefined()
    }),
  )
})
