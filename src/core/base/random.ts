import * as crypto from 'node:crypto'
import { toBase64url } from '../../wire/base64url.ts'

/** Bytes from a cryptographically secure generator. */
export type Random = (size: number) => Uint8Array

/** Random text of so many characters of base64url, six bits each. */
export type RandomText = (length: number) => string

const POOL_BYTES = 3072
const LONG = 32

/** Draws from the system's generator, in large portions: small ones cost as much. */
export function systemRandomText(): RandomText {
  let pool = ''
  let used = 0
  return function draw(length) {
    if (used + length > pool.length) {
      pool = crypto.randomBytes(POOL_BYTES).toString('base64url')
      used = 0
    }
    used += length
    return pool.slice(used - length, used)
  }
}

/** Draws from a given generator. Throws when it gives anything but what it was asked for, or the same twice: no id is better than a weak one. */
export function randomTextFrom(random: Random): RandomText {
  const draw = (length: number): string => {
    const size = Math.ceil((length * 3) / 4)
    const bytes = random(size)
    if (!(bytes instanceof Uint8Array) || bytes.length !== size) throw new RangeError(`random(${size}) has to return ${size} bytes`)
    return toBase64url(String.fromCharCode(...bytes)).slice(0, length)
  }
  const [first, second] = [draw(LONG), draw(LONG)]
  if (first === second) throw new RangeError('random() has returned the same bytes twice')
  return draw
}
