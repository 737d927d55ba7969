import * as crypto from 'node:crypto'
import { toBase64url } from '../../wire/base64url.ts'
import { ConfigError } from './errors.ts'
import { isBytes } from './realms.ts'

/** Returns `size` bytes from a cryptographically secure generator. */
export type Random = (size: number) => Uint8Array

/** Returns random text of this many characters of base64url, six bits each. */
export type RandomText = (length: number) => string

const POOL_BYTES = 3072

/**
 * Reads the generator of the system in large blocks, because a small read costs as much as a large
 * one.
 */
function systemRandomText(): RandomText {
  let pool = ''
  let used = 0
  return function randomText(length) {
    if (used + length > pool.length) {
      pool = crypto.randomBytes(POOL_BYTES).toString('base64url')
      used = 0
    }
    used += length
    return pool.slice(used - length, used)
  }
}

/**
 * Uses the generator of the option `random`, or else that of the system. Throws `ConfigError` when
 * it returns something other than the bytes it was asked for, or the same bytes twice, because a
 * request must fail rather than get a weak id.
 */
export function randomTextFrom(random: Random | undefined): RandomText {
  if (random === undefined) return systemRandomText()
  const randomText = (length: number): string => {
    const size = Math.ceil((length * 3) / 4)
    const bytes = random(size)
    if (!isBytes(bytes) || bytes.length !== size) throw invalidGenerator(`random(${size}) did not return ${size} bytes`)
    return toBase64url(String.fromCharCode(...bytes)).slice(0, length)
  }
  const [first, second] = [randomText(32), randomText(32)]
  if (first === second) throw invalidGenerator('random() returned the same bytes twice')
  return randomText
}

function invalidGenerator(problem: string): ConfigError {
  return new ConfigError(`Option \`random\`: ${problem}. Pass a cryptographically secure generator, or remove the option.`)
}
