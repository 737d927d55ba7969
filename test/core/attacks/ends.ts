import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Session, SessionOptions } from '../../../src/index.ts'
import { Browser, HOUR, MINUTE, type TestApp } from '../fixture.ts'
import { anotherProcess, loggedIn, openTracked, pass, settle, usePassingTimers, watch } from '../watch/watch-fixture.ts'
import { appOn, type OpenStore, optionsOn } from './stores.ts'

const POLL = 30_000

type End = (app: TestApp, session: Session<any>) => unknown

const ENDS: Readonly<Record<string, readonly [reason: string, end: End]>> = {
  'logout()': ['ended', (app) => app.request((session) => session.logout())],
  'a logout that keeps the cart': [
    'ended',
    (app) =>
      app.request((session) => {
        const cart = session.get('cart')
        session.logout()
        session.set('cart', cart)
      }),
  ],
  'revoke()': ['ended', (app, { handle = '' }) => app.sessions.revoke(handle)],
  'users.revoke()': ['ended', (app) => app.sessions.users.revoke('ada')],
  'revokeAll()': ['ended', (app) => app.sessions.revokeAll()],
  'a login of another user': ['ended', (app) => app.request((session) => session.login('grace'))],
  'a login of the same user': ['new-id', (app) => app.request((session) => session.login('ada'))],
  'reauthenticate()': ['new-id', (app) => app.request((session) => session.reauthenticate())],
  'cycleId()': ['new-id', (app) => app.request((session) => session.cycleId())],
  'the removal of the user': ['other-user', (app) => app.request((session) => void session.delete('userId'))],
}

/** Attacks on sockets and streams that have to end with their session. */
export function testEnds(open: OpenStore): void {
  // The watches load their code at the first use, which needs no timer and takes real time.
  beforeAll(async () => void (await import('../../../src/core/watch/watchers.ts')))
  beforeEach(usePassingTimers)
  afterEach(() => void vi.useRealTimers())

  async function watchedApp(options: Partial<SessionOptions> = {}): Promise<{ app: TestApp; session: Session<any> }> {
    return loggedIn({ ...optionsOn(await openTracked(open)), ...options })
  }

  describe('a watch', () => {
    it.each(Object.entries(ENDS))('ends at once with %s in this process', async (_, [reason, end]) => {
      const { app, session } = await watchedApp()
      const ends = await watch(app.sessions, session)
      await end(app, session)
      await settle()
      expect(ends).toEqual([reason])
      expect(app.events.filter(({ type }) => type === 'watch-ended')).toEqual([{ type: 'watch-ended', reason, handle: session.handle }])
    })

    it.each(Object.entries(ENDS))('ends with %s in another process, within the time of `poll`', async (_, [reason, end]) => {
      const { app, session } = await watchedApp()
      const other = anotherProcess(app)
      const ends = await watch(other, await app.open(app.browser, other))
      await end(app, session)
      await settle()
      expect(ends).toEqual([])
      await pass(POLL)
      expect(ends).toEqual([reason])
    })

    it('sees an end before it began: it is registered first, and the session is checked then', async () => {
      const { app, session } = await watchedApp()
      await anotherProcess(app).users.revoke('ada')
      expect(await watch(app.sessions, session)).toEqual(['ended'])
    })

    it('goes on while the session is changed, extended and used under another id of a parallel login', async () => {
      const { app, session } = await watchedApp()
      const first = await watch(app.sessions, session)
      for (let hour = 0; hour < 5; hour += 1) {
        app.clock.advance(HOUR)
        await app.request((each) => void each.increment('n'))
        await pass(POLL)
      }
      expect(first).toEqual([])
    })

    it('goes on when the id is replaced because of its age, and ends when the new one is used two minutes later', async () => {
      const { app, session } = await watchedApp({ cycleId: '15m' })
      const ends = await watch(app.sessions, session)
      app.clock.advance(15 * MINUTE)
      await app.request((each) => each.userId)
      expect(app.browser.id).not.toBe(session.id)
      await pass(POLL)
      expect(ends).toEqual([])
      app.clock.advance(2 * MINUTE)
      await app.request((each) => each.userId)
      await settle()
      expect(ends).toEqual(['new-id'])
    })

    it('goes on for the ids of two parallel logins, and ends when their overlap is over', async () => {
      const app = await appOn(() => openTracked(open), { cart: [1] })
      const [one, other] = [app.browser.copy(), app.browser.copy()]
      await app.request((session) => session.login('ada'), { browser: one })
      const first = await watch(app.sessions, await app.open(one))
      await app.request((session) => session.login('ada'), { browser: other })
      const second = await watch(app.sessions, await app.open(other))
      await pass(POLL)
      expect([first, second]).toEqual([[], []])
      app.clock.advance(3 * MINUTE)
      await app.request((session) => session.get('cart'), { browser: other })
      await settle()
      expect([first, second]).toEqual([['new-id'], []])
      await pass(POLL)
      expect(second).toEqual([])
    })

    it('of a planted id ends when its victim logs in, so that no socket follows a session to another id', async () => {
      const app = await appOn(() => openTracked(open), { theme: 'dark' })
      const attacker = await app.open(app.browser.copy())
      const ends = await watch(app.sessions, attacker)
      await app.request((session) => session.login('ada'))
      await settle()
      expect(ends).toEqual(['new-id'])
    })

    it('of the session that users.revoke excepts goes on', async () => {
      const { app, session } = await watchedApp()
      const phone = new Browser()
      await app.request((each) => each.login('ada'), { browser: phone })
      const [kept, ended] = [await watch(app.sessions, session), await watch(app.sessions, await app.open(phone))]
      await app.sessions.users.revoke('ada', { except: session })
      await settle()
      expect([kept, ended]).toEqual([[], ['ended']])
    })

    it('of the oldest session ends at once when a login exceeds `maxPerUser`', async () => {
      const { app, session } = await watchedApp({ maxPerUser: 1 })
      const ends = await watch(app.sessions, session)
      await app.request((each) => each.login('ada'), { browser: new Browser() })
      await settle()
      expect(ends).toEqual(['ended'])
    })

    it('ends when the session expires, and not before it was last extended', async () => {
      const { app, session } = await watchedApp({ idle: '10m' })
      const ends = await watch(app.sessions, session)
      app.clock.advance(9 * MINUTE)
      await app.request((each) => void each.set('a', 1))
      app.clock.advance(9 * MINUTE)
      await pass(1000)
      expect(ends).toEqual([])
      app.clock.advance(MINUTE)
      await pass(1000)
      expect(ends).toEqual(['expired'])
    })

    it('is made by several managers of one store, and ends whichever of them ends the session', async () => {
      const { app, session } = await watchedApp()
      const second = app.createManager(optionsOn(app.store))
      const ends = [await watch(app.sessions, session), await watch(second, await app.open(app.browser, second))]
      await second.users.revoke('ada')
      await settle()
      expect(ends).toEqual([['ended'], ['ended']])
    })
  })
}
