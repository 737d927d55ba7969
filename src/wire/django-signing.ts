import { createHash, createHmac } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'
import { fromBase62, toBase62 } from './base62.ts'
import { fromBase64url, toBase64url } from './base64url.ts'
import { sameSecret } from './same-secret.ts'

/** What a value of `django.core.signing` holds. */
export interface Signed {
  /** The text that was signed; a character for every byte. */
  readonly text: string
  /** When it was signed: epoch seconds. */
  readonly at: number
}

/** Every signature has so many characters: SHA-256 in base64url. */
export const SIGNATURE_LENGTH = 43

/**
 * Django's `signing.dumps` and `loads` of one purpose (its salt), with the texts in the place of the values: the first key signs, all are
 * believed. Compressed where that is shorter.
 */
export class DjangoSigner {
  readonly #keys: readonly Uint8Array[]
  readonly #most: number

  /** `most`: how many bytes a compressed value may turn out to hold. */
  constructor(secretKeys: readonly string[], salt: string, most: number) {
    this.#keys = secretKeys.map((secret) => hmacKey(`${salt}signer`, secret))
    this.#most = most
  }

  /** The signed value of an ASCII text. */
  sign(text: string, at: number): string {
    const value = `${packed(text)}:${toBase62(at)}`
    return `${value}:${hmac(this.#keys[0] as Uint8Array, value).toString('base64url')}`
  }

  /** What a value holds; `undefined` when no key of ours has signed it, or it cannot be unpacked. Never throws. */
  open(signed: string): Signed | undefined {
    const value = signed.slice(0, -SIGNATURE_LENGTH - 1)
    const stamp = value.lastIndexOf(':')
    if (signed[value.length] !== ':' || stamp === -1) return undefined
    const signature = signed.slice(value.length + 1)
    if (!this.#keys.some((key) => sameSecret(hmac(key, value).toString('base64url'), signature))) return undefined
    const at = fromBase62(value.slice(stamp + 1))
    const text = at === undefined ? undefined : unpacked(value.slice(0, stamp), this.#most)
    return at === undefined || text === undefined ? undefined : { text, at }
  }
}

/** Django's `salted_hmac`, in hex. */
export function saltedHmac(salt: string, secretKey: string, value: string): string {
  return hmac(hmacKey(salt, secretKey), value).toString('hex')
}

function hmacKey(salt: string, secret: string): Uint8Array {
  return createHash('sha256')
    .update(salt + secret)
    .digest()
}

function hmac(key: Uint8Array, value: string): { toString(encoding: 'hex' | 'base64url'): string } {
  return createHmac('sha256', key).update(value).digest()
}

function packed(text: string): string {
  const deflated = deflateSync(text)
  return deflated.length < text.length - 1 ? `.${deflated.toString('base64url')}` : toBase64url(text)
}

/** Django reads the bytes of a payload as Latin-1, and so do we: what it writes is ASCII. */
function unpacked(payload: string, most: number): string | undefined {
  try {
    if (!payload.startsWith('.')) return fromBase64url(payload)
    const bytes = Uint8Array.from(fromBase64url(payload.slice(1)), (character) => character.charCodeAt(0))
    return inflateSync(bytes, { maxOutputLength: most }).toString('latin1')
  } catch {
    return undefined
  }
}
