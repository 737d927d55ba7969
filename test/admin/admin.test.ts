import { describe, expect, it } from 'vitest'
import { type Admin, createAdmin } from '../../src/admin/admin.ts'
import { StoreError } from '../../src/core/base/errors.ts'
import { CookieStore } from '../../src/stores/cookie.ts'
import { appWith, Browser, catchError, catchRejection, DAY, HOUR, START, TestApp } from '../core/fixture.ts'
import { SECRET } from '../stores/cookie/cookie-secret.ts'
import { delegate } from './delegate.ts'

function adminOf(app: TestApp): Admin {
  return createAdmin({ sessions: app.sessions, operator: 'alice' })
}

/** Creates a session with these properties and returns its handle. */
async function addSession(app: TestApp, properties: Record<string, unknown>, userId?: string | number): Promise<string> {
  const { session } = await app.request(
    (created) => {
      created.assign(properties)
      if (userId !== undefined) created.login(userId)
    },
    { browser: new Browser() },
  )
  return session.handle as string
}

describe('createAdmin', () => {
  it.each([
    [{ operator: 'alice' }, '`sessions` is missing'],
    [{ sessions: {}, operator: 'alice' }, '`sessions` is an object'],
    [{ sessions: new TestApp().sessions }, '`operator` is missing'],
    [{ sessions: new TestApp().sessions, operator: ' ' }, "`operator` is ' '"],
    [{ sessions: new TestApp().sessions, operator: 'alice', values: true }, '`values` does not exist'],
  ])('refuses wrong options: %#', (options, message) => {
    expect(catchError(() => createAdmin(options as never))).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining(message),
    })
  })
})

describe('list', () => {
  it('returns the sessions that have not ended, without ids and values', async () => {
    const app = new TestApp({ idle: '1h' })
    const [first, second] = [await addSession(app, { cart: ['a'] }, 7), await addSession(app, { theme: 'dark' })]
    app.clock.advance(HOUR)
    const third = await addSession(app, { cart: [] })
    const { sessions, cursor } = await adminOf(app).list()
    expect(cursor).toBeUndefined()
    expect(sessions.map(({ handle }) => handle)).toEqual([third])
    app.clock.at = START
    const all = await adminOf(app).list()
    expect(all.sessions.map(({ handle, userId }) => [handle, userId])).toEqual([
      [first, '7'],
      [second, undefined],
      [third, undefined],
    ])
    expect(all.sessions[0]).toEqual({
      handle: first,
      userId: '7',
      createdAt: START,
      seenAt: START,
      expiresAt: START + HOUR,
      size: expect.any(Number),
      writes: 1,
      isReadable: true,
    })
    expect(JSON.stringify(all)).not.toContain('dark')
  })

  it('leaves out sessions that ended because the options became stricter', async () => {
    const app = new TestApp()
    await addSession(app, { a: 1 })
    app.clock.advance(2 * HOUR)
    const admin = createAdmin({ sessions: app.createManager({ idle: '1h' }), operator: 'alice' })
    expect(await admin.list()).toEqual({ sessions: [], cursor: undefined })
    expect(await adminOf(app).count()).toBe(1)
  })

  it.each([1, 2, 3, 100])('returns every session once in pages of %i', async (limit) => {
    const app = new TestApp()
    const handles: string[] = []
    for (let n = 0; n < 7; n += 1) handles.push(await addSession(app, { n }))
    const admin = adminOf(app)
    const found: string[] = []
    let cursor: string | undefined
    do {
      const page = await admin.list({ limit, cursor })
      expect(page.sessions.length).toBeLessThanOrEqual(limit)
      found.push(...page.sessions.map(({ handle }) => handle))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(found).toEqual(handles)
  })

  it('selects by user, property and age', async () => {
    const app = new TestApp()
    const old = await addSession(app, { cart: [] }, 'u1')
    app.clock.advance(DAY)
    const young = await addSession(app, { theme: 'dark' }, 'u1')
    const other = await addSession(app, { cart: [] }, 'u2')
    const admin = adminOf(app)
    const handlesOf = async (filter: Parameters<Admin['list']>[0]): Promise<string[]> =>
      (await admin.list(filter)).sessions.map(({ handle }) => handle)
    expect(await handlesOf({ user: 'u1' })).toEqual([old, young])
    expect(await handlesOf({ has: 'cart' })).toEqual([old, other])
    expect(await handlesOf({ user: 'u1', has: 'cart' })).toEqual([old])
    expect(await handlesOf({ olderThan: '1d' })).toEqual([old])
    expect(await handlesOf({ idleFor: '1h' })).toEqual([old])
    expect(await handlesOf({ idleFor: '25h' })).toEqual([])
    expect(await admin.count({ has: 'cart' })).toBe(2)
  })

  it('leaves out the sessions of another realm', async () => {
    const app = new TestApp()
    await addSession(app, { a: 1 }, 7)
    const admins = app.createManager({ cookie: { name: 'admin' } })
    const session = await admins.open({ secure: true, loopback: false, header: () => undefined })
    session.login(7)
    await admins.commit(session, { status: 200 })
    expect((await createAdmin({ sessions: admins, operator: 'alice' }).list()).sessions.map(({ handle }) => handle)).toEqual([
      session.handle,
    ])
  })

  it.each([
    [{ limit: 0 }, 'the limit is 0'],
    [{ limit: 1001 }, 'the limit is 1001'],
    [{ user: undefined }, 'would select every session'],
    [{ user: '' }, "`user` is ''"],
    [{ has: 7 }, '`has` is 7'],
    [{ olderThan: 60 }, 'a number has no unit'],
    [{ age: '1d' }, '`age` does not exist'],
    [{ cursor: 'nonsense' }, "the cursor is 'nonsense'"],
  ])('refuses %j', async (options, message) => {
    expect(await catchRejection(adminOf(new TestApp()).list(options as never))).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining(message),
    })
  })

  it.each(['list', 'count', 'stats', 'revokeAll'] as const)('names the reason why %s needs a store on the server', async (verb) => {
    const app = new TestApp({ store: new CookieStore({ secrets: [SECRET] }) })
    expect(await catchRejection(adminOf(app)[verb]())).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining('cookies of their browsers'),
    })
  })
})

