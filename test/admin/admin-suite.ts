import { expect } from 'vitest'
import { type Admin, createAdmin } from '../../src/admin/admin.ts'
import type { Session, SessionEvent, Sessions } from '../../src/index.ts'
import { type Inspector, inspector } from '../../src/inspector/inspector.ts'

/** The functions of a test runner that the suite uses. */
interface Runner {
  describe(name: string, define: () => void): unknown
  it(name: string, test: () => Promise<void>): unknown
}

/** What the suite needs of a store: a manager on an empty table, and how its users log in. */
export interface AdminFixture {
  readonly makeSessions: (options: { readonly onEvent: (event: SessionEvent) => void }) => Promise<Sessions<any>>
  readonly login: (session: Session<any>, userId: number) => void
  /** The database that `doctor` names; `undefined` if the store cannot be described. */
  readonly server: RegExp | undefined
}

interface Context {
  readonly admin: Admin
  readonly sessions: Sessions<any>
  readonly events: SessionEvent[]
  add(properties: Record<string, unknown>, userId?: number): Promise<Session<any>>
}

/** Tests every verb of an admin on a store. */
export function adminSuite(name: string, fixture: AdminFixture, { describe, it }: Runner): void {
  async function start(): Promise<Context> {
    const events: SessionEvent[] = []
    const sessions = await fixture.makeSessions({ onEvent: (event) => void events.push(event) })
    const add = async (properties: Record<string, unknown>, userId?: number): Promise<Session<any>> => {
      const session = sessions.create()
      session.assign(properties)
      if (userId !== undefined) fixture.login(session, userId)
      await session.save()
      return session
    }
    return { admin: createAdmin({ sessions, operator: 'alice' }), sessions, events, add }
  }

  describe(`admin on ${name}`, () => {
    it('lists every session once in pages, counts, and never returns an id', async () => {
      const { admin, add } = await start()
      const created: Session<any>[] = []
      for (let n = 0; n < 25; n += 1) created.push(await add({ n }, n % 5 === 0 ? 7 : undefined))
      const found: string[] = []
      let cursor: string | undefined
      do {
        const page = await admin.list({ limit: 10, cursor })
        found.push(...page.sessions.map(({ handle }) => handle))
        for (const { id } of created) expect(JSON.stringify(page)).not.toContain(id)
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(found.sort()).toEqual(created.map(({ handle }) => handle).sort())
      expect([await admin.count(), await admin.count({ user: 7 }), await admin.count({ has: 'n', olderThan: '1h' })]).toEqual([25, 5, 0])
    })

    it('shows a session, and deletes a property without losing what a request changes', async () => {
      const { admin, sessions, add } = await start()
      const { id = '', handle = '' } = await add({ cart: ['a'], count: 1 }, 7)
      expect(await admin.show(handle, { values: true })).toMatchObject({ handle, userId: '7' })
      const running = await sessions.load(id)
      running.increment('count')
      expect(await admin.deleteProperty(handle, 'cart')).toBe(true)
      await running.save()
      const shown = await admin.show(handle, { values: true })
      const values = shown?.properties.filter((property) => 'value' in property && property.name !== 'userId') ?? []
      expect(values.map((property) => [property.name, property.value])).toEqual([['count', 2]])
      expect(await admin.deleteProperty(handle, 'cart')).toBe(false)
    })

    it('ends one session, those of a user, and all; no request brings one back', async () => {
      const { admin, sessions, events, add } = await start()
      const { id = '', handle = '' } = await add({ a: 1 })
      const running = await sessions.load(id)
      running.set('a', 2)
      expect([await admin.revoke(handle), await admin.revoke(handle)]).toEqual([true, false])
      await expect(running.save()).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' })
      expect(await admin.show(handle)).toBeUndefined()
      await Promise.all([add({ b: 1 }, 7), add({ b: 2 }, 7), add({ b: 3 }, 8), add({ c: 1 })])
      expect(await admin.revokeUser(7)).toBe(2)
      expect(await admin.count({ user: 8 })).toBe(1)
      expect([await admin.revokeAll({ has: 'c' }), await admin.revokeAll(), await admin.count()]).toEqual([1, 1, 0])
      const audits = events.filter((event) => event.type === 'audit')
      expect(audits.map(({ reason, operator, count }) => [reason, operator, count])).toEqual([
        ['revoked', 'alice', 1],
        ['revoked', 'alice', 0],
        ['user-revoked', 'alice', 2],
        ['all-revoked', 'alice', 1],
        ['all-revoked', 'alice', 1],
      ])
    })

    it('collects statistics, and clears where the store does not clear itself', async () => {
      const { admin, add } = await start()
      await Promise.all([add({ cart: 'x'.repeat(2000) }, 7), add({ cart: 'y' }), add({ theme: 'dark' }, 8)])
      const stats = await admin.stats()
      expect(stats).toMatchObject({ alive: 3, loggedIn: 2, unreadable: 0 })
      expect(stats.properties[0]).toMatchObject({ name: 'cart', sessions: 2, largest: expect.any(Number) })
      const clearing = (await admin.doctor()).find(({ check }) => check === 'clearing')
      if (clearing?.message.includes('by itself') === true)
        await expect(admin.clearExpired()).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
      else expect(await admin.clearExpired()).toBe(0)
    })

    it('explains a cookie and a handle', async () => {
      const { admin, add } = await start()
      const { id = '', handle = '' } = await add({ cart: [] }, 7)
      expect(await admin.explain(id)).toMatchObject({ outcome: 'session', cause: 'found', handle })
      expect(await admin.explain(handle)).toMatchObject({ outcome: 'session', cause: 'found', handle })
      await admin.revoke(handle)
      expect(await admin.explain(id)).toMatchObject({ outcome: 'empty', reason: 'unknown-or-expired' })
      expect(await admin.explain(handle)).toMatchObject({ outcome: 'empty', reason: 'unknown-or-expired' })
    })

    it('has an inspector that lists, searches, shows, deletes and ends', async () => {
      const { sessions, add } = await start()
      const { id = '', handle = '' } = await add({ cart: ['apple'] }, 7)
      const other = await add({ theme: 'dark' })
      const visit = visitor(inspector({ sessions, authorize: () => ({ name: 'ada', values: true, changes: true }) }))
      for (const [query, shown, hidden] of [
        [{ view: 'sessions' }, [handle, other.handle ?? ''], []],
        [{ view: 'sessions', user: '7' }, [handle], [other.handle ?? '']],
        [{ view: 'sessions', has: 'theme' }, [other.handle ?? ''], [handle]],
        [{ session: handle }, ['apple', 'The session is found'], [id]],
        [{ view: 'overview' }, ['Sessions by size', 'cart'], [id]],
      ] as const) {
        const { status, text } = await visit(query)
        expect(status).toBe(200)
        for (const each of shown) expect(text).toContain(each)
        for (const each of hidden) expect(text).not.toContain(each)
      }
      expect((await visit({ session: handle, property: 'cart', confirm: 'delete-property' }, 'POST')).status).toBe(303)
      expect((await sessions.load(id)).has('cart')).toBe(false)
      expect((await visit({ session: handle, confirm: 'revoke' }, 'POST')).status).toBe(303)
      expect((await visit({ session: handle })).status).toBe(404)
    })

    it('finds nothing wrong with the store', async () => {
      const { admin, add } = await start()
      await add({ cart: [] })
      const findings = await admin.doctor()
      expect(findings.filter(({ level, check }) => level === 'error' && check !== 'response')).toEqual([])
      const store = findings.find(({ check }) => check === 'store')
      if (fixture.server !== undefined) expect(store?.message).toMatch(fixture.server)
      expect(findings.find(({ check }) => check === 'rows')).toMatchObject({ level: 'ok', message: expect.stringContaining('1') })
    })
  })
}

/** The verb of sessions in the tables of this package. */
export function ownLogin(session: Session<any>, userId: number): void {
  session.login(userId)
}

/** Sends requests of one browser to an inspector. A post confirms the page of its query. */
function visitor(
  handler: Inspector,
): (query: Readonly<Record<string, string>>, method?: string) => Promise<{ readonly status: number; readonly text: string }> {
  let cookie = ''
  return async function visit(query, method = 'GET') {
    const url = `https://shop.example/inspector?${new URLSearchParams(query)}`
    const page = await handler(new Request(url, { headers: { cookie } }))
    cookie = page.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
    const text = await page.text()
    if (method === 'GET') return { status: page.status, text }
    const [, token = ''] = /name="token" value="([^"]*)"/.exec(text) ?? []
    const { status } = await handler(new Request(url, { method, headers: { cookie }, body: new URLSearchParams({ token }) }))
    return { status, text: '' }
  }
}
