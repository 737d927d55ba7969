import { createCipheriv, type KeyObject, randomBytes } from 'node:crypto'
import { deflateRawSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSessions } from '../../../src/index.ts'
import { formatEnvelope, parseEnvelope } from '../../../src/stores/cookie/cookie-envelope.ts'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { createSealer, deriveSealingKeys } from '../../../src/wire/seal.ts'
import { DAY, HOUR, MINUTE, START } from '../../core/fixture.ts'
import { incoming } from '../../helpers/incoming.ts'
import { SECRET } from './cookie-secret.ts'

const entry = {
  payload: '{}',
  proof: 'p',
  idAt: START,
  version: 'v',
  commits: '',
  createdAt: START,
  seenAt: START,
  expiresAt: START + HOUR,
}

describe('the envelope of a token', () => {
  it('parses to what was formatted', () => {
    const text = fc.string({ unit: 'grapheme' })
    const timestamp = fc.integer({ min: 0, max: 8_640_000_000_000_000 })
    const some = fc.record(
      {
        payload: text,
        proof: text,
        idAt: timestamp,
        version: text,
        commits: text,
        userId: text,
        createdAt: timestamp,
        seenAt: timestamp,
        expiresAt: timestamp,
      },
      { requiredKeys: ['payload', 'proof', 'idAt', 'version', 'commits', 'createdAt', 'seenAt', 'expiresAt'] },
    )
    fc.assert(
      fc.property(text, some, (family, each) => {
        expect(parseEnvelope(formatEnvelope({ family, entry: each }))).toEqual({ family, entry: each })
      }),
    )
  })

  it('does not parse from other texts', () => {
    const line = fc.json().map((json) => `${json}\n{}`)
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), line), (text) => {
        expect(parseEnvelope(text)).toBeUndefined()
      }),
    )
  })
})

/**
 * Cookies that were sealed with the right secret for the right manager, but not by this package.
 */
describe('a manager', () => {
  const PURPOSE = 'sojourn: a session in a cookie'
  const keys = deriveSealingKeys([SECRET], PURPOSE)
  const seal = createSealer(keys, '')
  const sealedBytes = (version: string, bytes: Uint8Array): string => {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', keys[0] as KeyObject, nonce).setAAD(Buffer.from(JSON.stringify([version, ''])))
    const sealed = Buffer.concat([cipher.update(bytes), cipher.final()])
    return version + Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url')
  }
  const envelope = (changes: object = {}, family: unknown = 'f'.repeat(16)): string => {
    const { payload, ...rest } = { ...entry, ...changes }
    return `${JSON.stringify([family, rest]).replace('"1e400"', '1e400')}\n${payload}`
  }
  const sessions = createSessions<Record<string, unknown>>({
    store: new CookieStore({ secrets: SECRET, maxSize: 12_288 }),
    clock: () => START,
  })
  const reads = async (token: string) => {
    const session = await sessions.open(incoming(`__Host-sid=${token}`))
    return session.toObject()
  }

  it('reads what it seals', async () => {
    const [text, payload] = [envelope({ payload: '{"a":1}' }), Buffer.from(envelope({ payload: '{"a":1}' }))]
    for (const token of [
      seal.seal(text, false),
      seal.seal(text, true),
      sealedBytes('1', payload),
      sealedBytes('2', deflateRawSync(payload)),
    ])
      expect(await reads(token)).toEqual({ a: 1 })
  })

  it.each<[string, string]>([
    ['null', seal.seal('null', false)],
    ['a number', seal.seal('5\n{}', false)],
    ['nothing', seal.seal('', false)],
    ['an object', seal.seal('{"__proto__":{"admin":true}}\n{}', false)],
    ['an entry without timestamps', seal.seal(envelope({ expiresAt: undefined }), false)],
    ['an infinite expiry', seal.seal(envelope({ expiresAt: '1e400' }), false)],
    ['a proof that is not a text', seal.seal(envelope({ proof: 1 }), false)],
    ['a user that is not a text', seal.seal(envelope({ userId: { admin: true } }), false)],
    ['a family that is not a text', seal.seal(envelope({}, 7), false)],
    ['an invalid payload', seal.seal(envelope({ payload: 'null' }), false)],
    ['bytes that are not UTF-8', sealedBytes('1', Buffer.from([0xff, 0xfe, 0x0a, 0xc0]))],
    ['gzip', sealedBytes('2', gzipSync(envelope()))],
    ['bytes that do not inflate', sealedBytes('2', Buffer.from('not deflated'))],
    ['1 MiB of zeros, compressed', sealedBytes('2', deflateRawSync(Buffer.alloc(1 << 20)))],
    ['an expired session', seal.seal(envelope({ payload: '{"a":1}', expiresAt: START }), false)],
    ['a session older than `absolute`', seal.seal(envelope({ payload: '{"a":1}', createdAt: START - 30 * DAY }), false)],
    ['a session that was written in the future', seal.seal(envelope({ payload: '{"a":1}', seenAt: START + MINUTE + 1 }), false)],
    ['a token longer than the maximum', `1${'A'.repeat(20_000)}`],
  ])('does not accept as a session: %s', async (_, token) => {
    expect(await reads(token)).toEqual({})
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it('accepts a token that a clock slightly ahead has written', async () => {
    expect(await reads(seal.seal(envelope({ payload: '{"a":1}', seenAt: START + MINUTE }), false))).toEqual({ a: 1 })
  })
})
