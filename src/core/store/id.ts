import * as crypto from 'node:crypto'
import { constantTimeEqual } from '../../wire/constant-time-equal.ts'
import type { RandomText } from '../base/random.ts'
import type { Entry, Written } from './entry.ts'

/**
 * The identity of a session. Its id is `family.secret`. The family is constant for the life of the
 * session and leads to its row. The secret proves that the client may use the session, and is
 * replaced when the id is renewed. The store contains only hashes of both.
 */
export interface Identity {
  /** The text in the browser, a secret. */
  readonly id: string
  /**
   * The key of the row: SHA-256 of the scope and the family. With the capability `renames` it is
   * the id, and with `carriesData` the token.
   */
  readonly key: string
  /**
   * Names the session; constant for its life, and safe to show and to log. Equal to the key, unless
   * the key is a secret.
   */
  readonly handle: string
  /** SHA-256 of the secret. The entry has the same text when this id is the current one. */
  readonly proof: string
}

/** Creates ids, and finds the row that a text from the browser leads to. */
export interface Ids {
  /**
   * The identity in a text from a client; `undefined` if the text does not have the form of an id.
   * Never throws.
   */
  parse(text: string): Identity | undefined
  /**
   * The entry that an id itself contains, instead of `load`; `undefined` if it is expired. Only for
   * tokens that contain the data. Called when the request first uses its session. Never throws.
   */
  decode?(identity: Identity, now: number): Entry | undefined
  /** The identity of a new session. */
  create(): Identity
  /** The same session with a new id. */
  renew(before: Identity): Identity
  /** Whether this is the current id of the entry. A session may have had others before. */
  isCurrent(identity: Identity, entry: Entry): boolean
}

export const FAMILY_LENGTH = 16
export const SECRET_LENGTH = 32
const SHAPE = /^[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{32}$/

/**
 * Ids with a secret of 192 random bits. Ids of one `scope` are not valid in another (see
 * `scopeOf`).
 */
export function hashedIds(randomText: RandomText, scope: string): Ids {
  const identity = (family: string, secret: string): Identity => identityOf(scope, `${family}.${secret}`, family, secret)
  return {
    parse(text) {
      // The shape is checked before anything is hashed.
      if (text.length !== FAMILY_LENGTH + 1 + SECRET_LENGTH || !SHAPE.test(text)) return undefined
      return identity(text.slice(0, FAMILY_LENGTH), text.slice(FAMILY_LENGTH + 1))
    },
    create: () => identity(randomText(FAMILY_LENGTH), randomText(SECRET_LENGTH)),
    renew(before) {
      const secret = randomText(SECRET_LENGTH)
      return { ...before, id: before.id.slice(0, FAMILY_LENGTH + 1) + secret, proof: sha256(secret) }
    },
    isCurrent,
  }
}

/** The identity of an id with this family and secret. */
export function identityOf(scope: string, id: string, family: string, secret: string): Identity {
  const key = sha256(scope + family)
  return { id, key, handle: key, proof: sha256(secret) }
}

/** Whether the id has the proof of the entry. */
export function isCurrent(identity: Identity, { proof }: Entry): boolean {
  return constantTimeEqual(proof, identity.proof)
}

/** The identity of a session after a write: a new one if the store returned a token. */
export function issued(identity: Identity, { token }: Written): Identity {
  return token === undefined ? identity : { ...identity, id: token, key: token }
}

/** SHA-256 of a text, in base64url. Some runtimes have no `crypto.hash`. */
export const sha256: (text: string) => string =
  crypto.hash === undefined
    ? (text) => crypto.createHash('sha256').update(text).digest('base64url')
    : (text) => crypto.hash('sha256', text, 'base64url')
