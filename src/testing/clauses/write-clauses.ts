import { same } from '../same.ts'
import { fresh, HOUR, NOW, sampleEntry } from '../sample.ts'
import type { Clauses } from './clauses.ts'

export const createClauses: Clauses = {
  'says ok, without a token': async (store) => {
    same(await store.create({ key: fresh('key'), entry: sampleEntry() }), { ok: true }, 'create')
  },

  'refuses a key that has a row, and leaves the row alone': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry({ userId: 'ada' })]
    await store.create({ key, entry })
    same(await store.create({ key, entry: sampleEntry({ userId: 'eve' }) }), { ok: false, reason: 'taken' }, 'the second create')
    same(await store.load({ key, now: NOW }), entry, 'the entry')
  },

  'refuses a key whose row is expired, and leaves the row alone': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry({ expiresAt: NOW })]
    await store.create({ key, entry })
    same(await store.create({ key, entry: sampleEntry() }), { ok: false, reason: 'taken' }, 'create over the expired row')
    same(await store.load({ key, now: NOW }), undefined, 'the expired entry')
    same(await store.load({ key, now: NOW - 1 }), entry, 'the expired entry, by an earlier clock')
  },

  'refuses even the very same entry': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry()]
    await store.create({ key, entry })
    same(await store.create({ key, entry }), { ok: false, reason: 'taken' }, 'the same create again')
  },
}

export const replaceClauses: Clauses = {
  'replaces every field': async (store) => {
    const [key, first] = [fresh('key'), sampleEntry({ userId: 'ada' })]
    const second = sampleEntry({ payload: '{}', idAt: 1, commits: '[]', createdAt: 2, seenAt: 3, expiresAt: NOW + 2 * HOUR })
    const third = sampleEntry({ userId: 'eve', expiresAt: NOW + 1 })
    await store.create({ key, entry: first })
    same(await store.replace({ key, entry: second, expected: first.version, now: NOW }), { ok: true }, 'replace')
    same(await store.load({ key, now: NOW }), second, 'the entry, without its user and expiring later')
    same(await store.replace({ key, entry: third, expected: second.version, now: NOW }), { ok: true }, 'replace again')
    same(await store.load({ key, now: NOW }), third, 'the entry, with another user and expiring earlier')
  },

  'never creates: refuses a key without a row as missing': async (store) => {
    const key = fresh('key')
    const entry = sampleEntry()
    same(await store.replace({ key, entry, expected: entry.version, now: NOW }), { ok: false, reason: 'missing' }, 'replace of nothing')
    same(await store.load({ key, now: NOW }), undefined, 'load afterwards')
  },

  'never brings back what was deleted': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry({ userId: fresh('user') })]
    await store.create({ key, entry })
    await store.delete({ key })
    same(
      await store.replace({ key, entry: sampleEntry(), expected: entry.version, now: NOW }),
      { ok: false, reason: 'missing' },
      'replace of a deleted entry',
    )
    same(await store.load({ key, now: NOW }), undefined, 'load afterwards')
    same(await store.create({ key, entry: sampleEntry() }), { ok: true }, 'create afterwards')
  },

  'takes an entry up to the instant before it expires, and refuses it as missing from then on': async (store) => {
    const [key, entry, next] = [fresh('key'), sampleEntry(), sampleEntry()]
    await store.create({ key, entry })
    for (const now of [entry.expiresAt, entry.expiresAt + 1, entry.expiresAt + 1000 * HOUR])
      same(
        await store.replace({ key, entry: next, expected: entry.version, now }),
        { ok: false, reason: 'missing' },
        `replace ${now - entry.expiresAt} ms late`,
      )
    same(await store.load({ key, now: NOW }), entry, 'the entry after that')
    same(
      await store.replace({ key, entry: next, expected: entry.version, now: entry.expiresAt - 1 }),
      { ok: true },
      'replace 1 ms before expiresAt',
    )
  },

  'leaves other keys alone': async (store) => {
    const [one, other] = [fresh('key'), fresh('key')]
    const version = fresh('version')
    const [mine, theirs] = [sampleEntry({ version }), sampleEntry({ version })]
    await store.create({ key: one, entry: mine })
    await store.create({ key: other, entry: theirs })
    await store.replace({ key: one, entry: sampleEntry(), expected: version, now: NOW })
    same(await store.load({ key: other, now: NOW }), theirs, 'the entry of another key with the same version')
  },
}

export const deleteClauses: Clauses = {
  'deletes the row, whatever its version, and says whether there was one': async (store) => {
    const [key, entry] = [fresh('key'), sampleEntry()]
    await store.create({ key, entry })
    await store.replace({ key, entry: sampleEntry(), expected: entry.version, now: NOW })
    same(await store.delete({ key }), true, 'delete')
    same(await store.load({ key, now: NOW }), undefined, 'load afterwards')
    same(await store.load({ key, now: NOW, fresh: true }), undefined, 'fresh load afterwards')
  },

  'may be repeated, and says that there was none': async (store) => {
    const key = fresh('key')
    same(await store.delete({ key }), false, 'delete of nothing')
    await store.create({ key, entry: sampleEntry() })
    await store.delete({ key })
    same(await store.delete({ key }), false, 'the second delete')
  },

  'leaves other keys alone': async (store) => {
    const [one, other, entry] = [fresh('key'), fresh('key'), sampleEntry()]
    await store.create({ key: one, entry: sampleEntry() })
    await store.create({ key: other, entry })
    await store.delete({ key: one })
    same(await store.load({ key: other, now: NOW }), entry, 'the other entry')
  },
}
