import { describe, expect, it } from 'vitest'
import type { Session } from '../../../src/index.ts'
import { incoming } from '../../helpers/incoming.ts'
import { type Browser, catchRejection, HOUR, MINUTE, type TestApp } from '../fixture.ts'
import { appOn, type OpenStore, optionsOn, rowCount } from './stores.ts'

/** An app whose browser has a session with a cart, and clicked "Log in" twice: both responses. */
export async function doubleClick(app: TestApp): Promise<{ first: Browser; second: Browser; planted: Browser }> {
  const [planted, first, second] = [app.browser.copy(), app.browser.copy(), app.browser.copy()]
  await app.request((session) => session.login('ada'), { browser: first })
  await app.request((session) => session.login('ada'), { browser: second })
  return { first, second, planted }
}

/** Attacks on parallel logins of one user, and what the user must not lose by them. */
export function testParallelLogins(open: OpenStore): void {
  describe('a double click on "Log in"', () => {
    it('whose requests overlap keeps the cart under the id of each response', async () => {
      const app = await appOn(open, { cart: [1] })
      const [first, second] = [app.browser.copy(), app.browser.copy()]
      const sessions = [await app.open(first), await app.open(second)] as const
      for (const [index, browser] of [first, second].entries()) {
        const session = sessions[index] as Session<any>
        session.login('ada')
        session.increment('logins')
        browser.applyCookies(await app.sessions.commit(session, { status: 200 }))
      }
      expect(first.id).not.toBe(second.id)
      for (const browser of [first, second]) expect(await app.read(browser)).toEqual({ cart: [1], userId: 'ada', logins: 2 })
      expect(await rowCount(app)).toBe(1)
      expect(app.eventReasons('login-joined')).toEqual(['same-user'])
      expect(app.eventReasons('found-ended')).toEqual([])
    })

    it('whose second request arrives after the first response keeps the cart under the id of each response', async () => {
      const app = await appOn(open, { cart: [1] })
      const { first, second, planted } = await doubleClick(app)
      for (const browser of [first, second]) expect(await app.read(browser)).toEqual({ cart: [1], userId: 'ada' })
      expect(await app.read(planted)).toEqual({})
      expect(await rowCount(app)).toBe(1)
      expect(app.eventReasons('login-joined')).toEqual(['same-user'])
    })

    it('in two processes, one after the other or at once', async () => {
      const app = await appOn(open, { cart: [1] })
      const other = app.createManager(optionsOn(app.store))
      const browsers = Array.from({ length: 4 }, () => app.browser.copy())
      const opened = await Promise.all(browsers.map((browser, index) => app.open(browser, index % 2 === 0 ? app.sessions : other)))
      await Promise.all(
        opened.map(async (session, index) => {
          session.login('ada')
          const manager = index % 2 === 0 ? app.sessions : other
          browsers[index]?.applyCookies(await manager.commit(session, { status: 200 }))
        }),
      )
      for (const browser of browsers) expect(await app.read(browser)).toEqual({ cart: [1], userId: 'ada' })
      expect(await rowCount(app)).toBe(1)
    })

    it('of six clicks: the four newest ids are valid, and all data is kept', async () => {
      const app = await appOn(open, { cart: [1] })
      const browsers = Array.from({ length: 6 }, () => app.browser.copy())
      for (const browser of browsers) await app.request((session) => session.login('ada'), { browser })
      const found = await Promise.all(browsers.map((browser) => app.read(browser)))
      expect(found).toEqual([{}, {}, ...Array.from({ length: 4 }, () => ({ cart: [1], userId: 'ada' }))])
      expect(await rowCount(app)).toBe(1)
    })

    it('whose ids arrive together in two cookies leads to the session', async () => {
      const app = await appOn(open, { cart: [1] })
      const { first, second } = await doubleClick(app)
      for (const cookies of [
        [first, second],
        [second, first],
      ]) {
        const session = await app.sessions.open(incoming(cookies.map(({ cookie }) => cookie).join('; ')))
        expect([session.toObject(), session.id]).toEqual([{ cart: [1], userId: 'ada' }, second.id])
      }
    })

    it('with lazy loading', async () => {
      const app = await appOn(open, { cart: [1] }, { lazy: true })
      const { first, second } = await doubleClick(app)
      for (const browser of [first, second]) {
        const session = await app.open(browser)
        await session.load()
        expect(session.toObject()).toEqual({ cart: [1], userId: 'ada' })
      }
    })

    it('of a second click that saw no session, sets only what is absent and removes nothing', async () => {
      const app = await appOn(open, { cart: [1], theme: 'dark' })
      const second = app.browser.copy()
      await app.request((session) => session.login('ada'))
      await app.request(
        (session) => {
          session.clear()
          session.set('cart', [])
          session.set('from', 'second')
          session.delete('theme')
          session.increment('logins')
          session.login('ada', { expiry: 'browser' })
        },
        { browser: second },
      )
      const data = { cart: [1], theme: 'dark', from: 'second', logins: 1, userId: 'ada' }
      for (const browser of [app.browser, second]) expect(await app.read(browser)).toEqual(data)
    })

    it('shares one session: 40 increments under both ids give 40, and a value is claimed once', async () => {
      const app = await appOn(open, { coupon: 'c0upon' })
      const { first, second } = await doubleClick(app)
      const other = app.createManager(optionsOn(app.store))
      const request = async <T>(index: number, work: (session: Session<any>) => T): Promise<Awaited<T>> => {
        const manager = index % 4 < 2 ? app.sessions : other
        const session = await app.open(index % 2 === 0 ? first : second, manager)
        const result = await work(session)
        expect((await manager.commit(session, { status: 200 })).getSetCookie()).toEqual([])
        return result
      }
      await Promise.all(Array.from({ length: 40 }, (_, index) => request(index, (session) => void session.increment('n'))))
      const claims = await Promise.all(Array.from({ length: 8 }, (_, index) => request(index, (session) => session.claim('coupon'))))
      expect(claims.filter((each) => each !== undefined)).toEqual(['c0upon'])
      for (const browser of [first, second]) expect(await app.read(browser)).toEqual({ n: 40, userId: 'ada' })
    })

    it('a logout under either id, or under the one that was replaced, ends both', async () => {
      for (const which of ['first', 'second', 'planted'] as const) {
        const app = await appOn(open, { cart: [1] })
        const browsers = await doubleClick(app)
        await app.request((session) => session.logout(), { browser: browsers[which].copy() })
        for (const browser of [browsers.first, browsers.second]) expect(await app.read(browser)).toEqual({})
        expect(await rowCount(app)).toBe(0)
      }
    })

    it.each<[string, (session: Session<any>) => void]>([
      ['cycleId', (session) => session.cycleId()],
      ['a login of the same user', (session) => session.login('ada')],
      ['another user', (session) => session.set('userId', 'bob')],
      ['a login of another user', (session) => session.login('bob')],
    ])('%s under either id leaves one id', async (_name, renew) => {
      for (const which of ['first', 'second'] as const) {
        const app = await appOn(open, { cart: [1] })
        const browsers = await doubleClick(app)
        const [old, other] = [browsers[which].copy(), browsers[which === 'first' ? 'second' : 'first']]
        await app.request(renew, { browser: browsers[which] })
        expect(await app.read(browsers[which])).toHaveProperty('userId')
        for (const browser of [old, other, browsers.planted]) expect(await app.read(browser)).toEqual({})
      }
    })
  })

  describe('the ids of parallel logins after two minutes', () => {
    it.each([
      [200, 'first'],
      [200, 'second'],
      [500, 'first'],
      [500, 'second'],
    ] as const)('a response with %i to the %s: its id becomes the only one, with one write', async (status, which) => {
      const app = await appOn(open, { cart: [1] })
      const browsers = await doubleClick(app)
      app.clock.advance(2 * MINUTE - 1)
      for (const browser of [browsers.first, browsers.second])
        expect((await app.request((session) => session.get('userId'), { browser })).result).toBe('ada')
      app.clock.advance(1)
      app.clearEvents()
      const read = (): Promise<unknown> => app.request((session) => session.userId, { browser: browsers[which], status })
      expect(await read()).toMatchObject({ result: 'ada' })
      expect(app.eventReasons('saved')).toEqual(['changed'])
      await read()
      expect(app.eventTypes().filter((type) => type === 'saved').length).toBe(1)
      expect(await app.read(browsers[which])).toEqual({ cart: [1], userId: 'ada' })
      expect(await app.read(browsers[which === 'first' ? 'second' : 'first'])).toEqual({})
    })

    it('if both are used at once exactly one stays, and neither request fails', async () => {
      const app = await appOn(open, { cart: [1] })
      const { first, second } = await doubleClick(app)
      app.clock.advance(HOUR)
      const opened = [await app.open(first), await app.open(second)]
      for (const session of opened) expect(session.get('cart')).toEqual([1])
      await Promise.all(opened.map((session) => app.sessions.commit(session, { status: 200 })))
      const found = [await app.read(first), await app.read(second)].filter((data) => data['userId'] === 'ada')
      expect(found.length).toBe(1)
    })

    it('a change under the id that was used second fails with 409', async () => {
      const app = await appOn(open, { cart: [1] })
      const { first, second } = await doubleClick(app)
      app.clock.advance(HOUR)
      const late = await app.open(second)
      late.set('late', 1)
      await app.request((session) => session.get('cart'), { browser: first })
      expect((await catchRejection(app.sessions.commit(late, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
      expect(await app.read(first)).toEqual({ cart: [1], userId: 'ada' })
    })

    it('a request that loaded them before another new id changes nothing', async () => {
      const app = await appOn(open, { cart: [1] })
      const { first, second } = await doubleClick(app)
      app.clock.advance(HOUR)
      const stale = await app.open(first)
      await app.request((session) => session.login('ada'), { browser: second })
      await app.sessions.commit(stale, { status: 200 })
      expect(await app.read(second)).toEqual({ cart: [1], userId: 'ada' })
      expect(await app.read(first)).toEqual({})
    })
  })

  describe('an attacker who planted the id', () => {
    it('reads nothing, changes nothing, and gets a separate session without the cart after a login', async () => {
      const app = await appOn(open, { cart: [1] })
      const { first, second, planted } = await doubleClick(app)
      expect(await app.read(planted)).toEqual({})
      const write = app.request((session) => void session.set('a', 1), { browser: planted.copy() })
      expect((await catchRejection(write)).code).toBe('ERR_SESSION_ENDED')
      const attacker = planted.copy()
      await app.request((session) => session.login('mallory'), { browser: attacker })
      expect(await app.read(attacker)).toEqual({ userId: 'mallory' })
      for (const browser of [first, second]) expect(await app.read(browser)).toEqual({ cart: [1], userId: 'ada' })
    })

    it.each<[string, (app: TestApp, planted: Browser) => Promise<unknown> | void]>([
      ['a minute later', (app) => app.clock.advance(MINUTE)],
      ['after a cycleId', (app) => app.request((session) => session.cycleId())],
      ['after a second login', (app) => app.request((session) => session.login('ada'))],
      [
        'with an invented secret after the right family',
        (_app, planted) => {
          planted.cookie = `${planted.cookie?.slice(0, -32)}${'x'.repeat(32)}`
        },
      ],
    ])('and knows the password, gets a separate session %s', async (_name, before) => {
      const app = await appOn(open, { cart: [1] })
      const planted = app.browser.copy()
      await app.request((session) => session.login('ada'))
      await before(app, planted)
      await app.request((session) => session.login('ada'), { browser: planted })
      expect(await app.read(planted)).toEqual({ userId: 'ada' })
      expect(await app.read()).toEqual({ cart: [1], userId: 'ada' })
    })

    it('and knows the password, but not the second factor, gets a separate session', async () => {
      const app = await appOn(open, { cart: [1] })
      const planted = app.browser.copy()
      await app.request((session) => session.login('ada', { level: 2 }))
      await app.request((session) => session.login('ada'), { browser: planted })
      expect(await app.read(planted)).toEqual({ userId: 'ada' })
      expect((await app.open()).authentication).toMatchObject({ level: 2 })
    })

    it('sees no second factor that the application records together with a new id', async () => {
      const app = await appOn(open, { cart: [1] })
      const { first, second: attacker } = await doubleClick(app)
      await app.request(
        (session) => {
          session.set('secondFactor', true)
          session.cycleId()
        },
        { browser: first },
      )
      expect(await app.read(attacker)).toEqual({})
      expect(await app.read(first)).toEqual({ cart: [1], userId: 'ada', secondFactor: true })
    })
  })
}
