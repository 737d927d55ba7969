import type { Entry, Store } from '../../src/core/store/store.ts'

/** Returns all entries of a store, also expired ones. */
export async function listAllEntries(store: Store): Promise<(readonly [key: string, entry: Entry])[]> {
  const all = new Map<string, Entry>()
  let cursor: string | undefined
  do {
    const page = await store.list?.({ now: 0, limit: 1000, ...(cursor === undefined ? {} : { cursor }) })
    for (const [key, entry] of page?.entries ?? []) all.set(key, entry)
    cursor = page?.cursor
  } while (cursor !== undefined)
  return [...all]
}
