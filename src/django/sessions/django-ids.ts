import type { RandomText } from '../../core/base/random.ts'
import { type Identity, type Ids, sha256 } from '../../core/store/id.ts'
import { constantTimeEqual } from '../../wire/constant-time-equal.ts'

const LENGTH = 32
const SHAPE = /^[a-z0-9]{32}$/
/** Characters of base64url, six bits each: enough that what is left over by the division is nothing. */
const DRAWN = 43
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Whether a text has the shape of a key. */
export function isDjangoKey(text: string): boolean {
  return SHAPE.test(text)
}

/** Django's session keys: 32 small letters and digits, which the browser holds and the table too. */
export function djangoIds(draw: RandomText): Ids {
  const identity = (key: string): Identity => ({ id: key, key, handle: sha256(key), proof: key })
  const create = (): Identity => identity(keyFrom(draw(DRAWN)))
  return {
    parse: (text) => (isDjangoKey(text) ? identity(text) : undefined),
    create,
    renew: create,
    isCurrent: ({ proof }, entry) => constantTimeEqual(proof, entry.proof),
  }
}

function keyFrom(drawn: string): string {
  let number = 0n
  for (const character of drawn) number = number * 64n + BigInt(ALPHABET.indexOf(character))
  return (number % 36n ** BigInt(LENGTH)).toString(36).padStart(LENGTH, '0')
}
