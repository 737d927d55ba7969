import type { Entry } from '../../core/store/store.ts'

/**
 * A row of a cache: an entry of the store, or a tombstone that replaces it. It has a random
 * version, by which a writer recognizes the row it has read. `seenAt` is the time at which the row
 * was current. `commits` holds the fields of the entry that the row uses differently.
 */
export type CacheRow = Entry

/**
 * Milliseconds by which the clocks of processes may differ. A row is kept for this much longer than
 * it is served, so that it blocks older entries whichever clock is right.
 */
const CLOCK_SKEW = 10_000

/**
 * Returns the row of an entry. The store was asked for the entry after `askedAt`, so the row is as
 * old as that.
 */
export function toRow(entry: Entry, askedAt: number, epoch: string, maxStale: number): CacheRow {
  const { payload, proof, idAt, createdAt, version, commits, seenAt, expiresAt, userId } = entry
  const fields = JSON.stringify([epoch, version, commits, seenAt, expiresAt, ...(userId === undefined ? [] : [userId])])
  return { payload, proof, idAt, createdAt, commits: fields, ...rowLifetime(askedAt, maxStale) }
}

/** Returns a row that is never served, so that reads go to the store. */
export function tombstone(at: number, maxStale: number): CacheRow {
  return { payload: '', proof: '', idAt: 0, createdAt: 0, commits: '', ...rowLifetime(at, maxStale) }
}

function rowLifetime(at: number, maxStale: number): Pick<CacheRow, 'version' | 'seenAt' | 'expiresAt'> {
  return { version: crypto.randomUUID(), seenAt: at, expiresAt: at + maxStale + CLOCK_SKEW }
}

/**
 * Returns the entry of a row if it may be served at `now`: it is at most `maxStale` old and from
 * the same epoch.
 */
export function toEntry(row: CacheRow | undefined, now: number, epoch: string, maxStale: number): Entry | undefined {
  if (row === undefined || row.commits === '' || row.seenAt > now || row.seenAt + maxStale <= now) return undefined
  const fields = JSON.parse(row.commits) as [string, string, string, number, number, string?]
  const [rowEpoch, version, commits, seenAt, expiresAt, userId] = fields
  if (rowEpoch !== epoch || expiresAt <= now) return undefined
  const { payload, proof, idAt, createdAt } = row
  return { payload, proof, idAt, createdAt, version, commits, seenAt, expiresAt, ...(userId === undefined ? {} : { userId }) }
}
