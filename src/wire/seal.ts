import { Buffer } from 'node:buffer'
import * as crypto from 'node:crypto'
import * as zlib from 'node:zlib'

/** Turns texts into what only the holder of a key can read or make, and back. */
export interface Seal {
  /** The text as `A-Z a-z 0-9 - _`, differently every time. Squeezed first, if that makes it shorter. */
  close(text: string, squeeze: boolean): string
  /** The text, or `undefined` for whatever was not sealed with one of the keys for this very use. Never throws. */
  open(sealed: string): string | undefined
}

/**
 * `version`, one character, and behind it `nonce ciphertext tag` as one base64url without padding. The version says how the text is written
 * and is authenticated like all else.
 */
const PLAIN = '1'
const SQUEEZED = '2'
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** What a squeezed text unfolds to, at the most. */
const MOST_BYTES = 1 << 18
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * One key a secret, for one purpose: what is sealed for another does not open, though the secret be the same. Not bytes: of those every single
 * sealing would make a key anew, which costs more than all the rest.
 */
export function sealingKeys(secrets: readonly string[], purpose: string): readonly crypto.KeyObject[] {
  return secrets.map((secret) => crypto.createSecretKey(new Uint8Array(crypto.hkdfSync('sha256', secret, '', purpose, 32))))
}

/** AES-256-GCM: the first key seals, all of them open. What was sealed for another `use` does not open. */
export function makeSeal(keys: readonly crypto.KeyObject[], use: string): Seal {
  const bound = { [PLAIN]: bytesOf(JSON.stringify([PLAIN, use])), [SQUEEZED]: bytesOf(JSON.stringify([SQUEEZED, use])) }
  return {
    close(text, squeeze) {
      const squeezed = squeeze ? squeezedOf(text) : undefined
      const version = squeezed === undefined ? PLAIN : SQUEEZED
      const nonce = crypto.randomBytes(NONCE_BYTES)
      const cipher = crypto.createCipheriv('aes-256-gcm', keys[0] as crypto.KeyObject, nonce).setAAD(bound[version])
      const sealed = squeezed === undefined ? cipher.update(text, 'utf8') : cipher.update(squeezed)
      cipher.final()
      return version + Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url')
    },
    open(sealed) {
      const version = sealed[0]
      const bytes = version === PLAIN || version === SQUEEZED ? canonical(sealed.slice(1)) : undefined
      if (bytes === undefined || bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
      for (const key of keys) {
        const text = opened(key, bytes, bound[version as keyof typeof bound])
        if (text !== undefined) return decoded(text, version === SQUEEZED)
      }
      return undefined
    },
  }
}

/** The bytes of a text that is spelled as we would spell them: of every sealed text there is one. */
function canonical(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

function opened(key: crypto.KeyObject, sealed: Uint8Array, bound: Uint8Array): Uint8Array | undefined {
  try {
    const nonce = sealed.subarray(0, NONCE_BYTES)
    const decipher = crypto.createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(bound)
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    const text = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES))
    decipher.final()
    return text
  } catch {
    return undefined
  }
}

function squeezedOf(text: string): Uint8Array | undefined {
  const bytes = bytesOf(text)
  if (bytes.length > MOST_BYTES) return undefined
  const squeezed = zlib.deflateRawSync(bytes)
  return squeezed.length < bytes.length ? squeezed : undefined
}

function decoded(bytes: Uint8Array, isSqueezed: boolean): string | undefined {
  try {
    return UTF8.decode(isSqueezed ? zlib.inflateRawSync(bytes, { maxOutputLength: MOST_BYTES }) : bytes)
  } catch {
    return undefined
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
