import type { Entry, Store } from '../../core/store/store.ts'
import { same } from '../same.ts'
import { fresh, HOUR, NOW, sampleEntry } from '../sample.ts'
import type { Clauses } from './clauses.ts'

export const touchClauses: Clauses = {
  'moves expiresAt ahead, sets seenAt to now and leaves all else, the version too': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry({ userId: 'ada' })]
    await store.create({ key, entry })
    same(await store.touch({ key, expiresAt: NOW + 2 * HOUR, expected: entry.version, now: NOW }), true, 'touch')
    same(await store.load({ key, now: NOW }), { ...entry, seenAt: NOW, expiresAt: NOW + 2 * HOUR }, 'the entry')
    same(await store.replace({ key, entry: sampleEntry(), expected: entry.version, now: NOW }), { ok: true }, 'replace of the same version')
  },

  'never creates': async (store) => {
    const key = fresh('key')
    same(await store.touch({ key, expiresAt: NOW + HOUR, expected: fresh('version'), now: NOW }), false, 'touch of nothing')
    same(await store.load({ key, now: NOW }), undefined, 'load afterwards')
  },

  'never brings back what was deleted': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry()]
    await store.create({ key, entry })
    await store.delete({ key })
    same(await store.touch({ key, expiresAt: NOW + 2 * HOUR, expected: entry.version, now: NOW }), false, 'touch of a deleted entry')
    same(await store.load({ key, now: NOW }), undefined, 'load afterwards')
  },

  'refuses an entry from the instant at which it expires: never revives': async (store) => {
    for (const late of [0, 1, 1000 * HOUR]) {
      const [key, entry] = [fresh('key'), sampleEntry()]
      const now = entry.expiresAt + late
      await store.create({ key, entry })
      same(await store.touch({ key, expiresAt: now + HOUR, expected: entry.version, now }), false, `touch ${late} ms late`)
      same(await store.load({ key, now }), undefined, 'load afterwards')
      same(await store.load({ key, now: NOW }), entry, 'the entry, by an earlier clock')
    }
  },

  'takes an entry 1 ms before it expires': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry()]
    await store.create({ key, entry })
    same(await store.touch({ key, expiresAt: NOW + 2 * HOUR, expected: entry.version, now: entry.expiresAt - 1 }), true, 'touch')
  },

  'never shortens: an earlier expiresAt changes nothing': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry()]
    await store.create({ key, entry })
    for (const expiresAt of [entry.expiresAt - 1, NOW, 0]) {
      same(
        await store.touch({ key, expiresAt, expected: entry.version, now: NOW }),
        false,
        `touch with ${entry.expiresAt - expiresAt} ms less`,
      )
      same(await store.load({ key, now: NOW }), entry, 'the entry')
    }
  },

  'takes the expiresAt it has: only seenAt moves': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry()]
    await store.create({ key, entry })
    same(await store.touch({ key, expiresAt: entry.expiresAt, expected: entry.version, now: NOW }), true, 'touch')
    same(await store.load({ key, now: NOW }), { ...entry, seenAt: NOW }, 'the entry')
  },
}

export const touchRaceClauses: Clauses = {
  'refuses another version, and leaves the row alone': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry()]
    await store.create({ key, entry })
    same(
      await store.touch({ key, expiresAt: NOW + 2 * HOUR, expected: fresh('version'), now: NOW }),
      false,
      'touch with a version that never was',
    )
    same(await store.load({ key, now: NOW }), entry, 'the entry')
  },

  'ends with the latest expiresAt when 20 touches meet': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry()]
    await store.create({ key, entry })
    const instants = Array.from({ length: 20 }, (_, index) => NOW + HOUR + ((index * 7) % 20) + 1)
    await Promise.all(instants.map((expiresAt) => store.touch({ key, expiresAt, expected: entry.version, now: NOW })))
    same((await store.load({ key, now: NOW }))?.expiresAt, NOW + HOUR + 20, 'expiresAt')
  },

  'leaves no trace on an entry that is replaced meanwhile': async (store) => {
    const [key, entry, next] = [fresh('key'), sampleEntry(), sampleEntry()]
    await store.create({ key, entry })
    const [, outcome] = await Promise.all([
      touchLater(store, key, entry),
      store.replace({ key, entry: next, expected: entry.version, now: NOW }),
      touchLater(store, key, entry),
    ])
    same(outcome, { ok: true }, 'replace')
    same(await store.load({ key, now: NOW }), next, 'the entry')
  },
}

function touchLater(store: Store, key: string, entry: Entry): Promise<boolean> {
  return store.touch({ key, expiresAt: entry.expiresAt + HOUR, expected: entry.version, now: NOW })
}
