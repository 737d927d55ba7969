import { results } from '../../core/store/results.ts'
import { assertEqual } from '../assert-equal.ts'
import { fresh, HOUR, NOW, overwrite, sampleEntry } from '../sample.ts'
import type { Clauses } from './clauses.ts'

export const newKeyClauses: Clauses = {
  'replaces the entry and moves it to the new key': async (store) => {
    const [from, to, entry, next] = [fresh('key'), fresh('key'), sampleEntry(), sampleEntry()]
    await store.create({ key: from, entry })
    assertEqual(
      await store.replace({ key: from, newKey: to, entry: next, expected: entry.version, now: NOW }),
      results.written,
      'replace with newKey',
    )
    assertEqual(await store.load({ key: from, now: NOW }), undefined, 'the old key')
    assertEqual(await store.load({ key: to, now: NOW }), next, 'the new key')
    assertEqual(await store.replace({ key: to, entry, expected: next.version, now: NOW }), results.written, 'replace under the new key')
  },

  'refuses a new key that has a row as taken, and changes neither row': async (store) => {
    const [from, to, entry, other] = [fresh('key'), fresh('key'), sampleEntry(), sampleEntry({ expiresAt: NOW })]
    await store.create({ key: from, entry })
    await store.create({ key: to, entry: other })
    assertEqual(await overwrite(store, { key: from, newKey: to, expected: entry.version }), results.taken, 'replace with newKey over a row')
    assertEqual(await store.load({ key: from, now: NOW }), entry, 'the entry')
    assertEqual(await store.load({ key: to, now: NOW - 1 }), other, 'the other entry')
  },

  'refuses another version, a missing row and an expired one, as without newKey': async (store) => {
    const [from, to, entry] = [fresh('key'), fresh('key'), sampleEntry()]
    assertEqual(
      await overwrite(store, { key: from, newKey: to, expected: entry.version }),
      results.missing,
      'replace with newKey of nothing',
    )
    await store.create({ key: from, entry })
    assertEqual(
      await overwrite(store, { key: from, newKey: to, expected: fresh('version') }),
      results.stale(entry),
      'replace with newKey of another',
    )
    const late = entry.expiresAt + HOUR
    assertEqual(
      await overwrite(store, { key: from, newKey: to, expected: entry.version, now: late }),
      results.missing,
      'replace with newKey of an expired one',
    )
    assertEqual(await store.load({ key: to, now: NOW }), undefined, 'the other key')
  },

  'succeeds once out of 20 concurrent calls, and leaves one row': async (store) => {
    const [from, entry] = [fresh('key'), sampleEntry()]
    await store.create({ key: from, entry })
    const targets = Array.from({ length: 20 }, () => fresh('key'))
    const outcomes = await Promise.all(targets.map((to) => overwrite(store, { key: from, newKey: to, expected: entry.version })))
    assertEqual(outcomes.filter(({ ok }) => ok).length, 1, 'the number of successful calls')
    const found = await Promise.all([from, ...targets].map((key) => store.load({ key, now: NOW })))
    assertEqual(found.filter((entry) => entry !== undefined).length, 1, 'the number of keys with a row')
  },
}
