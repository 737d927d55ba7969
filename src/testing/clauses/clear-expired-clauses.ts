import { results } from '../../core/store/results.ts'
import type { ClearExpiredOptions, Store } from '../../core/store/store.ts'
import { assertEqual } from '../assert-equal.ts'
import { fresh, NOW, sampleEntry } from '../sample.ts'
import type { Clauses } from './clauses.ts'

export const clearExpiredClauses: Clauses = {
  'deletes rows that expired at or before now, and no others': async (store) => {
    const [before, at, after] = await expire(store, [NOW - 1, NOW, NOW + 1])
    assertEqual((await clear(store, { now: NOW })).at(-1), 2, 'the last total')
    assertEqual(await rowsLeft(store, [before, at, after]), [after], 'the remaining rows')
  },

  'deletes at most one batch per step, and yields the total after each': async (store) => {
    await expire(
      store,
      Array.from({ length: 25 }, () => NOW),
    )
    const totals = await clear(store, { now: NOW, batch: 10 })
    const steps = totals.map((total, index) => total - (totals[index - 1] ?? 0))
    assertEqual(
      steps.filter((step) => step < 0 || step > 10),
      [],
      `steps over 10 or under 0 among the totals ${totals.join(', ')}`,
    )
    assertEqual(totals.at(-1), 25, 'the last total')
  },

  'deletes nothing in a second run': async (store) => {
    await expire(store, [NOW, NOW, NOW + 1])
    await clear(store, { now: NOW })
    assertEqual((await clear(store, { now: NOW })).at(-1) ?? 0, 0, 'the last total of the second run')
  },

  'ends without an error after the step in which it is aborted, and can be run again': async (store) => {
    await expire(
      store,
      Array.from({ length: 25 }, () => NOW),
    )
    const abort = new AbortController()
    const totals = await clear(store, { now: NOW, batch: 10, signal: abort.signal }, () => abort.abort())
    assertEqual(totals.length, 1, 'the number of steps')
    assertEqual((await clear(store, { now: NOW, batch: 10 })).at(-1), 25 - (totals[0] ?? 0), 'the number of rows that a second run deletes')
  },

  'deletes nothing if it is aborted before it starts': async (store) => {
    const keys = await expire(store, [NOW, NOW])
    assertEqual((await clear(store, { now: NOW, signal: AbortSignal.abort() })).at(-1) ?? 0, 0, 'the last total')
    assertEqual(await rowsLeft(store, keys), keys, 'the remaining rows')
  },

  'can run twice at the same time, next to writes': async (store) => {
    await expire(
      store,
      Array.from({ length: 25 }, () => NOW),
    )
    const [key, entry, next] = [fresh('key'), sampleEntry(), sampleEntry()]
    await store.create({ key, entry })
    const runs = [clear(store, { now: NOW, batch: 4 }), clear(store, { now: NOW, batch: 3 })]
    assertEqual(await store.replace({ key, entry: next, expected: entry.version, now: NOW }), results.written, 'replace during the run')
    await Promise.all(runs)
    assertEqual(await store.load({ key, now: NOW }), next, 'the unexpired entry')
    assertEqual((await clear(store, { now: NOW })).at(-1) ?? 0, 0, 'the number of rows that a third run deletes')
  },
}

export const countExpiredClauses: Clauses = {
  'counts the rows that clearExpired would delete, and deletes none': async (store) => {
    const keys = await expire(store, [NOW - 1, NOW, NOW + 1])
    assertEqual(await count(store), 2, 'the count')
    assertEqual(await rowsLeft(store, keys), keys, 'the remaining rows')
    await clear(store, { now: NOW })
    assertEqual(await count(store), 0, 'the count after clearExpired')
  },

  'counts more rows than one batch, and judges by the given now': async (store) => {
    await expire(
      store,
      Array.from({ length: 25 }, (_, index) => NOW + index),
    )
    assertEqual(await count(store, NOW - 1), 0, 'the count before anything expires')
    assertEqual(await count(store, NOW + 9), 10, 'the count when ten have expired')
    assertEqual(await count(store, NOW + 24), 25, 'the count when all have expired')
  },
}

function count(store: Store, now: number = NOW): Promise<number> {
  if (store.countExpired === undefined) throw new Error('the store has no `countExpired`; pass the suite `countExpired: false`')
  return store.countExpired({ now })
}

async function expire(store: Store, times: readonly number[]): Promise<string[]> {
  const keys = times.map(() => fresh('key'))
  for (const [index, expiresAt] of times.entries())
    await store.create({ key: keys[index] ?? '', entry: sampleEntry({ expiresAt, userId: 'ada' }) })
  return keys
}

/** Returns the keys that have a row, expired or not. */
async function rowsLeft(store: Store, keys: readonly (string | undefined)[]): Promise<(string | undefined)[]> {
  const entries = await Promise.all(keys.map((key) => store.load({ key: key ?? '', now: NOW - 2 })))
  return keys.filter((_, index) => entries[index] !== undefined)
}

async function clear(store: Store, options: ClearExpiredOptions, afterStep?: () => void): Promise<number[]> {
  if (store.clearExpired === undefined) throw new Error('the store has no `clearExpired`; pass the suite `clearExpired: false`')
  const totals: number[] = []
  for await (const { deleted } of store.clearExpired(options)) {
    totals.push(deleted)
    afterStep?.()
    if (totals.length > 1000) throw new Error('clearExpired did not end within 1000 steps')
  }
  return totals
}
