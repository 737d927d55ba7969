import type { ClearExpiredOptions, Store } from '../../core/store/store.ts'
import { same } from '../same.ts'
import { fresh, NOW, sampleEntry } from '../sample.ts'
import type { Clauses } from './clauses.ts'

export const clearExpiredClauses: Clauses = {
  'deletes what expired at or before now, and nothing else': async (store) => {
    const [before, at, after] = await expire(store, [NOW - 1, NOW, NOW + 1])
    same((await clear(store, { now: NOW })).at(-1), 2, 'the last total')
    same(await rowsLeft(store, [before, at, after]), [after], 'the rows that are left')
  },

  'deletes at most a batch in one step and tells the total after each': async (store) => {
    await expire(
      store,
      Array.from({ length: 25 }, () => NOW),
    )
    const totals = await clear(store, { now: NOW, batch: 10 })
    const steps = totals.map((total, index) => total - (totals[index - 1] ?? 0))
    same(
      steps.filter((step) => step < 0 || step > 10),
      [],
      `steps over 10 or under 0 among the totals ${totals.join(', ')}`,
    )
    same(totals.at(-1), 25, 'the last total')
  },

  'has nothing to do the second time': async (store) => {
    await expire(store, [NOW, NOW, NOW + 1])
    await clear(store, { now: NOW })
    same((await clear(store, { now: NOW })).at(-1) ?? 0, 0, 'the last total of the second run')
  },

  'ends quietly after the step at which it is aborted, and can be run again': async (store) => {
    await expire(
      store,
      Array.from({ length: 25 }, () => NOW),
    )
    const abort = new AbortController()
    const totals = await clear(store, { now: NOW, batch: 10, signal: abort.signal }, () => abort.abort())
    same(totals.length, 1, 'how many steps were told')
    same((await clear(store, { now: NOW, batch: 10 })).at(-1), 25 - (totals[0] ?? 0), 'what a second run deletes')
  },

  'does nothing when it is aborted before it begins': async (store) => {
    const keys = await expire(store, [NOW, NOW])
    same((await clear(store, { now: NOW, signal: AbortSignal.abort() })).at(-1) ?? 0, 0, 'the last total')
    same(await rowsLeft(store, keys), keys, 'the rows that are left')
  },

  'may run twice at once, beside writers': async (store) => {
    await expire(
      store,
      Array.from({ length: 25 }, () => NOW),
    )
    const [key, entry, next] = [fresh('key'), sampleEntry(), sampleEntry()]
    await store.create({ key, entry })
    const runs = [clear(store, { now: NOW, batch: 4 }), clear(store, { now: NOW, batch: 3 })]
    same(await store.replace({ key, entry: next, expected: entry.version, now: NOW }), { ok: true }, 'replace meanwhile')
    await Promise.all(runs)
    same(await store.load({ key, now: NOW }), next, 'the live entry')
    same((await clear(store, { now: NOW })).at(-1) ?? 0, 0, 'what is left for a third run')
  },
}

export const countExpiredClauses: Clauses = {
  'counts what clearExpired would delete, and deletes nothing': async (store) => {
    const keys = await expire(store, [NOW - 1, NOW, NOW + 1])
    same(await count(store), 2, 'the count')
    same(await rowsLeft(store, keys), keys, 'the rows that are left')
    await clear(store, { now: NOW })
    same(await count(store), 0, 'the count after clearExpired')
  },

  'counts beyond a batch, and goes by the instant it is given': async (store) => {
    await expire(
      store,
      Array.from({ length: 25 }, (_, index) => NOW + index),
    )
    same(await count(store, NOW - 1), 0, 'the count before anything expires')
    same(await count(store, NOW + 9), 10, 'the count when ten have expired')
    same(await count(store, NOW + 24), 25, 'the count when all have expired')
  },
}

function count(store: Store, now: number = NOW): Promise<number> {
  if (store.countExpired === undefined) throw new Error('the store has no `countExpired`; tell the suite so: `countExpired: false`')
  return store.countExpired({ now })
}

async function expire(store: Store, instants: readonly number[]): Promise<string[]> {
  const keys = instants.map(() => fresh('key'))
  for (const [index, expiresAt] of instants.entries())
    await store.create({ key: keys[index] ?? '', entry: sampleEntry({ expiresAt, userId: 'ada' }) })
  return keys
}

/** The keys that still have a row, expired or not. */
async function rowsLeft(store: Store, keys: readonly (string | undefined)[]): Promise<(string | undefined)[]> {
  const entries = await Promise.all(keys.map((key) => store.load({ key: key ?? '', now: NOW - 2 })))
  return keys.filter((_, index) => entries[index] !== undefined)
}

async function clear(store: Store, options: ClearExpiredOptions, afterStep?: () => void): Promise<number[]> {
  if (store.clearExpired === undefined) throw new Error('the store has no `clearExpired`; tell the suite so: `clearExpired: false`')
  const totals: number[] = []
  for await (const { deleted } of store.clearExpired(options)) {
    totals.push(deleted)
    afterStep?.()
    if (totals.length > 1000) throw new Error('clearExpired came to no end in 1000 steps')
  }
  return totals
}
