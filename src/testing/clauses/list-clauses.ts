import type { Entry, List, Page, Store } from '../../core/store/store.ts'
import { assertEqual } from '../assert-equal.ts'
import { fresh, HOUR, NOW, sampleEntry } from '../sample.ts'
import type { Clauses } from './clauses.ts'

export const listClauses: Clauses = {
  'returns every unexpired entry once, page by page': async (store) => {
    const rows = await createEntries(store, 25)
    assertEqual(await listAll(store, { now: NOW, limit: 7 }), rows, 'the entries of all pages')
    assertEqual(await listAll(store, { now: NOW }), rows, 'the entries with no limit given')
    assertEqual(await listAll(store, { now: NOW, limit: 1 }), rows, 'the entries one by one')
  },

  'returns at most the limit in a page': async (store) => {
    await createEntries(store, 9)
    const page = await listPage(store, { now: NOW, limit: 4 })
    assertEqual(page.entries.length <= 4, true, `a page of 4 has ${page.entries.length} entries; at most 4`)
    assertEqual(typeof page.cursor, 'string', 'the type of its cursor')
  },

  'ends without a cursor, also when the last page is full': async (store) => {
    const rows = await createEntries(store, 6)
    assertEqual(await listAll(store, { now: NOW, limit: 3 }), rows, 'the entries of two full pages')
  },

  'returns an empty page for an empty store': async (store) => {
    assertEqual(await listPage(store, { now: NOW }), { entries: [] }, 'the page')
  },

  'omits entries that are expired at the given now': async (store) => {
    const rows = await createEntries(store, 4)
    await store.create({ key: fresh('key'), entry: sampleEntry({ expiresAt: NOW }) })
    await store.create({ key: fresh('key'), entry: sampleEntry({ expiresAt: NOW - HOUR }) })
    assertEqual(await listAll(store, { now: NOW, limit: 2 }), rows, 'the unexpired entries')
    assertEqual(await listAll(store, { now: NOW + HOUR, limit: 2 }), {}, 'the entries an hour later')
  },

  'continues after deletions between two pages': async (store) => {
    const rows = await createEntries(store, 12)
    const first = await listPage(store, { now: NOW, limit: 4 })
    const listed = first.entries.map(([key]) => key)
    const gone = [
      listed.at(-1) ?? '',
      ...Object.keys(rows)
        .filter((key) => !listed.includes(key))
        .slice(0, 3),
    ]
    for (const key of gone) await store.delete({ key })
    const rest = first.cursor === undefined ? {} : await listAll(store, { now: NOW, limit: 4, cursor: first.cursor })
    const left = Object.entries(rows).filter(([key]) => !gone.includes(key) && !listed.includes(key))
    // After deletions a store may return entries of earlier pages again, as `SCAN` of Redis does.
    const added = Object.entries(rest).filter(([key]) => gone.includes(key) || !listed.includes(key))
    assertEqual(Object.fromEntries(added), Object.fromEntries(left), 'the entries of the pages after the first')
  },
}

/** Creates entries, every third with a user. */
async function createEntries(store: Store, count: number): Promise<Record<string, Entry>> {
  const rows = Array.from({ length: count }, (_, index) => [fresh('key'), sampleEntry(index % 3 === 0 ? { userId: 'ada' } : {})] as const)
  for (const [key, entry] of rows) await store.create({ key, entry })
  return Object.fromEntries(rows)
}

async function listPage(store: Store, query: List): Promise<Page> {
  if (store.list === undefined) throw new Error('the store has the capability `list`, but no method `list`')
  return store.list(query)
}

/** Returns the entries of all pages by key. Throws if a key occurs twice. */
export async function listAll(store: Store, query: List): Promise<Record<string, Entry>> {
  const all = new Map<string, Entry>()
  let page = await listPage(store, query)
  for (let pages = 1; ; pages += 1) {
    for (const [key, entry] of page.entries) {
      if (all.has(key)) throw new Error(`list returned the key ${JSON.stringify(key)} twice`)
      all.set(key, entry)
    }
    if (page.cursor === undefined) return Object.fromEntries(all)
    if (pages > 1000) throw new Error('list did not end within 1000 pages')
    page = await listPage(store, { ...query, cursor: page.cursor })
  }
}
