import { CodecError } from '../base/errors.ts'
import { userOf } from '../changes/intent.ts'
import type { Merged } from '../changes/merge.ts'
import type { Engine } from '../config/engine.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import { addReceipt } from './receipts.ts'

/**
 * The entry to write for a merged state: under `identity`, in place of `before` where there is one. Its expiry is reckoned anew from
 * what the state says. Throws `CodecError` when the session has grown too large.
 */
export function newEntry(engine: Engine, merged: Merged, identity: Identity, nonce: string, before?: Entry): Entry {
  const now = engine.now()
  const payload = encoded(engine, merged.texts)
  const createdAt = before === undefined || merged.loggedIn ? now : before.createdAt
  const userId = userOf(merged.texts, engine)
  return {
    payload,
    proof: identity.proof,
    idAt: before === undefined || merged.newId ? now : before.idAt,
    version: nonce,
    commits: engine.capabilities.compareAndSwap
      ? addReceipt(before?.commits ?? '', engine.managerId, nonce, now, 2 * engine.requestTimeout)
      : '',
    ...(userId === undefined ? {} : { userId }),
    createdAt,
    seenAt: now,
    expiresAt: engine.profile.expiryOf(merged.texts, createdAt, now, engine),
  }
}

function encoded({ values, maxSize }: Engine, texts: ReadonlyMap<string, string>): string {
  const payload = values.encode(texts)
  // A UTF-16 unit is three bytes at the most, so that most sessions need not be measured.
  if (payload.length * 3 <= maxSize || sizeOf(payload) <= maxSize) return payload
  const [name, text] = largestOf(texts)
  throw new CodecError(
    name,
    `The session is larger than ${maxSize} bytes (option \`maxSize\`); its largest property is "${name}" with ${sizeOf(text)}. Keep large things elsewhere and their keys here.`,
    { code: 'ERR_SESSION_TOO_LARGE' },
  )
}

/** The property with the longest text, and that text. There has to be one. */
export function largestOf(texts: ReadonlyMap<string, string>): readonly [name: string, text: string] {
  return [...texts].reduce((largest, each) => (each[1].length > largest[1].length ? each : largest))
}

function sizeOf(text: string): number {
  return new TextEncoder().encode(text).length
}
