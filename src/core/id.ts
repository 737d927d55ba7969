import * as crypto from 'node:crypto'

/**
 * The id of a session is `family.secret`. The family lives as long as the session and leads to its row; the secret proves that the
 * bearer may use it and is renewed whenever the id is. The store sees only hashes of both.
 */
export interface Identity {
  /** What the browser holds. */
  readonly id: string
  readonly family: string
  /** SHA-256 of the family (and of the scope, where there is one): where the entry is kept. */
  readonly key: string
  /** SHA-256 of the secret: what the entry must hold for this id to be the living one. */
  readonly proof: string
}

/** Bytes from a cryptographically secure generator. */
export type Random = (size: number) => Uint8Array

/** Random text of so many characters of base64url, six bits each. */
export type Draw = (length: number) => string

const FAMILY_LENGTH = 16
const SECRET_LENGTH = 32
const SHAPE = /^[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{32}$/

/** The identity in a text from outside, or `undefined` when it has not the shape of an id. Nothing is hashed before that is known. */
export function parseId(text: string, scope: string): Identity | undefined {
  if (text.length !== FAMILY_LENGTH + 1 + SECRET_LENGTH || !SHAPE.test(text)) return undefined
  return identity(scope, text.slice(0, FAMILY_LENGTH), text.slice(FAMILY_LENGTH + 1))
}

/** A new session's identity. */
export function newIdentity(draw: Draw, scope: string): Identity {
  return identity(scope, draw(FAMILY_LENGTH), draw(SECRET_LENGTH))
}

/** The same session under a new secret. */
export function renew(before: Identity, draw: Draw): Identity {
  const secret = draw(SECRET_LENGTH)
  return { ...before, id: `${before.family}.${secret}`, proof: sha256(secret) }
}

/** Compares proofs in a time that tells nothing about where they differ. */
export function sameProof(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let index = 0; index < b.length; index++) difference |= a.charCodeAt(index) ^ b.charCodeAt(index)
  return difference === 0
}

const POOL_BYTES = 3072

/** Draws from the system's generator, in large portions: small ones cost as much. */
export function systemDraw(): Draw {
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
export function drawFrom(random: Random): Draw {
  const draw = (length: number): string => {
    const size = Math.ceil((length * 3) / 4)
    const bytes = random(size)
    if (!(bytes instanceof Uint8Array) || bytes.length !== size) throw new RangeError(`random(${size}) has to return ${size} bytes`)
    return btoa(String.fromCharCode(...bytes))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .slice(0, length)
  }
  const [first, second] = [draw(SECRET_LENGTH), draw(SECRET_LENGTH)]
  if (first === second) throw new RangeError('random() has returned the same bytes twice')
  return draw
}

function identity(scope: string, family: string, secret: string): Identity {
  return { id: `${family}.${secret}`, family, key: sha256(scope + family), proof: sha256(secret) }
}

const sha256 = crypto.hash === undefined ? hashed : (value: string): string => crypto.hash('sha256', value, 'base64url')

function hashed(value: string): string {
  return crypto.createHash('sha256').update(value).digest('base64url')
}
