import { createHash, createHmac } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'
import { fromBase62, toBase62 } from './base62.ts'
import { fromBase64url, toBase64url } from './base64url.ts'
import { constantTimeEqual } from './constant-time-equal.ts'

/** A verified value of `django.core.signing`. */
export interface SignedValue {
  /** The signed text, one character per byte. */
  readonly text: string
  /** When it was signed, in epoch seconds. */
  readonly timestamp: number
}

/** The length of every signature: SHA-256 in base64url. */
export const SIGNATURE_LENGTH = 43

/**
 * Django's `signing.dumps` and `signing.loads` for one salt, with texts instead of values. The
 * first key signs; every key verifies. A value is compressed if that makes it shorter.
 */
export class DjangoSigner {
  readonly #keys: readonly Uint8Array[]
  readonly #maxBytes: number

  /** `maxBytes` limits the size of a decompressed value. */
  constructor(secretKeys: readonly string[], salt: string, maxBytes: number) {
    this.#keys = secretKeys.map((secret) => deriveKey(`${salt}signer`, secret))
    this.#maxBytes = maxBytes
  }

  /** The signed value of an ASCII text. `timestamp` is in epoch seconds. */
  sign(text: string, timestamp: number): string {
    const value = `${encodePayload(text)}:${toBase62(timestamp)}`
    return `${value}:${hmac(this.#keys[0] as Uint8Array, value).toString('base64url')}`
  }

  /** Whether one of the keys signed this text. */
  isSigned(signed: string): boolean {
    const value = valueOf(signed)
    if (signed[value.length] !== ':') return false
    const signature = signed.slice(value.length + 1)
    return this.#keys.some((key) => constantTimeEqual(hmac(key, value).toString('base64url'), signature))
  }

  /**
   * The verified value, or `undefined` if no key matches or the payload is unreadable. Never
   * throws.
   */
  unsign(signed: string): SignedValue | undefined {
    const value = valueOf(signed)
    const separator = value.lastIndexOf(':')
    if (separator === -1 || !this.isSigned(signed)) return undefined
    const timestamp = fromBase62(value.slice(separator + 1))
    const text = timestamp === undefined ? undefined : decodePayload(value.slice(0, separator), this.#maxBytes)
    return timestamp === undefined || text === undefined ? undefined : { text, timestamp }
  }
}

/** The hash functions of `saltedHmac`. */
export type HmacAlgorithm = 'sha1' | 'sha256'

/**
 * Django's `salted_hmac(salt, value, secret, algorithm=…).hexdigest()`. The default algorithm is
 * Django's, SHA-1.
 *
 * ```ts
 * const hash = saltedHmac('accounts.session', SECRET_KEY, 'pbkdf2_sha256$…', 'sha256')
 * ```
 */
export function saltedHmac(salt: string, secretKey: string, value: string, algorithm: HmacAlgorithm = 'sha1'): string {
  return hmac(deriveKey(salt, secretKey, algorithm), value, algorithm).toString('hex')
}

/** The part of a signed text before its signature. */
function valueOf(signed: string): string {
  return signed.slice(0, -SIGNATURE_LENGTH - 1)
}

function deriveKey(salt: string, secret: string, algorithm: HmacAlgorithm = 'sha256'): Uint8Array {
  return createHash(algorithm)
    .update(salt + secret)
    .digest()
}

function hmac(key: Uint8Array, value: string, algorithm: HmacAlgorithm = 'sha256'): { toString(encoding: 'hex' | 'base64url'): string } {
  return createHmac(algorithm, key).update(value).digest()
}

function encodePayload(text: string): string {
  const deflated = deflateSync(text)
  return deflated.length < text.length - 1 ? `.${deflated.toString('base64url')}` : toBase64url(text)
}

/** Reads the bytes as Latin-1, as Django does; it writes ASCII. */
function decodePayload(payload: string, maxBytes: number): string | undefined {
  try {
    if (!payload.startsWith('.')) return fromBase64url(payload)
    const bytes = Uint8Array.from(fromBase64url(payload.slice(1)), (character) => character.charCodeAt(0))
    return inflateSync(bytes, { maxOutputLength: maxBytes }).toString('latin1')
  } catch {
    return undefined
  }
}
