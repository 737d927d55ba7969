import * as crypto from 'node:crypto'

/**
 * The id of a session is `family.secret`. The family lives as long as the session and leads to its row; the secret proves that the
 * bearer may use it and is renewed whenever the id is. The store sees only hashes of both.
 */
export interface Identity {
  /** What the browser holds. */
  readonly id: string
  readonly family: string
  /** SHA-256 of the family: where the entry is kept. */
  readonly key: string
  /** SHA-256 of the secret: what the entry must hold for this id to be the living one. */
  readonly proof: string
}

/** Bytes from a cryptographically secure generator. */
export type Random = (size: number) => Uint8Array

const FAMILY_BYTES = 12
const SECRET_BYTES = 24
const SHAPE = /^[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{32}$/
const FAMILY_LENGTH = 16

/** The identity in a text from outside, or `undefined` when it has not the shape of an id. Nothing is hashed before that is known. */
export function parseId(text: string): Identity | undefined {
  return text.length === FAMILY_LENGTH + 33 && SHAPE.test(text) ? identity(text.slice(0, FAMILY_LENGTH), text.slice(FAMILY_LENGTH + 1)) : undefined
}

/** A new session's identity. */
export function newIdentity(random: Random): Identity {
  return identity(text(random, FAMILY_BYTES), text(random, SECRET_BYTES))
}

/** The same session under a new secret. */
export function renew({ family }: Identity, random: Random): Identity {
  return identity(family, text(random, SECRET_BYTES))
}

/** Compares proofs in a time that tells nothing about them. */
export function sameProof(a: string, b: string): boolean {
  return a.length === b.length && crypto.timingSafeEqual(utf8.encode(a), utf8.encode(b))
}

const utf8 = new TextEncoder()

const POOL_SIZE = 4096

/** The default generator. Draws from the system in large portions, for small ones cost as much. */
export function systemRandom(): Random {
  let pool: Uint8Array = new Uint8Array(0)
  let used = 0
  return function random(size) {
    if (used + size > pool.length) {
      pool = new Uint8Array(crypto.randomBytes(POOL_SIZE))
      used = 0
    }
    const drawn = pool.slice(used, used + size)
    pool.fill(0, used, used + size)
    used += size
    return drawn
  }
}

/** Random bytes as base64url. Throws when the generator gives fewer than asked for: no id is better than a weak one. */
export function text(random: Random, size: number): string {
  const bytes = random(size)
  if (!(bytes instanceof Uint8Array) || bytes.length !== size) throw new RangeError(`random(${size}) has to return ${size} bytes`)
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function identity(family: string, secret: string): Identity {
  return { id: `${family}.${secret}`, family, key: sha256(family), proof: sha256(secret) }
}

const sha256 = crypto.hash === undefined ? hashed : (value: string): string => crypto.hash('sha256', value, 'base64url')

function hashed(value: string): string {
  return crypto.createHash('sha256').update(value).digest('base64url')
}
