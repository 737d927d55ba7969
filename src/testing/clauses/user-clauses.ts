import type { Store } from '../../core/store/store.ts'
import { assertEqual } from '../assert-equal.ts'
import { ALIKE_TEXTS, createRow, fresh, HOUR, NOW, overwrite, sampleEntry, TRICKY_TEXTS } from '../sample.ts'
import type { Clauses } from './clauses.ts'
import { listAll } from './list-clauses.ts'

const USER_IDS = [
  ...TRICKY_TEXTS,
  ...ALIKE_TEXTS,
  'alike\0',
  'alike\0more',
  '\0',
  '\ud800',
  '\udfff',
  'a\ud800b',
  'a\ufffdb',
  '\u0001"alike"',
  '42',
  '042',
  '42.0',
]

export const userClauses: Clauses = {
  'deletes every session of the user and no other, and returns their number': async (store) => {
    const [ada, eve] = [fresh('user'), fresh('user')]
    const mine = await open(store, [ada, ada, ada])
    const others = await open(store, [eve, undefined])
    assertEqual(await deleteSessions(store, ada), 3, 'the number of deleted sessions')
    assertEqual(await remaining(store, mine), [], 'the remaining sessions of the user')
    assertEqual(await remaining(store, others), others, 'the remaining sessions of others')
    assertEqual(await deleteSessions(store, ada), 0, 'the number of sessions that a second call deleted')
  },

  'does not delete the key `except`': async (store) => {
    const [ada, eve] = [fresh('user'), fresh('user')]
    const [spared = '', ...rest] = await open(store, [ada, ada, ada])
    const [theirs = ''] = await open(store, [eve])
    assertEqual(await deleteSessions(store, ada, spared), 2, 'the number of deleted sessions')
    assertEqual(await remaining(store, [spared, ...rest]), [spared], 'the remaining sessions')
    assertEqual(await deleteSessions(store, ada, theirs), 1, 'the number of deleted sessions when `except` is a key of another user')
  },

  'returns 0 for an unknown user': async (store) => {
    assertEqual(await deleteSessions(store, fresh('user')), 0, 'the number of deleted sessions')
  },

  'uses the current user of an entry': async (store) => {
    const [ada, eve] = [fresh('user'), fresh('user')]
    const [key, anonymous, first] = [fresh('key'), fresh('key'), sampleEntry({ userId: ada })]
    const [second, third] = [sampleEntry({ userId: eve }), sampleEntry()]
    await store.create({ key, entry: first })
    await store.replace({ key, entry: second, expected: first.version, now: NOW })
    await store.create({ key: anonymous, entry: third })
    await store.replace({ key: anonymous, entry: sampleEntry({ userId: eve }), expected: third.version, now: NOW })
    assertEqual(await deleteSessions(store, ada), 0, 'the number of deleted sessions of the former user')
    assertEqual(await deleteSessions(store, eve), 2, 'the number of deleted sessions of the current user')
  },

  'does not delete a session whose user has logged out': async (store) => {
    const ada = fresh('user')
    const [key, first] = [fresh('key'), sampleEntry({ userId: ada })]
    await store.create({ key, entry: first })
    await overwrite(store, { key, expected: first.version })
    assertEqual(await deleteSessions(store, ada), 0, 'the number of deleted sessions')
    assertEqual(await remaining(store, [key]), [key], 'the session')
  },

  'finds the user of an entry that was touched': async (store) => {
    const ada = fresh('user')
    const [key, entry] = await createRow(store, { userId: ada })
    await store.touch({ key, expiresAt: NOW + 2 * HOUR, expected: entry.version, now: NOW })
    assertEqual(await deleteSessions(store, ada), 1, 'the number of deleted sessions')
  },

  'does not count sessions that were deleted before': async (store) => {
    const ada = fresh('user')
    const [key = ''] = await open(store, [ada, ada])
    await store.delete({ key })
    assertEqual(await deleteSessions(store, ada), 1, 'the number of deleted sessions')
  },

  'lists the unexpired sessions of a user and no other, page by page': async (store) => {
    const ada = fresh('user')
    const mine = await open(
      store,
      Array.from({ length: 5 }, () => ada),
    )
    await open(store, [fresh('user'), undefined])
    await store.create({ key: fresh('key'), entry: sampleEntry({ userId: ada, expiresAt: NOW }) })
    const listed = await listAll(store, { now: NOW, index: 'userId', name: ada, limit: 2 })
    assertEqual(Object.keys(listed).sort(), mine.toSorted(), 'the keys')
    assertEqual(
      Object.values(listed).map((entry) => entry.userId),
      mine.map(() => ada),
      'their users',
    )
    assertEqual(await listAll(store, { now: NOW, index: 'userId', name: fresh('user') }), {}, 'the sessions of an unknown user')
  },

  'lists the sessions of a user once each, also when the last one of a page was deleted': async (store) => {
    const ada = fresh('user')
    const mine = await open(
      store,
      Array.from({ length: 11 }, () => ada),
    )
    const query = { now: NOW, index: 'userId', name: ada, limit: 3 } as const
    const first = await store.list?.(query)
    const listed = first?.entries.map(([key]) => key) ?? []
    assertEqual(listed.length, 3, 'the number of sessions of the first page')
    const [removed = '', gone = ''] = [listed.at(-1), mine.find((key) => !listed.includes(key))]
    for (const key of [removed, gone]) await store.delete({ key })
    const rest = first?.cursor === undefined ? {} : await listAll(store, { ...query, cursor: first.cursor })
    const left = mine.filter((key) => key !== gone && !listed.includes(key))
    assertEqual(Object.keys(rest).sort(), left.toSorted(), 'the keys of the pages after the first')
  },

  'lists every session whose write was acknowledged before the call, while others are written': async (store) => {
    const ada = fresh('user')
    const [created, assigned] = [fresh('key'), fresh('key')]
    const anonymous = sampleEntry()
    await store.create({ key: assigned, entry: anonymous })
    const writers = Array.from({ length: 20 }, async (_, index) => {
      const [key, first] = [`${created}-${index}`, sampleEntry(index % 2 === 0 ? { userId: ada } : {})]
      await store.create({ key, entry: first })
      if (index % 2 !== 0) await overwrite(store, { key, entry: sampleEntry({ userId: ada }), expected: first.version })
      const listed = await listAll(store, { now: NOW, index: 'userId', name: ada, limit: 100 })
      return Object.keys(listed).includes(key)
    })
    const seen = await Promise.all(writers)
    assertEqual(seen.filter((isListed) => isListed).length, writers.length, 'the number of writers that found their session')
    await overwrite(store, { key: assigned, entry: sampleEntry({ userId: ada }), expected: anonymous.version })
    const listed = await listAll(store, { now: NOW, index: 'userId', name: ada, limit: 100 })
    assertEqual(Object.keys(listed).length, writers.length + 1, 'the number of sessions')
  },

  'distinguishes users by case, padding and every code unit': async (store) => {
    const keys = await open(store, USER_IDS)
    for (const [index, userId] of USER_IDS.entries()) {
      const listed = await listAll(store, { now: NOW, index: 'userId', name: userId })
      assertEqual(Object.keys(listed), [keys[index]], `the keys of the user ${JSON.stringify(userId)}`)
      assertEqual(listed[keys[index] ?? '']?.userId, userId, 'the user of the entry')
    }
    for (const [index, userId] of USER_IDS.entries()) {
      assertEqual(await deleteSessions(store, userId), 1, `the number of deleted sessions of ${JSON.stringify(userId)}`)
      assertEqual((await remaining(store, keys)).length, USER_IDS.length - index - 1, 'the number of remaining sessions of other users')
    }
  },
}

async function open(store: Store, userIds: readonly (string | undefined)[]): Promise<string[]> {
  const keys = userIds.map(() => fresh('key'))
  for (const [index, userId] of userIds.entries()) {
    await store.create({ key: keys[index] ?? '', entry: sampleEntry(userId === undefined ? {} : { userId }) })
  }
  return keys
}

async function remaining(store: Store, keys: readonly string[]): Promise<string[]> {
  const entries = await Promise.all(keys.map((key) => store.load({ key, now: NOW })))
  return keys.filter((_, index) => entries[index] !== undefined)
}

async function deleteSessions(store: Store, name: string, except?: string): Promise<number> {
  if (store.deleteByIndex === undefined) throw new Error('the store has the capability `indexes`, but no method `deleteByIndex`')
  return store.deleteByIndex({ index: 'userId', name, except })
}
