import { expect, it } from 'vitest'
import { csrfToken, verifyCsrfToken } from '../../../src/csrf/csrf.ts'
import type { Session, SessionOptions, Sessions, Store } from '../../../src/index.ts'
import { incoming } from '../../helpers/incoming.ts'
import { type Browser, catchRejection, HOUR, MINUTE, TestApp } from '../fixture.ts'
import { type OpenStore, optionsOn } from './stores.ts'

const INTERVAL = 15 * MINUTE

function optionsFor(store: Store): SessionOptions {
  return { ...optionsOn(store), cycleId: '15m' }
}

/** Attacks on the renewal of ids, and what visitors must not notice of it. */
export function testCycleId(open: OpenStore): void {
  /** An app whose browser has a session that is 15 minutes old. Its user has logged in. */
  async function dueApp(): Promise<{ app: TestApp; other: Sessions<any> }> {
    const store = await open()
    const options = optionsFor(store)
    const app = new TestApp(options)
    await app.request((session) => session.set('cart', [1]).login('ada'))
    app.clock.advance(INTERVAL)
    app.clearEvents()
    return { app, other: app.createManager(options) }
  }

  /** The same after a request that has replaced the id. `old` still has the id before. */
  async function renewedApp(): Promise<{ app: TestApp; other: Sessions<any>; old: Browser }> {
    const { app, other } = await dueApp()
    const old = app.browser.copy()
    await app.request((session) => session.userId)
    expect(app.browser.id).not.toBe(old.id)
    return { app, other, old }
  }

  const DATA = { cart: [1], userId: 'ada' }

  it('20 requests in two processes that find the id too old get one new id, and none fails or looks logged out', async () => {
    const { app, other } = await dueApp()
    const old = app.browser.copy()
    const managers = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? app.sessions : other))
    const opened = await Promise.all(managers.map((sessions) => app.open(old, sessions)))
    const cookies = await Promise.all(
      opened.map(async (session, index) => {
        expect(session.userId).toBe('ada')
        if (index % 4 < 2) session.increment('n')
        return (await (managers[index] as Sessions<any>).commit(session, { status: 200 })).getSetCookie()
      }),
    )
    expect(cookies.flat()).toHaveLength(1)
    expect(app.eventReasons('id-cycled')).toEqual(['age'])
    for (const headers of cookies) app.browser.applyCookies(new Headers(headers.map((cookie) => ['Set-Cookie', cookie])))
    for (const browser of [app.browser, old]) expect(await app.read(browser)).toEqual({ ...DATA, n: 10 })
  })

  it('both ids are of one session: 40 increments give 40, and a value is claimed once', async () => {
    const { app, other, old } = await renewedApp()
    await app.request((session) => void session.set('coupon', 'c0upon'))
    const request = async <T>(index: number, work: (session: Session<any>) => T): Promise<Awaited<T>> => {
      const sessions = index % 4 < 2 ? app.sessions : other
      const session = await app.open(index % 2 === 0 ? app.browser : old, sessions)
      const result = await work(session)
      expect((await sessions.commit(session, { status: 200 })).getSetCookie()).toEqual([])
      return result
    }
    await Promise.all(Array.from({ length: 40 }, (_, index) => request(index, (session) => void session.increment('n'))))
    const claims = await Promise.all(Array.from({ length: 6 }, (_, index) => request(index, (session) => session.claim('coupon'))))
    expect(claims.filter((each) => each !== undefined)).toEqual(['c0upon'])
    for (const browser of [app.browser, old]) expect(await app.read(browser)).toEqual({ ...DATA, n: 40 })
  })

  it('a browser that never got the response keeps its session, and gets an id with a later one', async () => {
    const { app, old } = await renewedApp()
    const lost = app.browser.copy()
    app.clock.advance(2 * MINUTE)
    await app.request((session) => session.userId, { browser: old })
    expect(await app.read(old)).toEqual(DATA)
    expect([old.id === lost.id, await app.read(lost)]).toEqual([false, {}])
    expect(app.events.filter(({ type }) => type === 'old-ids-ended')).toMatchObject([{ reason: 'overlap-over', count: 1 }])
  })

  it('the id before ends with the first use of the new one two minutes later, also if the response is an error', async () => {
    for (const status of [200, 500]) {
      const { app, old } = await renewedApp()
      app.clock.advance(2 * MINUTE - 1)
      await app.request((session) => session.userId, { status })
      expect(await app.read(old)).toEqual(DATA)
      app.clock.advance(1)
      await app.request((session) => session.userId, { status })
      expect([await app.read(), await app.read(old)]).toEqual([DATA, {}])
    }
  })

  it('of two ids that are used at once after two minutes exactly one stays', async () => {
    const { app, old } = await renewedApp()
    app.clock.advance(HOUR)
    const browsers = [app.browser, old]
    const opened = await Promise.all(browsers.map((browser) => app.open(browser)))
    for (const session of opened) expect(session.userId).toBe('ada')
    await Promise.all(
      opened.map(async (session, index) => browsers[index]?.applyCookies(await app.sessions.commit(session, { status: 200 }))),
    )
    const found = (await Promise.all(browsers.map((browser) => app.read(browser)))).filter((data) => data['userId'] === 'ada')
    expect(found).toEqual([DATA])
  })

  it('a visitor who loads a page every 15 minutes is never logged out', async () => {
    const { app } = await dueApp()
    for (let load = 0; load < 40; load++) {
      const before = app.browser.id
      expect((await app.request((session) => session.get('cart'))).result).toEqual([1])
      expect(app.browser.id).not.toBe(before)
      app.clock.advance(INTERVAL)
    }
  })

  it('processes whose clocks differ by a minute end no login', async () => {
    const { app, old } = await renewedApp()
    const ahead = app.createManager({ ...optionsFor(app.store), clock: () => app.clock.at + MINUTE })
    app.clock.advance(MINUTE - 1)
    for (const browser of [old, app.browser]) {
      const session = await app.open(browser, ahead)
      session.increment('n')
      expect((await ahead.commit(session, { status: 200 })).getSetCookie()).toEqual([])
    }
    expect(await app.read()).toEqual({ ...DATA, n: 2 })
  })

  it.each<[string, (session: Session<any>) => unknown]>([
    ['a login', (session) => session.login('ada')],
    ['a login of another user', (session) => session.login('bob')],
    ['reauthenticate', (session) => session.reauthenticate()],
    ['cycleId', (session) => session.cycleId()],
    ['a logout', (session) => session.logout()],
  ])('%s under either id ends both', async (_name, change) => {
    for (const which of ['new', 'old'] as const) {
      const { app, old } = await renewedApp()
      const [before, used] = [app.browser.copy(), which === 'new' ? app.browser.copy() : old.copy()]
      await app.request(change, { browser: used })
      for (const browser of [before, old]) expect(await app.read(browser)).toEqual({})
    }
  })

  it('a request that loaded the session before a logout or a login does not renew its id after it', async () => {
    for (const change of [(session: Session<any>) => session.logout(), (session: Session<any>) => session.login('ada')]) {
      const { app } = await dueApp()
      const slow = await app.open(app.browser.copy())
      expect(slow.userId).toBe('ada')
      await app.request(change)
      expect((await app.sessions.commit(slow, { status: 200 })).getSetCookie()).toEqual([])
      expect(app.eventReasons('id-cycled')).toEqual([])
    }
  })

  it('revoke and users.revoke end both ids', async () => {
    for (const revoke of [
      ({ sessions }: TestApp, { handle }: Session<any>) => sessions.revoke(String(handle)),
      ({ sessions }: TestApp) => sessions.users.revoke('ada'),
    ]) {
      const { app, old } = await renewedApp()
      await revoke(app, await app.open())
      for (const browser of [app.browser, old]) expect(await app.read(browser)).toEqual({})
    }
  })

  it('an attacker who planted the id sees nothing of a login after its renewal, also if the new id went to the attacker', async () => {
    for (const renewedBy of ['owner', 'attacker'] as const) {
      const { app } = await dueApp()
      await app.request((session) => session.flush())
      await app.request((session) => void session.set('cart', [2]))
      const attacker = app.browser.copy()
      app.clock.advance(INTERVAL)
      await app.request((session) => session.get('cart'), { browser: renewedBy === 'owner' ? app.browser : attacker })
      const planted = attacker.copy()
      await app.request((session) => session.login('ada'))
      for (const browser of [attacker, planted]) expect(await app.read(browser)).toEqual({})
      const write = app.request((session) => void session.set('a', 1), { browser: planted })
      expect((await catchRejection(write)).code).toBe('ERR_SESSION_ENDED')
      expect(await app.read()).toEqual({ cart: [2], userId: 'ada' })
    }
  })

  it('a login with the id before starts no second session for others to join, and an older id joins nothing', async () => {
    const { app, old } = await renewedApp()
    const oldest = old.copy()
    app.clock.advance(2 * MINUTE)
    await app.request((session) => session.userId)
    await app.request((session) => session.login('ada'), { browser: oldest })
    expect(await app.read(oldest)).toEqual({ userId: 'ada' })
    expect(await app.read()).toEqual(DATA)
    expect(app.eventReasons('login-joined')).toEqual([])
  })

  it('an id from before the one that was replaced cannot end the session', async () => {
    const { app } = await dueApp()
    const planted = app.browser.copy()
    await app.request((session) => session.login('ada'))
    app.clock.advance(INTERVAL)
    await app.request((session) => session.userId)
    await app.request((session) => session.logout(), { browser: planted })
    expect(await app.read()).toEqual(DATA)
  })

  it('keeps the levels and the device, and the CSRF token of the id before', async () => {
    const { app } = await dueApp()
    await app.request((session) => session.login('ada', { level: 2, device: 'Firefox' }))
    app.clock.advance(INTERVAL)
    const token = csrfToken(await app.open())
    await app.request((session) => session.userId)
    const session = await app.open()
    expect(session.authentication).toMatchObject({ userId: 'ada', level: 2, device: 'Firefox' })
    verifyCsrfToken(session, token)
  })

  it('two cookies with both ids lead to the session', async () => {
    const { app, old } = await renewedApp()
    const both = [old.cookie, app.browser.cookie].join('; ')
    for (const cookie of [both, both.split('; ').reverse().join('; ')])
      expect((await app.sessions.open(incoming(cookie))).toObject()).toEqual(DATA)
  })
}
