import { results } from '../../core/store/results.ts'
import { assertEqual } from '../assert-equal.ts'
import { createRow, fresh, HOUR, NOW, overwrite, sampleEntry } from '../sample.ts'
import type { Clauses } from './clauses.ts'

export const createClauses: Clauses = {
  'returns ok, without a token': async (store) => {
    assertEqual(await store.create({ key: fresh('key'), entry: sampleEntry() }), results.written, 'create')
  },

  'refuses a key that has a row, and does not change the row': async (store) => {
    const [key, entry] = await createRow(store, { userId: 'ada' })
    assertEqual(await store.create({ key, entry: sampleEntry({ userId: 'eve' }) }), results.taken, 'the second create')
    assertEqual(await store.load({ key, now: NOW }), entry, 'the entry')
  },

  'refuses a key whose row is expired, and does not change the row': async (store) => {
    const [key, entry] = await createRow(store, { expiresAt: NOW })
    assertEqual(await store.create({ key, entry: sampleEntry() }), results.taken, 'create over the expired row')
    assertEqual(await store.load({ key, now: NOW }), undefined, 'the expired entry')
    assertEqual(await store.load({ key, now: NOW - 1 }), entry, 'the expired entry, by an earlier clock')
  },

  'refuses the same entry a second time': async (store) => {
    const [key, entry] = await createRow(store)
    assertEqual(await store.create({ key, entry }), results.taken, 'the same create again')
  },
}

export const replaceClauses: Clauses = {
  'replaces every field': async (store) => {
    const [key, first] = [fresh('key'), sampleEntry({ userId: 'ada' })]
    const second = sampleEntry({ payload: '{}', idAt: 1, commits: '[]', createdAt: 2, seenAt: 3, expiresAt: NOW + 2 * HOUR })
    const third = sampleEntry({ userId: 'eve', expiresAt: NOW + 1 })
    await store.create({ key, entry: first })
    assertEqual(await store.replace({ key, entry: second, expected: first.version, now: NOW }), results.written, 'replace')
    assertEqual(await store.load({ key, now: NOW }), second, 'the entry, without its user and expiring later')
    assertEqual(await store.replace({ key, entry: third, expected: second.version, now: NOW }), results.written, 'replace again')
    assertEqual(await store.load({ key, now: NOW }), third, 'the entry, with another user and expiring earlier')
  },

  'never creates: refuses a key without a row as missing': async (store) => {
    const key = fresh('key')
    const entry = sampleEntry()
    assertEqual(await store.replace({ key, entry, expected: entry.version, now: NOW }), results.missing, 'replace of nothing')
    assertEqual(await store.load({ key, now: NOW }), undefined, 'load afterwards')
  },

  'never restores a deleted row': async (store) => {
    const [key, entry] = await createRow(store, { userId: fresh('user') })
    await store.delete({ key })
    assertEqual(await overwrite(store, { key, expected: entry.version }), results.missing, 'replace of a deleted entry')
    assertEqual(await store.load({ key, now: NOW }), undefined, 'load afterwards')
    assertEqual(await store.create({ key, entry: sampleEntry() }), results.written, 'create afterwards')
  },

  'accepts an entry until 1 ms before it expires, and refuses it as missing after that': async (store) => {
    const [key, entry, next] = [fresh('key'), sampleEntry(), sampleEntry()]
    await store.create({ key, entry })
    for (const now of [entry.expiresAt, entry.expiresAt + 1, entry.expiresAt + 1000 * HOUR])
      assertEqual(
        await store.replace({ key, entry: next, expected: entry.version, now }),
        results.missing,
        `replace ${now - entry.expiresAt} ms late`,
      )
    assertEqual(await store.load({ key, now: NOW }), entry, 'the entry after that')
    assertEqual(
      await store.replace({ key, entry: next, expected: entry.version, now: entry.expiresAt - 1 }),
      results.written,
      'replace 1 ms before expiresAt',
    )
  },

  'replaces with `now: 0` an expired row too': async (store) => {
    const [key, entry] = await createRow(store, { expiresAt: NOW - HOUR })
    const next = sampleEntry()
    assertEqual(await store.replace({ key, entry: next, expected: entry.version, now: 0 }), results.written, 'replace')
    assertEqual(await store.load({ key, now: NOW }), next, 'the entry')
  },

  'does not change other rows': async (store) => {
    const [one, other] = [fresh('key'), fresh('key')]
    const version = fresh('version')
    const [mine, theirs] = [sampleEntry({ version }), sampleEntry({ version })]
    await store.create({ key: one, entry: mine })
    await store.create({ key: other, entry: theirs })
    await overwrite(store, { key: one, expected: version })
    assertEqual(await store.load({ key: other, now: NOW }), theirs, 'the entry of another key with the same version')
  },
}

export const deleteClauses: Clauses = {
  'deletes the row, whatever its version, and returns whether there was one': async (store) => {
    const [key, entry] = await createRow(store)
    await overwrite(store, { key, expected: entry.version })
    assertEqual(await store.delete({ key }), true, 'delete')
    assertEqual(await store.load({ key, now: NOW }), undefined, 'load afterwards')
    assertEqual(await store.load({ key, now: NOW, fresh: true }), undefined, 'fresh load afterwards')
  },

  'can be repeated, and returns false': async (store) => {
    const key = fresh('key')
    assertEqual(await store.delete({ key }), false, 'delete of nothing')
    await store.create({ key, entry: sampleEntry() })
    await store.delete({ key })
    assertEqual(await store.delete({ key }), false, 'the second delete')
  },

  'does not change other rows': async (store) => {
    const [one, other, entry] = [fresh('key'), fresh('key'), sampleEntry()]
    await store.create({ key: one, entry: sampleEntry() })
    await store.create({ key: other, entry })
    await store.delete({ key: one })
    assertEqual(await store.load({ key: other, now: NOW }), entry, 'the other entry')
  },
}
