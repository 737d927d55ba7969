import { results } from '../../core/store/results.ts'
import type { DeleteByIndex, Entry, Store } from '../../core/store/store.ts'
import { tombstone } from '../../core/store/tombstone.ts'
import { assertEqual } from '../assert-equal.ts'
import { createRow, fresh, HOUR, NOW, sampleEntry } from '../sample.ts'
import type { Clauses } from './clauses.ts'
import { listAll } from './list-clauses.ts'

export const tombstoneClauses: Clauses = {
  'deleteByIndex with a tombstone replaces every session of the user and no other, and returns their number': async (store) => {
    const [ada, row] = [fresh('user'), sampleTombstone()]
    const [[one], [two], [other, theirs]] = [await open(store, ada), await open(store, ada), await open(store, fresh('user'))]
    const [anonymous, nobodys] = await createRow(store)
    assertEqual(await end(store, { name: ada, tombstone: row }), 2, 'the number of ended sessions')
    for (const key of [one, two]) assertEqual(await store.load({ key, now: NOW }), row, 'the row of an ended session')
    assertEqual(await store.load({ key: other, now: NOW }), theirs, 'the session of another user')
    assertEqual(await store.load({ key: anonymous, now: NOW }), nobodys, 'the session without a user')
    assertEqual(await end(store, { name: ada, tombstone: sampleTombstone() }), 0, 'the number of sessions that a second call ended')
    assertEqual(await store.load({ key: one, now: NOW }), row, 'the row after the second call')
  },

  'deleteByIndex with a tombstone does not replace the key `except`': async (store) => {
    const [ada, row] = [fresh('user'), sampleTombstone()]
    const [[kept, entry], [ended]] = [await open(store, ada), await open(store, ada)]
    assertEqual(await end(store, { name: ada, except: kept, tombstone: row }), 1, 'the number of ended sessions')
    assertEqual(await store.load({ key: kept, now: NOW }), entry, 'the session that stays')
    assertEqual(await store.load({ key: ended, now: NOW }), row, 'the row of the ended session')
  },

  'a tombstone refuses what was written for the session before': async (store) => {
    const [ada, row] = [fresh('user'), sampleTombstone()]
    const [key, entry] = await open(store, ada)
    await end(store, { name: ada, tombstone: row })
    const next = sampleEntry({ userId: ada })
    assertEqual(await store.replace({ key, entry: next, expected: entry.version, now: NOW }), results.stale(row), 'replace of the session')
    assertEqual(await store.touch({ key, expiresAt: NOW + 2 * HOUR, expected: entry.version, now: NOW }), false, 'touch of the session')
    assertEqual(await store.create({ key, entry }), results.taken, 'create of the session')
    assertEqual(await store.load({ key, now: NOW, fresh: true }), row, 'the row after that')
  },

  'a tombstone is in no index, also one that replaced a session': async (store) => {
    const ada = fresh('user')
    const [[key, entry], [other]] = [await open(store, ada), await open(store, ada)]
    assertEqual(await store.replace({ key, entry: sampleTombstone(), expected: entry.version, now: 0 }), results.written, 'replace')
    assertEqual(Object.keys(await listAll(store, { now: NOW, index: 'userId', name: ada })), [other], 'the sessions of the user')
    assertEqual(await end(store, { name: ada, tombstone: sampleTombstone() }), 1, 'the number of ended sessions')
    assertEqual(await listAll(store, { now: NOW, index: 'userId', name: ada }), {}, 'the sessions of the user after that')
  },

  'deleteByIndex and a write of the same session leave either the tombstone or, if the write made it another user’s, the session': async (
    store,
  ) => {
    for (let round = 0; round < 10; round += 1) {
      const [ada, row] = [fresh('user'), sampleTombstone()]
      const [key, entry] = await open(store, ada)
      const next = sampleEntry({ userId: fresh('user') })
      const [ended, written] = await Promise.all([
        end(store, { name: ada, tombstone: row }),
        store.replace({ key, entry: next, expected: entry.version, now: NOW }),
      ])
      assertEqual([ended, written.ok], written.ok ? [0, true] : [1, false], 'the number of ended sessions, and whether the write succeeded')
      assertEqual(await store.load({ key, now: NOW }), written.ok ? next : row, 'the row')
    }
  },
}

function sampleTombstone(): Entry {
  return tombstone(fresh('version'), NOW, NOW + HOUR)
}

function open(store: Store, userId: string): Promise<[key: string, entry: Entry]> {
  return createRow(store, { userId })
}

async function end(store: Store, operation: Omit<DeleteByIndex, 'index'>): Promise<number> {
  if (store.deleteByIndex === undefined) throw new Error('the store has the capability `indexes`, but no method `deleteByIndex`')
  return store.deleteByIndex({ index: 'userId', ...operation })
}