describe('show', () => {
  it('returns the properties with their sizes, and values only on request', async () => {
    const app = await appWith({ cart: ['a', 'b'], seen: new Date(START) })
    const { handle = '' } = await app.open()
    const admin = adminOf(app)
    const session = await admin.show(handle)
    expect(session).toMatchObject({ handle, writes: 1, receipts: 1, endsWithBrowser: false, internalProperties: 0 })
    expect(session?.properties).toEqual([
      { name: 'cart', size: 9, class: undefined, kind: 'array' },
      { name: 'seen', size: expect.any(Number), class: undefined, kind: 'Date' },
    ])
    expect((await admin.show(handle, { values: true }))?.properties.map(({ value }) => value)).toEqual([['a', 'b'], new Date(START)])
    expect(JSON.stringify(session)).not.toContain(app.browser.id)
  })

  it('never returns a secret value, also that of the user', async () => {
    const app = new TestApp({ properties: { otp: { secret: true }, userId: { secret: true }, theme: { client: true } } })
    const handle = await addSession(app, { otp: 'hidden', theme: 'dark' }, 'bob')
    const session = await adminOf(app).show(handle, { values: true })
    expect(session?.properties).toEqual([
      { name: 'otp', size: 8, class: 'secret', kind: undefined },
      { name: 'theme', size: 6, class: 'client', kind: 'string', value: 'dark' },
      { name: 'userId', size: 5, class: 'secret', kind: undefined },
    ])
    expect(JSON.stringify([session, await adminOf(app).list(), await adminOf(app).stats()])).not.toMatch(/hidden|bob/)
  })

  it('returns undefined for a session that does not exist or has expired', async () => {
    const app = await appWith({ a: 1 })
    const { handle = '' } = await app.open()
    expect(await adminOf(app).show('x'.repeat(43))).toBeUndefined()
    app.clock.advance(30 * DAY)
    expect(await adminOf(app).show(handle)).toBeUndefined()
  })

  it('shows a session that the codec cannot decode', async () => {
    const app = await appWith({ a: 1 })
    const { handle = '' } = await app.open()
    await app.replacePayload('not a payload')
    expect(await adminOf(app).show(handle)).toMatchObject({ handle, isReadable: false, properties: [] })
  })

  it('refuses something that is not a handle', async () => {
    expect(await catchRejection(adminOf(new TestApp()).show(undefined as never))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })
})

describe('deleteProperty', () => {
  it('removes one property with an ordinary commit, and a request that runs loses nothing', async () => {
    const app = await appWith({ cart: ['a'], count: 1 })
    const running = await app.open()
    running.increment('count')
    expect(await adminOf(app).deleteProperty(running.handle as string, 'cart')).toBe(true)
    await app.sessions.commit(running, { status: 200 })
    expect(await app.read()).toEqual({ count: 2 })
    expect(app.events.filter(({ type }) => type === 'audit')).toEqual([
      {
        type: 'audit',
        reason: 'property-deleted',
        operator: 'alice',
        outcome: 'done',
        count: 1,
        property: 'cart',
        handle: running.handle,
      },
    ])
  })

  it('does not revive a session', async () => {
    const app = await appWith({ cart: ['a'] })
    const { handle = '' } = await app.open()
    await app.request((session) => session.flush(), { browser: app.browser.copy() })
    expect(await adminOf(app).deleteProperty(handle, 'cart')).toBe(false)
    expect(await app.rows()).toEqual([])
  })

  it('removes a property that cannot be parsed, and the user', async () => {
    const app = new TestApp()
    const handle = await addSession(app, { a: 1 }, 7)
    await app.replacePayload('{\t"userId":7,\n\t"a":[broken]\n}')
    const admin = adminOf(app)
    expect([await admin.deleteProperty(handle, 'a'), await admin.deleteProperty(handle, 'userId')]).toEqual([true, true])
    expect(await admin.show(handle)).toMatchObject({ userId: undefined, properties: [] })
  })

  it('returns false for a property that the session does not have', async () => {
    const app = await appWith({ a: 1 })
    expect(await adminOf(app).deleteProperty((await app.open()).handle as string, 'b')).toBe(false)
  })

  it.each(['_expiry', '_flash.1.notice', 7])('refuses the name %j', async (name) => {
    expect(await catchRejection(adminOf(new TestApp()).deleteProperty('h', name as never))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })
})

describe('revoke', () => {
  it('ends one session, and a request that runs cannot bring it back', async () => {
    const app = await appWith({ a: 1 })
    const running = await app.open()
    const handle = running.handle as string
    running.set('b', 2)
    const admin = adminOf(app)
    expect([await admin.revoke(handle), await admin.revoke(handle)]).toEqual([true, false])
    expect(await catchRejection(app.sessions.commit(running, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(await app.rows()).toEqual([])
    expect(app.events.filter(({ type }) => type === 'audit')).toMatchObject([
      { reason: 'revoked', operator: 'alice', handle, count: 1 },
      { reason: 'revoked', operator: 'alice', handle, count: 0 },
    ])
  })

  it('ends the sessions of a user', async () => {
    const app = new TestApp()
    await addSession(app, {}, 7)
    await addSession(app, {}, 7)
    const other = await addSession(app, {}, 8)
    expect(await adminOf(app).revokeUser(7)).toBe(2)
    expect((await adminOf(app).list()).sessions.map(({ handle }) => handle)).toEqual([other])
    expect(app.events.findLast(({ type }) => type === 'audit')).toMatchObject({ reason: 'user-revoked', userId: '7', count: 2 })
  })

  it('ends all sessions that fulfil a filter', async () => {
    const app = new TestApp()
    for (let n = 0; n < 50; n += 1) await addSession(app, n % 2 === 0 ? { cart: [] } : { n })
    const admin = adminOf(app)
    expect(await admin.revokeAll({ has: 'cart' })).toBe(25)
    expect(await admin.count()).toBe(25)
    expect(await admin.revokeAll()).toBe(25)
    expect(await app.rows()).toEqual([])
  })

  it('ends after the current page when the signal is aborted, and continues when it is called again', async () => {
    const app = new TestApp()
    for (let n = 0; n < 30; n += 1) await addSession(app, { n })
    const abort = new AbortController()
    expect(await adminOf(app).revokeAll({}, { signal: abort.signal, onProgress: () => abort.abort() })).toBe(10)
    expect(await adminOf(app).revokeAll()).toBe(20)
  })

  it('reports a failure with the number of sessions that had ended', async () => {
    const keys = new Set<string>()
    const app = new TestApp({}, (store) =>
      delegate(store, {
        delete: async (operation) => {
          const [, , third] = keys.add(operation.key)
          if (operation.key === third) throw new StoreError('delete', new Error('the disk is full'), { applied: false })
          return store.delete(operation)
        },
      }),
    )
    for (let n = 0; n < 5; n += 1) await addSession(app, { n })
    const error = await catchRejection(adminOf(app).revokeAll())
    expect(error).toMatchObject({ code: 'ERR_SESSION_STORE' })
    expect(app.events.findLast(({ type }) => type === 'audit')).toMatchObject({ reason: 'all-revoked', outcome: 'failed', count: 4 })
  })

  it.each([undefined, '', Number.NaN])('refuses the user %j', async (userId) => {
    expect(await catchRejection(adminOf(new TestApp()).revokeUser(userId as never))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })
})

describe('clearExpired', () => {
  it('deletes expired rows and reports the progress and the operator', async () => {
    const app = new TestApp()
    for (let n = 0; n < 5; n += 1) await addSession(app, { n })
    app.clock.advance(30 * DAY)
    const progress: number[] = []
    expect(await adminOf(app).clearExpired({ batch: 2, onProgress: (deleted) => progress.push(deleted) })).toBe(5)
    expect(progress.at(-1)).toBe(5)
    expect(app.events.findLast(({ type }) => type === 'audit')).toEqual({
      type: 'audit',
      reason: 'expired-cleared',
      operator: 'alice',
      outcome: 'done',
      count: 5,
    })
  })
})
