import type { Store } from '../../core/store/store.ts'
import { same } from '../same.ts'
import { ALIKE_TEXTS, fresh, HOUR, NOW, sampleEntry, TRICKY_TEXTS } from '../sample.ts'
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
  'ends every session of the user and no other, and says how many': async (store) => {
    const [ada, eve] = [fresh('user'), fresh('user')]
    const mine = await open(store, [ada, ada, ada])
    const others = await open(store, [eve, undefined])
    same(await deleteUser(store, ada), 3, 'how many were ended')
    same(await living(store, mine), [], 'her sessions that live on')
    same(await living(store, others), others, "the others' sessions that live on")
    same(await deleteUser(store, ada), 0, 'how many were ended by a second call')
  },

  'spares the key it is told to': async (store) => {
    const [ada, eve] = [fresh('user'), fresh('user')]
    const [spared = '', ...rest] = await open(store, [ada, ada, ada])
    const [theirs = ''] = await open(store, [eve])
    same(await deleteUser(store, ada, spared), 2, 'how many were ended')
    same(await living(store, [spared, ...rest]), [spared], 'the sessions that live on')
    same(await deleteUser(store, ada, theirs), 1, "how many were ended when another's key is to be spared")
  },

  'says 0 for a user it does not know': async (store) => {
    same(await deleteUser(store, fresh('user')), 0, 'how many were ended')
  },

  'goes by the user an entry has now': async (store) => {
    const [ada, eve] = [fresh('user'), fresh('user')]
    const [key, anonymous, first] = [fresh('key'), fresh('key'), sampleEntry({ userId: ada })]
    const [second, third] = [sampleEntry({ userId: eve }), sampleEntry()]
    await store.create({ key, entry: first })
    await store.replace({ key, entry: second, expected: first.version, now: NOW })
    await store.create({ key: anonymous, entry: third })
    await store.replace({ key: anonymous, entry: sampleEntry({ userId: eve }), expected: third.version, now: NOW })
    same(await deleteUser(store, ada), 0, 'how many were ended of who it was')
    same(await deleteUser(store, eve), 2, 'how many were ended of who it is')
  },

  'leaves alone who has logged out': async (store) => {
    const ada = fresh('user')
    const [key, first] = [fresh('key'), sampleEntry({ userId: ada })]
    await store.create({ key, entry: first })
    await store.replace({ key, entry: sampleEntry(), expected: first.version, now: NOW })
    same(await deleteUser(store, ada), 0, 'how many were ended')
    same(await living(store, [key]), [key], 'the session')
  },

  'still knows the user of an entry that was touched': async (store) => {
    const ada = fresh('user')
    const [key, entry] = [fresh('key'), sampleEntry({ userId: ada })]
    await store.create({ key, entry })
    await store.touch({ key, expiresAt: NOW + 2 * HOUR, expected: entry.version, now: NOW })
    same(await deleteUser(store, ada), 1, 'how many were ended')
  },

  'counts nothing that was deleted before': async (store) => {
    const ada = fresh('user')
    const [key = ''] = await open(store, [ada, ada])
    await store.delete({ key })
    same(await deleteUser(store, ada), 1, 'how many were ended')
  },

  'lists the live sessions of a user and no other, page by page': async (store) => {
    const ada = fresh('user')
    const mine = await open(
      store,
      Array.from({ length: 5 }, () => ada),
    )
    await open(store, [fresh('user'), undefined])
    await store.create({ key: fresh('key'), entry: sampleEntry({ userId: ada, expiresAt: NOW }) })
    const listed = await listAll(store, { now: NOW, index: 'userId', name: ada, limit: 2 })
    same(Object.keys(listed).sort(), mine.toSorted(), 'the keys')
    same(
      Object.values(listed).map((entry) => entry.userId),
      mine.map(() => ada),
      'their users',
    )
    same(await listAll(store, { now: NOW, index: 'userId', name: fresh('user') }), {}, 'the sessions of an unknown user')
  },

  'tells users apart by case, padding and every code unit': async (store) => {
    const keys = await open(store, USER_IDS)
    for (const [index, userId] of USER_IDS.entries()) {
      const listed = await listAll(store, { now: NOW, index: 'userId', name: userId })
      same(Object.keys(listed), [keys[index]], `the keys of the user ${JSON.stringify(userId)}`)
      same(listed[keys[index] ?? '']?.userId, userId, 'the user of the entry')
    }
    for (const [index, userId] of USER_IDS.entries()) {
      same(await deleteUser(store, userId), 1, `how many sessions of ${JSON.stringify(userId)} were ended`)
      same((await living(store, keys)).length, USER_IDS.length - index - 1, 'how many sessions of other users live on')
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

async function living(store: Store, keys: readonly string[]): Promise<string[]> {
  const entries = await Promise.all(keys.map((key) => store.load({ key, now: NOW })))
  return keys.filter((_, index) => entries[index] !== undefined)
}

async function deleteUser(store: Store, name: string, except?: string): Promise<number> {
  if (store.deleteByIndex === undefined) throw new Error('the store has the capability `indexes`, but no method `deleteByIndex`')
  return store.deleteByIndex({ index: 'userId', name, except })
}
