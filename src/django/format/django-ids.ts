import type { RandomText } from '../../core/base/random.ts'
import { type Identity, type Ids, sha256 } from '../../core/store/id.ts'
import { constantTimeEqual } from '../../wire/constant-time-equal.ts'

/** The length of new keys, as in Django. */
const KEY_LENGTH = 32
/** The shortest key that Django accepts has 8 characters, and its column has room for 40. */
const KEY = /^[a-z0-9]{8,40}$/
/**
 * 43 characters of base64url are 258 random bits, a key has 165, so the modulo bias is below 2^-92.
 */
const RANDOM_LENGTH = 43
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Whether a text has the form of a session key. */
export function isDjangoKey(text: string): boolean {
  return KEY.test(text)
}

/**
 * Django's session keys: lower-case letters and digits, the same in the browser and in the table.
 */
export function djangoIds(randomText: RandomText): Ids {
  const identity = (key: string): Identity => ({ id: key, key, handle: sha256(key), proof: key })
  const create = (): Identity => identity(toKey(randomText(RANDOM_LENGTH)))
  return {
    parse: (text) => (isDjangoKey(text) ? identity(text) : undefined),
    create,
    renew: create,
    isCurrent: ({ proof }, entry) => constantTimeEqual(proof, entry.proof),
  }
}

function toKey(random: string): string {
  let number = 0n
  for (const character of random) number = number * 64n + BigInt(BASE64URL.indexOf(character))
  return (number % 36n ** BigInt(KEY_LENGTH)).toString(36).padStart(KEY_LENGTH, '0')
}
