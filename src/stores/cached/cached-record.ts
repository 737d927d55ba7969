import type { Entry } from '../../core/store/store.ts'

/**
 * A row of a cache: an entry of the store, or a tombstone in its place. Its version is its own, drawn anew, so that whoever saw a row can tell
 * whether it is still the same one; `seenAt` is when it was put there. What else an entry says of itself stands in `commits`.
 */
export type CachedRow = Entry

/** Which rows of a cache count. */
export interface Era {
  /** Rows of another era are as good as none. */
  readonly name: string
  /** How long a row may be served, in milliseconds. */
  readonly maxStale: number
}

/**
 * Processes are taken to agree on the time within seconds. A row stays longer than it is served, so that it is in the way of everything
 * older, whosever clock is right.
 */
const CLOCKS_APART = 10_000

/** An entry as a row. `askedAt` is an instant at which the store had not been asked yet: the row is as old as that. */
export function rowOf(entry: Entry, askedAt: number, { name, maxStale }: Era): CachedRow {
  const { payload, proof, idAt, createdAt, version, commits, seenAt, expiresAt, userId } = entry
  const own = JSON.stringify([name, version, commits, seenAt, expiresAt, ...(userId === undefined ? [] : [userId])])
  return { payload, proof, idAt, createdAt, commits: own, ...standing(askedAt, maxStale) }
}

/** What says that nothing is known: ask the store. */
export function tombstone(at: number, maxStale: number): CachedRow {
  return { payload: '', proof: '', idAt: 0, createdAt: 0, commits: '', ...standing(at, maxStale) }
}

/** It stands for longer than it is served. */
function standing(at: number, maxStale: number): Pick<CachedRow, 'version' | 'seenAt' | 'expiresAt'> {
  return { version: crypto.randomUUID(), seenAt: at, expiresAt: at + maxStale + CLOCKS_APART }
}

/** The entry of a row that may be served at `now`. */
export function servedBy(row: CachedRow | undefined, now: number, { name, maxStale }: Era): Entry | undefined {
  if (row === undefined || row.commits === '' || row.seenAt > now || row.seenAt + maxStale <= now) return undefined
  const [era, version, commits, seenAt, expiresAt, userId] = JSON.parse(row.commits) as [string, string, string, number, number, string?]
  if (era !== name || expiresAt <= now) return undefined
  const { payload, proof, idAt, createdAt } = row
  return { payload, proof, idAt, createdAt, version, commits, seenAt, expiresAt, ...(userId === undefined ? {} : { userId }) }
}
