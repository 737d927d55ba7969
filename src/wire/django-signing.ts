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

  /**
   * The verified value, or `undefined` if no key matches or the payload is unreadable. Never
   * throws.
   */
  unsign(signed: string): SignedValue | undefined {
    const value = signed.slice(0, -SIGNATURE_LENGTH - 1)
    const separator = value.lastIndexOf(':')
    if (signed[value.length] !== ':' || separator === -1) return undefined
    const signature = signed.slice(value.length + 1)
    if (!this.#keys.some((key) => constantTimeEqual(hmac(key, value).toString('base64url'), signature))) return undefined
    const timestamp = fromBase62(value.slice(separator + 1))
    const text = timestamp === undefined ? undefined : decodePayload(value.slice(0, separator), this.#maxBytes)
    return timestamp === undefined || text === undefined ? undefined : { text, timestamp }
  }
}

/** Django's `salted_hmac`, in hex. */
export function saltedHmac(salt: string, secretKey: string, value: string): string {
  return hmac(deriveKey(salt, secretKey), value).toString('hex')
}

function deriveKey(salt: string, secret: string): Uint8Array {
  return createHash('sha256')
    .update(salt + secret)
    .digest()
}

function hmac(key: Uint8Array, value: string): { toString(encoding: 'hex' | 'base64url'): string } {
  return createHmac('sha256', key).update(value).digest()
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
