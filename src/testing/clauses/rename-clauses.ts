import type { Entry, Refused, Store, Version, Written } from '../../core/store/store.ts'
import { same } from '../same.ts'
import { fresh, HOUR, NOW, sampleEntry } from '../sample.ts'
import type { Clauses } from './clauses.ts'

export const renameClauses: Clauses = {
  'replaces the entry and moves it to the other key': async (store) => {
    const [from, to, entry, next] = [fresh('key'), fresh('key'), sampleEntry(), sampleEntry()]
    await store.create(from, entry)
    same(await rename(store, [from, to], next, entry.version), { ok: true }, 'rename')
    same(await store.load(from, NOW), undefined, 'the old key')
    same(await store.load(to, NOW), next, 'the new key')
    same(await store.replace(to, entry, next.version, NOW), { ok: true }, 'replace under the new key')
  },

  'refuses a key that has a row as taken, and leaves both alone': async (store) => {
    const [from, to, entry, other] = [fresh('key'), fresh('key'), sampleEntry(), sampleEntry({ expiresAt: NOW })]
    await store.create(from, entry)
    await store.create(to, other)
    same(await rename(store, [from, to], sampleEntry(), entry.version), { ok: false, reason: 'taken' }, 'rename over a row')
    same(await store.load(from, NOW), entry, 'the entry')
    same(await store.load(to, NOW - 1), other, 'the other entry')
  },

  'refuses as replace does: another version, no row, an expired one': async (store) => {
    const [from, to, entry] = [fresh('key'), fresh('key'), sampleEntry()]
    same(await rename(store, [from, to], sampleEntry(), entry.version), { ok: false, reason: 'missing' }, 'rename of nothing')
    await store.create(from, entry)
    same(
      await rename(store, [from, to], sampleEntry(), fresh('version')),
      { ok: false, reason: 'stale', current: entry },
      'rename of another',
    )
    const late = entry.expiresAt + HOUR
    same(await rename(store, [from, to], sampleEntry(), entry.version, late), { ok: false, reason: 'missing' }, 'rename of an expired one')
    same(await store.load(to, NOW), undefined, 'the other key')
  },

  'happens once of 20 at once, and one key is alive afterwards': async (store) => {
    const [from, entry] = [fresh('key'), sampleEntry()]
    await store.create(from, entry)
    const targets = Array.from({ length: 20 }, () => fresh('key'))
    const outcomes = await Promise.all(targets.map((to) => rename(store, [from, to], sampleEntry(), entry.version)))
    same(outcomes.filter(({ ok }) => ok).length, 1, 'how many were told that they had renamed')
    const living = await Promise.all([from, ...targets].map((key) => store.load(key, NOW)))
    same(living.filter((each) => each !== undefined).length, 1, 'how many keys are alive')
  },
}

function rename(
  store: Store,
  keys: readonly [string, string],
  entry: Entry,
  expected: Version,
  now: number = NOW,
): Promise<Written | Refused> {
  if (store.rename === undefined) throw new Error('the store says that it `renames`, and has no `rename`')
  return store.rename(keys, entry, expected, now)
}
