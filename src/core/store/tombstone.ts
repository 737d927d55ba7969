import type { Entry, Version } from './entry.ts'

/** The proof of a tombstone. It is the hash of no secret, so no id leads to the row. */
const NO_PROOF = ''

/**
 * Whether a row marks its key and is not a session: it has no index, and no id leads to it. Rows of
 * ended sessions are such rows, and those of a `CookieStore` with `revocation`.
 */
export function isTombstone({ proof }: Pick<Entry, 'proof'>): boolean {
  return proof === NO_PROOF
}

/** Returns the row of a session that ended at `now`. It stays until `expiresAt`. */
export function tombstone(version: Version, now: number, expiresAt: number, payload = ''): Entry {
  return { payload, proof: NO_PROOF, idAt: now, version, commits: '', createdAt: now, seenAt: now, expiresAt }
}
