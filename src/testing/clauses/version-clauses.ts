import { results } from '../../core/store/results.ts'
import type { Entry, Store } from '../../core/store/store.ts'
import { assertEqual } from '../assert-equal.ts'
import { ALIKE_TEXTS, createRow, fresh, HOUR, NOW, overwrite, sampleEntry } from '../sample.ts'
import type { Clauses } from './clauses.ts'

export const compareAndSwapClauses: Clauses = {
  'refuses another version as stale, with the current entry, and does not change the row': async (store) => {
    const [key, entry] = await createRow(store, { userId: 'ada' })
    const refusal = await overwrite(store, { key, expected: fresh('version') })
    assertEqual(refusal, results.stale(entry), 'replace with an unknown version')
    assertEqual(await store.load({ key, now: NOW }), entry, 'the entry')
  },

  'refuses a version that was replaced': async (store) => {
    const [key, first, second] = [fresh('key'), sampleEntry(), sampleEntry()]
    await store.create({ key, entry: first })
    await store.replace({ key, entry: second, expected: first.version, now: NOW })
    assertEqual(await overwrite(store, { key, expected: first.version }), results.stale(second), 'replace with it')
    assertEqual(await store.load({ key, now: NOW }), second, 'the entry')
  },

  'distinguishes versions by case, padding and every character': async (store) => {
    const [version = '', ...others] = ALIKE_TEXTS
    const [key, entry] = await createRow(store, { version })
    for (const other of ['', ...others]) {
      const refusal = await overwrite(store, { key, expected: other })
      assertEqual(refusal, results.stale(entry), `replace with ${JSON.stringify(other)}`)
      assertEqual(
        await store.touch({ key, expiresAt: NOW + 2 * HOUR, expected: other, now: NOW }),
        false,
        `touch with ${JSON.stringify(other)}`,
      )
    }
  },

  'refuses an expired entry as missing, not as stale': async (store) => {
    const [key, entry] = await createRow(store)
    const refusal = await overwrite(store, { key, expected: fresh('version'), now: entry.expiresAt })
    assertEqual(refusal, results.missing, 'replace of an expired entry with another version')
  },

  'writes once out of 100 concurrent replaces of one version': async (store) => {
    const [key, entry] = await createRow(store)
    const next = Array.from({ length: 100 }, () => sampleEntry())
    const outcomes = await Promise.all(next.map((one) => store.replace({ key, entry: one, expected: entry.version, now: NOW })))
    const winners = next.filter((_, index) => outcomes[index]?.ok)
    assertEqual(winners.length, 1, 'the number of successful writes')
    assertEqual(await store.load({ key, now: NOW }), winners[0], 'the entry')
    const refusals = outcomes.filter((outcome) => !outcome.ok)
    assertEqual(
      refusals,
      refusals.map(() => results.stale(winners[0] as Entry)),
      'the results of the others',
    )
  },

  'creates once out of 100 concurrent creates of one key': async (store) => {
    const key = fresh('key')
    const entries = Array.from({ length: 100 }, () => sampleEntry())
    const outcomes = await Promise.all(entries.map((entry) => store.create({ key, entry })))
    const winners = entries.filter((_, index) => outcomes[index]?.ok)
    assertEqual(winners.length, 1, 'the number of successful creates')
    assertEqual(await store.load({ key, now: NOW }), winners[0], 'the entry')
  },

  'loses no increment of 20 writers that continue from the entry of their refusal': async (store) => {
    const key = fresh('key')
    await store.create({ key, entry: sampleEntry({ payload: '0' }) })
    await Promise.all(Array.from({ length: 20 }, () => increment(store, key)))
    assertEqual((await store.load({ key, now: NOW }))?.payload, '20', 'the count')
  },

  'leaves no row after a delete concurrent with replaces': async (store) => {
    for (let round = 0; round < 10; round += 1) {
      const [key, entry] = await createRow(store)
      const replace = (): Promise<unknown> => overwrite(store, { key, expected: entry.version })
      await Promise.all([replace(), replace(), store.delete({ key }), replace(), replace()])
      assertEqual(await store.load({ key, now: NOW }), undefined, 'load afterwards')
    }
  },

  'keeps 100 concurrently written keys apart': async (store) => {
    const rows = Array.from({ length: 100 }, () => [fresh('key'), sampleEntry(), sampleEntry()] as const)
    await Promise.all(rows.map(([key, entry]) => store.create({ key, entry })))
    await Promise.all(rows.map(([key, entry, next]) => store.replace({ key, entry: next, expected: entry.version, now: NOW })))
    const loaded = await Promise.all(rows.map(([key]) => store.load({ key, now: NOW })))
    assertEqual(
      loaded,
      rows.map(([, , next]) => next),
      'the entries',
    )
  },
}

async function increment(store: Store, key: string): Promise<void> {
  let current = await store.load({ key, now: NOW })
  while (current !== undefined) {
    const next = { ...current, version: fresh('version'), payload: String(Number(current.payload) + 1) }
    const outcome = await store.replace({ key, entry: next, expected: current.version, now: NOW })
    if (outcome.ok) return
    if (outcome.reason !== 'stale') throw new Error(`replace was refused as ${outcome.reason}`)
    current = outcome.current
  }
}
