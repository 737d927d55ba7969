import type { Entry, List, Page, Store } from '../../core/store/store.ts'
import { same } from '../same.ts'
import { fresh, HOUR, NOW, sampleEntry } from '../sample.ts'
import type { Clauses } from './clauses.ts'

export const listClauses: Clauses = {
  'answers every live entry once, page by page': async (store) => {
    const rows = await fill(store, 25)
    same(await listAll(store, { now: NOW, limit: 7 }), rows, 'the entries of all pages')
    same(await listAll(store, { now: NOW }), rows, 'the entries with no limit given')
    same(await listAll(store, { now: NOW, limit: 1 }), rows, 'the entries one by one')
  },

  'answers no more than the limit in a page': async (store) => {
    await fill(store, 9)
    const page = await listPage(store, { now: NOW, limit: 4 })
    same(page.entries.length <= 4, true, `a page of 4 has ${page.entries.length} entries; at most 4`)
    same(typeof page.cursor, 'string', 'the type of its cursor')
  },

  'ends without a cursor, also when the last page is full': async (store) => {
    const rows = await fill(store, 6)
    same(await listAll(store, { now: NOW, limit: 3 }), rows, 'the entries of two full pages')
  },

  'answers an empty page where there is nothing': async (store) => {
    same(await listPage(store, { now: NOW }), { entries: [] }, 'the page')
  },

  'leaves out what is expired by the given now': async (store) => {
    const rows = await fill(store, 4)
    await store.create({ key: fresh('key'), entry: sampleEntry({ expiresAt: NOW }) })
    await store.create({ key: fresh('key'), entry: sampleEntry({ expiresAt: NOW - HOUR }) })
    same(await listAll(store, { now: NOW, limit: 2 }), rows, 'the live entries')
    same(await listAll(store, { now: NOW + HOUR, limit: 2 }), {}, 'the entries an hour later')
  },

  'goes on past deletions between two pages': async (store) => {
    const rows = await fill(store, 12)
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
    same(rest, Object.fromEntries(left), 'the entries of the pages after the first')
  },
}

/** Fills a store with live entries, every third of a user. */
async function fill(store: Store, count: number): Promise<Record<string, Entry>> {
  const rows = Array.from({ length: count }, (_, index) => [fresh('key'), sampleEntry(index % 3 === 0 ? { userId: 'ada' } : {})] as const)
  for (const [key, entry] of rows) await store.create({ key, entry })
  return Object.fromEntries(rows)
}

async function listPage(store: Store, query: List): Promise<Page> {
  if (store.list === undefined) throw new Error('the store says that it can `list`, and has no such method')
  return store.list(query)
}

/** The entries of all pages by key. A key that comes twice throws. */
export async function listAll(store: Store, query: List): Promise<Record<string, Entry>> {
  const all = new Map<string, Entry>()
  let page = await listPage(store, query)
  for (let pages = 1; ; pages += 1) {
    for (const [key, entry] of page.entries) {
      if (all.has(key)) throw new Error(`list answered the key ${JSON.stringify(key)} twice`)
      all.set(key, entry)
    }
    if (page.cursor === undefined) return Object.fromEntries(all)
    if (pages > 1000) throw new Error('list came to no end in 1000 pages')
    page = await listPage(store, { ...query, cursor: page.cursor })
  }
}
