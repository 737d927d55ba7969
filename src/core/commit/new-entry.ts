import { CodecError, SessionEndedError } from '../base/errors.ts'
import { userOf } from '../changes/intent.ts'
import type { Merged } from '../changes/merge.ts'
import type { Engine } from '../config/engine.ts'
import type { Texts } from '../config/profile.ts'
import { userIndex } from '../config/realm.ts'
import type { Entry } from '../store/store.ts'
import type { Receipts } from './receipts.ts'

export type EntryContext = Pick<Engine, 'profile' | 'lifetime' | 'parse' | 'values' | 'now' | 'capabilities' | 'maxSize' | 'realm'> & {
  readonly receipts: Receipts
}

/** The newest id of a session: its proof, and when it was created. */
export type NewestId = Pick<Entry, 'proof' | 'idAt'>

/**
 * Returns the entry for a merged state. `before` is the entry that it replaces, if there is one. It
 * is not created before `createdFrom`. Its expiry is computed from the state. Throws `CodecError`
 * when the session is too large, and `SessionEndedError` when its expiry has passed.
 */
export function newEntry(
  context: EntryContext,
  merged: Merged,
  ids: NewestId,
  nonce: string,
  { before, createdFrom }: { readonly before?: Entry; readonly createdFrom?: number | undefined } = {},
): Entry {
  const { profile, capabilities, receipts } = context
  const now = context.now()
  const payload = encode(context, merged.texts)
  const start = before === undefined || merged.loggedIn || merged.confirmed !== undefined ? now : before.createdAt
  const createdAt = Math.max(start, createdFrom ?? start)
  const userId = userOf(merged.texts, context)
  const expiresAt = profile.expiryOf(merged.texts, createdAt, now, context)
  if (expiresAt <= now) throw new SessionEndedError('ended')
  return {
    payload,
    proof: ids.proof,
    idAt: ids.idAt,
    version: nonce,
    commits: capabilities.compareAndSwap ? receipts.add(before?.commits ?? '', nonce) : '',
    ...(userId === undefined ? {} : { userId: userIndex(userId, context.realm) }),
    createdAt,
    seenAt: now,
    expiresAt,
  }
}

function encode({ values, maxSize }: Pick<Engine, 'values' | 'maxSize'>, texts: Texts): string {
  const payload = values.encode(texts)
  // A UTF-16 unit takes at most three bytes, so most sessions are accepted without encoding them.
  if (payload.length * 3 <= maxSize || byteLength(payload) <= maxSize) return payload
  const [name, text] = largestProperty(texts)
  throw new CodecError(
    name,
    `The session is larger than ${maxSize} bytes (option \`maxSize\`). Its largest property is "${name}" with ${byteLength(text)} bytes. Store large values elsewhere and keep only their keys in the session.`,
    { code: 'ERR_SESSION_TOO_LARGE' },
  )
}

/** Returns the property with the longest text. There must be at least one. */
export function largestProperty(texts: Texts): readonly [name: string, text: string] {
  return [...texts].reduce((largest, property) => (property[1].length > largest[1].length ? property : largest))
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}
