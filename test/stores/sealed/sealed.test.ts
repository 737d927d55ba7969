import { describe, expect, it } from 'vitest'
import type { Entry } from '../../../src/index.ts'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SealedStore } from '../../../src/stores/sealed.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { storeSuite } from '../../../src/testing/store-suite.ts'
import { catchError, TestApp } from '../../core/fixture.ts'

const [OLD, NEW] = ['an older secret of more than 32 characters', 'a newer secret of more than 32 characters']

storeSuite('SealedStore over memory', () => new SealedStore({ store: new MemoryStore(), secrets: OLD }), { describe, it })
storeSuite('SealedStore over SQLite', () => new SealedStore({ store: new SqliteStore(':memory:'), secrets: OLD }), { describe, it })

/** A store with a session of Ada and one of Eve, and the rows as the table has them. */
async function table() {
  const memory = new MemoryStore()
  const app = new TestApp({ store: new SealedStore({ store: memory, secrets: OLD }) })
  const [ada, eve] = [app.browser.copy(), app.browser.copy()]
  await app.request(
    (session) => {
      session.login('ada.lovelace')
      session.set('file', 'medical')
    },
    { browser: ada },
  )
  await app.request((session) => session.login('eve.attacker'), { browser: eve })
  const rows = [...(await memory.list({ now: 0 })).entries]
  const [[key, row], [, other]] = rows as [[string, Entry], [string, Entry]]
  return { memory, app, ada, eve, rows, key, row, other }
}

describe('a thief of the table', () => {
  it('reads neither a property nor a user id', async () => {
    const { rows } = await table()
    const text = JSON.stringify(rows)
    for (const secret of ['lovelace', 'attacker', 'medical', '_login']) expect(text).not.toContain(secret)
  })
})

function withoutUser(row: Entry): Entry {
  const { userId: _, ...rest } = row
  return rest
}

describe('a forger with write access to the table', () => {
  it.each<[string, (row: Entry, other: Entry) => Entry]>([
    ["another user's payload", (row, { payload }) => ({ ...row, payload })],
    ["another session's proof", (row, { proof }) => ({ ...row, proof })],
    ['another user', (row, { userId = '' }) => ({ ...row, userId })],
    ['no user', withoutUser],
    ['a later start', (row) => ({ ...row, createdAt: row.createdAt + 1 })],
    ['another time of the id', (row) => ({ ...row, idAt: row.idAt + 1 })],
    ['another version', (row) => ({ ...row, version: 'forged' })],
    ['a payload that is not sealed', (row) => ({ ...row, payload: '{"userId":"ada"}' })],
    ['a whole other row', (_, other) => other],
  ])('cannot make a row that opens: %s', async (_, forge) => {
    const { memory, app, ada, eve, key, row, other } = await table()
    await memory.delete({ key })
    await memory.create({ key, entry: forge(row, other) })
    const users = [(await app.open(ada)).userId, (await app.open(eve)).userId]
    expect(users.filter((user) => user !== undefined)).toHaveLength(1)
    expect((await memory.load({ key, now: 0 }))?.version).toBe(forge(row, other).version)
  })
})

describe('the secrets', () => {
  it('open what an older one sealed, and seal again with the first one at the next write', async () => {
    const memory = new MemoryStore()
    const app = new TestApp({ store: new SealedStore({ store: memory, secrets: OLD }) })
    await app.request((session) => session.login('ada'))
    const both = app.createManager({ store: new SealedStore({ store: memory, secrets: [NEW, OLD] }) })
    const session = await app.open(app.browser, both)
    expect([session.userId, (await both.users.list('ada')).length]).toEqual(['ada', 1])
    session.set('cart', [1])
    await session.save()
    const newest = app.createManager({ store: new SealedStore({ store: memory, secrets: NEW }) })
    expect([(await app.open(app.browser, newest)).userId, (await newest.users.list('ada')).length]).toEqual(['ada', 1])
    expect([(await app.open()).userId, app.eventReasons('absent').at(-1)]).toEqual([undefined, 'unreadable'])
  })

  it('find the sessions of a user whichever secret sealed them, also one that is sealed again in between', async () => {
    const memory = new MemoryStore()
    const [older, newer] = [[OLD], [NEW, OLD]].map((secrets) => new SealedStore({ store: memory, secrets })) as [SealedStore, SealedStore]
    for (const [key, store] of [
      ['1', older],
      ['2', newer],
    ] as const)
      await store.create({ key, entry: sampleEntry({ userId: 'ada' }) })
    const listed = await newer.list?.({ now: NOW, index: 'userId', name: 'ada' })
    expect(listed?.cursor).toBeDefined()
    // Between the searches a process with the old secret writes the row of the newer one.
    const deleteRow = memory.deleteByIndex.bind(memory)
    let searches = 0
    memory.deleteByIndex = async (operation) => {
      const deleted = await deleteRow(operation)
      searches += 1
      const current = await newer.load({ key: '2', now: NOW })
      if (searches === 1 && current !== undefined)
        await older.replace({ key: '2', entry: { ...current, version: 'again' }, expected: current.version, now: NOW })
      return deleted
    }
    expect(await newer.deleteByIndex?.({ index: 'userId', name: 'ada' })).toBe(2)
    expect([searches, (await memory.list({ now: 0 })).entries]).toEqual([3, []])
  })

  it.each([undefined, '', 'short', 'a'.repeat(40), [OLD, OLD]])('are refused: %j', (secrets) => {
    const error = catchError(() => new SealedStore({ store: new MemoryStore(), secrets: secrets as never }))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining('SealedStore')])
    expect(error.message).not.toContain(OLD)
  })
})

it('refuses a store whose token contains the session', () => {
  const store = new CookieStore({ secrets: OLD })
  expect(catchError(() => new SealedStore({ store, secrets: OLD })).code).toBe('ERR_SESSION_CONFIG')
})
