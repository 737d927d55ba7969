import { describe, expect, it } from 'vitest'
import type { Entry, Store } from '../../../src/index.ts'
import { SealedStore } from '../../../src/stores/sealed.ts'
import { NOW, sampleEntry } from '../../../src/testing/sample.ts'
import { withCallsIn } from '../../helpers/changed-stores.ts'
import { listAllEntries } from '../../helpers/list-all-entries.ts'
import { type Browser, TestApp } from '../fixture.ts'
import { type OpenStore, optionsOn } from './stores.ts'

export const OLD = 'an older secret of more than 32 characters'
const NEW = 'a newer secret of more than 32 characters'

interface Table {
  /** The store that keeps the sealed rows. */
  readonly rows: Store
  readonly app: TestApp
  readonly ada: Browser
  readonly eve: Browser
  readonly entries: readonly (readonly [key: string, entry: Entry])[]
  readonly key: string
  readonly row: Entry
  /** The row of the other session. */
  readonly other: Entry
}

function withoutUser(row: Entry): Entry {
  const { userId: _, ...rest } = row
  return rest
}

/** Attacks of a person who reads or writes the table of sealed rows. */
export function testSealedRows(open: OpenStore): void {
  /** A store with a session of Ada and one of Eve, and the rows as the table has them. */
  async function table(): Promise<Table> {
    const rows = await open()
    const app = new TestApp(optionsOn(new SealedStore({ store: rows, secrets: OLD })))
    const [ada, eve] = [app.browser.copy(), app.browser.copy()]
    await app.request(
      (session) => {
        session.login('ada.lovelace')
        session.set('file', 'medical')
      },
      { browser: ada },
    )
    await app.request((session) => session.login('eve.attacker'), { browser: eve })
    const entries = await listAllEntries(rows)
    const [[key, row], [, other]] = entries as [[string, Entry], [string, Entry]]
    return { rows, app, ada, eve, entries, key, row, other }
  }

  describe('a thief of the table', () => {
    it('reads neither a property nor a user id', async () => {
      const { entries } = await table()
      const text = JSON.stringify(entries)
      for (const secret of ['lovelace', 'attacker', 'medical', '_login']) expect(text).not.toContain(secret)
    })
  })

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
      const { rows, app, ada, eve, key, row, other } = await table()
      await rows.delete({ key })
      await rows.create({ key, entry: forge(row, other) })
      const users = [(await app.open(ada)).userId, (await app.open(eve)).userId]
      expect(users.filter((user) => user !== undefined)).toHaveLength(1)
      expect((await rows.load({ key, now: 0 }))?.version).toBe(forge(row, other).version)
    })
  })

  describe('the secrets', () => {
    it('open what an older one sealed, and seal again with the first one at the next write', async () => {
      const rows = await open()
      const app = new TestApp(optionsOn(new SealedStore({ store: rows, secrets: OLD })))
      await app.request((session) => session.login('ada'))
      const both = app.createManager(optionsOn(new SealedStore({ store: rows, secrets: [NEW, OLD] })))
      const session = await app.open(app.browser, both)
      expect([session.userId, (await both.users.list('ada')).length]).toEqual(['ada', 1])
      session.set('cart', [1])
      await session.save()
      const newest = app.createManager(optionsOn(new SealedStore({ store: rows, secrets: NEW })))
      expect([(await app.open(app.browser, newest)).userId, (await newest.users.list('ada')).length]).toEqual(['ada', 1])
      expect([(await app.open()).userId, app.eventReasons('absent').at(-1)]).toEqual([undefined, 'unreadable'])
    })

    it('find the sessions of a user whichever secret sealed them, also one that is sealed again in between', async () => {
      const rows = await open()
      let searches = 0
      // Between the searches a process with the old secret writes the row of the newer one.
      const searched = withCallsIn(rows, async (method, call) => {
        const result = await call()
        if (method !== 'deleteByIndex') return result
        searches += 1
        const current = await newer.load({ key: '2', now: NOW })
        if (searches === 1 && current !== undefined)
          await older.replace({ key: '2', entry: { ...current, version: 'again' }, expected: current.version, now: NOW })
        return result
      })
      const [older, newer] = [new SealedStore({ store: rows, secrets: OLD }), new SealedStore({ store: searched, secrets: [NEW, OLD] })]
      for (const [key, store] of [
        ['1', older],
        ['2', newer],
      ] as const)
        await store.create({ key, entry: sampleEntry({ userId: 'ada' }) })
      const listed = await newer.list?.({ now: NOW, index: 'userId', name: 'ada' })
      expect(listed?.cursor).toBeDefined()
      expect(await newer.deleteByIndex?.({ index: 'userId', name: 'ada' })).toBe(2)
      expect([searches, await listAllEntries(rows)]).toEqual([3, []])
    })
  })
}
