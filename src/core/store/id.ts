import * as crypto from 'node:crypto'
import { constantTimeEqual } from '../../wire/constant-time-equal.ts'
import type { RandomText } from '../base/random.ts'
import type { Entry, Written } from './entry.ts'

/**
 * The id of a session is `family.secret`. The family lives as long as the session and leads to its row; the secret proves that the
 * bearer may use it and is renewed whenever the id is. The store sees only hashes of both.
 */
export interface Identity {
  /** What the browser holds. */
  readonly id: string
  /** What the store is asked by. SHA-256 of the family (and of the scope, where there is one); where the token is the data, the token. */
  readonly key: string
  /** Names the session; constant for its life, and safe to show and to log. Where the key is no secret it is the key. */
  readonly handle: string
  /** What the entry must hold for this id to be the living one: SHA-256 of the secret. */
  readonly proof: string
}

/** How ids are made, and how what the browser holds leads to a row. */
export interface Ids {
  /** The identity in a text from outside, or `undefined` when it has not the shape of an id. Never throws. */
  parse(text: string): Identity | undefined
  /**
   * The entry that an id brings along itself, in the place of `load`: `undefined` when it is expired. Only where no store has to be asked.
   * Such a session is opened when its request first looks at it. Never throws.
   */
  decode?(identity: Identity, now: number): Entry | undefined
  /** A new session's identity. */
  create(): Identity
  /** The same session under a new id. */
  renew(before: Identity): Identity
  /** Whether this is the living id of the entry: a session can have had others before. */
  isCurrent(identity: Identity, entry: Entry): boolean
}

const FAMILY_LENGTH = 16
const SECRET_LENGTH = 32
const SHAPE = /^[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{32}$/

/** Ids of 192 random bits behind a family. `scope` tells apart the rows of managers that share a table (see `scopeOf`). */
export function hashedIds(draw: RandomText, scope: string): Ids {
  const identity = (family: string, secret: string): Identity => {
    const key = sha256(scope + family)
    return { id: `${family}.${secret}`, key, handle: key, proof: sha256(secret) }
  }
  return {
    parse(text) {
      // Nothing is hashed before the shape is known.
      if (text.length !== FAMILY_LENGTH + 1 + SECRET_LENGTH || !SHAPE.test(text)) return undefined
      return identity(text.slice(0, FAMILY_LENGTH), text.slice(FAMILY_LENGTH + 1))
    },
    create: () => identity(draw(FAMILY_LENGTH), draw(SECRET_LENGTH)),
    renew(before) {
      const secret = draw(SECRET_LENGTH)
      return { ...before, id: before.id.slice(0, FAMILY_LENGTH + 1) + secret, proof: sha256(secret) }
    },
    isCurrent: (identity, { proof }) => constantTimeEqual(proof, identity.proof),
  }
}

/** The identity under which a write left the session: another one only where the store answered with a token. */
export function issued(identity: Identity, { token }: Written): Identity {
  return token === undefined ? identity : { ...identity, id: token, key: token }
}

/** SHA-256 of a text, in base64url. */
export const sha256: (text: string) => string =
  crypto.hash === undefined ? hashed : (value: string): string => crypto.hash('sha256', value, 'base64url')

function hashed(value: string): string {
  return crypto.createHash('sha256').update(value).digest('base64url')
}
