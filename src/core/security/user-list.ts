import type { List, Page } from '../store/store.ts'

/** Rows per operation of the store. */
const PAGE = 1000

/** The parts of a store that listing uses. */
export interface ListContext {
  readonly store: { list(operation: List): Promise<Page> }
  readonly now: () => number
}

/** Lists all sessions of a user: when each was created, by key. */
export async function createdTimes({ store, now }: ListContext, name: string, deadline: number): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>() // a session that changes between two pages may be in both
  let cursor: string | undefined
  do {
    const page = await store.list({ now: now(), index: 'userId', name, limit: PAGE, cursor, deadline })
    for (const [key, { createdAt }] of page.entries) times.set(key, createdAt)
    cursor = page.cursor
  } while (cursor !== undefined)
  return times
}
