import { same } from '../same.ts'
import { fresh, HOUR, NOW, sampleEntry } from '../sample.ts'
import type { Clauses } from './clauses.ts'

export const renameClauses: Clauses = {
  'replaces the entry and moves it to the other key': async (store) => {
    const [from, to, entry, next] = [fresh('key'), fresh('key'), sampleEntry(), sampleEntry()]
    await store.create({ key: from, entry })
    same(
      await store.replace({ key: from, newKey: to, entry: next, expected: entry.version, now: NOW }),
      { ok: true },
      'replace with newKey',
    )
    same(await store.load({ key: from, now: NOW }), undefined, 'the old key')
    same(await store.load({ key: to, now: NOW }), next, 'the new key')
    same(await store.replace({ key: to, entry, expected: next.version, now: NOW }), { ok: true }, 'replace under the new key')
  },

  'refuses a key that has a row as taken, and leaves both alone': async (store) => {
    const [from, to, entry, other] = [fresh('key'), fresh('key'), sampleEntry(), sampleEntry({ expiresAt: NOW })]
    await store.create({ key: from, entry })
    await store.create({ key: to, entry: other })
    same(
      await store.replace({ key: from, newKey: to, entry: sampleEntry(), expected: entry.version, now: NOW }),
      { ok: false, reason: 'taken' },
      'replace with newKey over a row',
    )
    same(await store.load({ key: from, now: NOW }), entry, 'the entry')
    same(await store.load({ key: to, now: NOW - 1 }), other, 'the other entry')
  },

  'refuses as replace does: another version, no row, an expired one': async (store) => {
    const [from, to, entry] = [fresh('key'), fresh('key'), sampleEntry()]
    same(
      await store.replace({ key: from, newKey: to, entry: sampleEntry(), expected: entry.version, now: NOW }),
      { ok: false, reason: 'missing' },
      'replace with newKey of nothing',
    )
    await store.create({ key: from, entry })
    same(
      await store.replace({ key: from, newKey: to, entry: sampleEntry(), expected: fresh('version'), now: NOW }),
      { ok: false, reason: 'stale', current: entry },
      'replace with newKey of another',
    )
    const late = entry.expiresAt + HOUR
    same(
      await store.replace({ key: from, newKey: to, entry: sampleEntry(), expected: entry.version, now: late }),
      { ok: false, reason: 'missing' },
      'replace with newKey of an expired one',
    )
    same(await store.load({ key: to, now: NOW }), undefined, 'the other key')
  },

  'happens once of 20 at once, and one key is alive afterwards': async (store) => {
    const [from, entry] = [fresh('key'), sampleEntry()]
    await store.create({ key: from, entry })
    const targets = Array.from({ length: 20 }, () => fresh('key'))
    const outcomes = await Promise.all(
      targets.map((to) => store.replace({ key: from, newKey: to, entry: sampleEntry(), expected: entry.version, now: NOW })),
    )
    same(outcomes.filter(({ ok }) => ok).length, 1, 'how many were told that they had renamed')
    const living = await Promise.all([from, ...targets].map((key) => store.load({ key, now: NOW })))
    same(living.filter((each) => each !== undefined).length, 1, 'how many keys are alive')
  },
}
