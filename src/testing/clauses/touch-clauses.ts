import { results } from '../../core/store/results.ts'
import type { Entry, Store } from '../../core/store/store.ts'
import { assertEqual } from '../assert-equal.ts'
import { createRow, fresh, HOUR, NOW, overwrite, sampleEntry } from '../sample.ts'
import type { Clauses } from './clauses.ts'

export const touchClauses: Clauses = {
  'moves expiresAt ahead, sets seenAt to now, and changes nothing else, not even the version': async (store) => {
    const [key, entry] = await createRow(store, { userId: 'ada' })
    assertEqual(await store.touch({ key, expiresAt: NOW + 2 * HOUR, expected: entry.version, now: NOW }), true, 'touch')
    assertEqual(await store.load({ key, now: NOW }), { ...entry, seenAt: NOW, expiresAt: NOW + 2 * HOUR }, 'the entry')
    assertEqual(await overwrite(store, { key, expected: entry.version }), results.written, 'replace of the same version')
  },

  'never creates': async (store) => {
    const key = fresh('key')
    assertEqual(await store.touch({ key, expiresAt: NOW + HOUR, expected: fresh('version'), now: NOW }), false, 'touch of nothing')
    assertEqual(await store.load({ key, now: NOW }), undefined, 'load afterwards')
  },

  'never restores a deleted row': async (store) => {
    const [key, entry] = await createRow(store)
    await store.delete({ key })
    assertEqual(await store.touch({ key, expiresAt: NOW + 2 * HOUR, expected: entry.version, now: NOW }), false, 'touch of a deleted entry')
    assertEqual(await store.load({ key, now: NOW }), undefined, 'load afterwards')
  },

  'refuses an expired entry from the millisecond at which it expires': async (store) => {
    for (const late of [0, 1, 1000 * HOUR]) {
      const [key, entry] = [fresh('key'), sampleEntry()]
      const now = entry.expiresAt + late
      await store.create({ key, entry })
      assertEqual(await store.touch({ key, expiresAt: now + HOUR, expected: entry.version, now }), false, `touch ${late} ms late`)
      assertEqual(await store.load({ key, now }), undefined, 'load afterwards')
      assertEqual(await store.load({ key, now: NOW }), entry, 'the entry, by an earlier clock')
    }
  },

  'accepts an entry 1 ms before it expires': async (store) => {
    const [key, entry] = await createRow(store)
    assertEqual(await store.touch({ key, expiresAt: NOW + 2 * HOUR, expected: entry.version, now: entry.expiresAt - 1 }), true, 'touch')
  },

  'never shortens: an earlier expiresAt changes nothing': async (store) => {
    const [key, entry] = await createRow(store)
    for (const expiresAt of [entry.expiresAt - 1, NOW, 0]) {
      assertEqual(
        await store.touch({ key, expiresAt, expected: entry.version, now: NOW }),
        false,
        `touch with ${entry.expiresAt - expiresAt} ms less`,
      )
      assertEqual(await store.load({ key, now: NOW }), entry, 'the entry')
    }
  },

  'accepts the expiresAt of the entry, and changes only seenAt': async (store) => {
    const [key, entry] = await createRow(store)
    assertEqual(await store.touch({ key, expiresAt: entry.expiresAt, expected: entry.version, now: NOW }), true, 'touch')
    assertEqual(await store.load({ key, now: NOW }), { ...entry, seenAt: NOW }, 'the entry')
  },
}

export const touchRaceClauses: Clauses = {
  'refuses another version, and does not change the row': async (store) => {
    const [key, entry] = await createRow(store)
    assertEqual(
      await store.touch({ key, expiresAt: NOW + 2 * HOUR, expected: fresh('version'), now: NOW }),
      false,
      'touch with an unknown version',
    )
    assertEqual(await store.load({ key, now: NOW }), entry, 'the entry')
  },

  'ends with the latest expiresAt after 20 concurrent touches': async (store) => {
    const [key, entry] = await createRow(store)
    const times = Array.from({ length: 20 }, (_, index) => NOW + HOUR + ((index * 7) % 20) + 1)
    await Promise.all(times.map((expiresAt) => store.touch({ key, expiresAt, expected: entry.version, now: NOW })))
    assertEqual((await store.load({ key, now: NOW }))?.expiresAt, NOW + HOUR + 20, 'expiresAt')
  },

  'does not change an entry that is replaced at the same time': async (store) => {
    const [key, entry, next] = [fresh('key'), sampleEntry(), sampleEntry()]
    await store.create({ key, entry })
    const [, outcome] = await Promise.all([
      touchLater(store, key, entry),
      store.replace({ key, entry: next, expected: entry.version, now: NOW }),
      touchLater(store, key, entry),
    ])
    assertEqual(outcome, results.written, 'replace')
    assertEqual(await store.load({ key, now: NOW }), next, 'the entry')
  },
}

function touchLater(store: Store, key: string, entry: Entry): Promise<boolean> {
  return store.touch({ key, expiresAt: entry.expiresAt + HOUR, expected: entry.version, now: NOW })
}
