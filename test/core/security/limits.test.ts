// The maximum number of sessions of a user.
import { describe, expect, it } from 'vitest'
import { createSessions, type Session, type Sessions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { withCallsIn } from '../../helpers/changed-stores.ts'
import { Browser, rejection, TestApp } from '../fixture.ts'
import { STORES } from './stores.ts'

const LIMIT = { code: 'ERR_SESSION_ENDED', reason: 'limit', status: 409 }

describe.each(STORES)('maxPerUser on %s', (_, open) => {
  const appOf = (options = {}): TestApp => new TestApp({ store: open(), maxPerUser: 2, ...options })

  async function login(app: TestApp, user = 'ada', browser = new Browser()): Promise<Browser> {
    await app.request((session) => session.login(user), { browser })
    return browser
  }

  async function alive(app: TestApp, ...browsers: readonly Browser[]): Promise<boolean[]> {
    return Promise.all(browsers.map(async (browser) => (await app.open(browser)).userId !== undefined))
  }

  it('a login beyond the limit ends the oldest sessions of the user', async () => {
    const app = appOf()
    const browsers = [await login(app), await login(app), await login(app), await login(app)]
    const eve = await login(app, 'eve')
    expect(await alive(app, ...browsers, eve)).toEqual([false, false, true, true, true])
    expect(app.eventReasons('ended')).toEqual(['limit', 'limit'])
  })

  it('logins one after another are ordered whatever the clocks of the processes say', async () => {
    const app = appOf()
    const behind = app.createManager({ maxPerUser: 2, clock: () => app.clock.at - 60_000 })
    await login(app)
    const second = await login(app)
    const third = await behind.open(incomingOf())
    third.login('ada')
    await behind.commit(third, { status: 200 })
    const kept = (await app.sessions.users.list('ada')).map(({ handle }) => handle)
    expect(kept.sort()).toEqual([third.handle, (await app.open(second)).handle].sort())
  })

  it('another login in the same session ends no other one', async () => {
    const app = appOf()
    const [first, second] = [await login(app), await login(app)]
    await login(app, 'ada', first)
    await login(app, 'ada', first)
    expect(await alive(app, first, second)).toEqual([true, true])
  })

  it('counts a user that is set without `login`', async () => {
    const app = appOf()
    const early = new Browser()
    await app.request((session) => session.set('cart', [1]), { browser: early })
    app.clock.advance(1000)
    const [first, second] = [await login(app), await login(app)]
    await app.request((session) => session.set('userId', 'ada'), { browser: early })
    expect(await alive(app, first, second, early)).toEqual([false, true, true])
    expect(await app.read(early)).toMatchObject({ cart: [1] })
  })

  it('a login that newer logins have overtaken is refused, and its session has ended', async () => {
    const app = appOf({ maxPerUser: 1 })
    await app.request((session) => session.set('cart', [1]))
    const rival = new Browser()
    const overtaken = pausedAfter(app, 'replace', () => login(app, 'ada', rival))
    const session = await overtaken.open(incomingOf(app.browser))
    session.login('ada')
    expect(await rejection(overtaken.commit(session, { status: 200 }))).toMatchObject(LIMIT)
    app.browser.applyCookies(overtaken.headers(session))
    expect([await app.read(), await alive(app, rival)]).toEqual([{}, [true]])
  })

  it('a login that is refused by a mark ends no session', async () => {
    const app = appOf({ maxPerUser: 1 })
    const late = await app.open(new Browser())
    late.login('ada')
    app.clock.advance(1)
    await app.sessions.users.revoke('ada')
    app.clock.advance(1)
    const browser = await login(app)
    expect((await rejection(app.sessions.commit(late, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
    expect(await alive(app, browser)).toEqual([true])
  })

  /** A manager of another process whose login waits after its write until `work` is done. */
  function pausedAfter(app: TestApp, method: 'create' | 'replace', work: () => Promise<unknown>): Sessions<any> {
    const store = withCallsIn(app.store, async (name, call) => {
      const result = await call()
      if (name === method) await work()
      return result
    })
    return app.createManager({ store, maxPerUser: 1 })
  }
})

describe('maxPerUser', () => {
  it.each([0, 1.5, '5', Number.NaN])('must be a whole number from 1 on, not %s', (maxPerUser) => {
    expect(() => createSessions({ store: new MemoryStore(), maxPerUser: maxPerUser as number })).toThrow('`maxPerUser`')
  })

  it('costs nothing without a login', async () => {
    const calls: string[] = []
    const store = withCallsIn(new MemoryStore(), (name, call) => {
      calls.push(name)
      return call()
    })
    const app = new TestApp({ store, maxPerUser: 2 })
    const callsOf = async (handler: (session: Session<any>) => void): Promise<string[]> => {
      calls.length = 0
      await app.request(handler)
      return [...calls]
    }
    expect(await callsOf((session) => session.set('cart', [1]))).toEqual(['create'])
    expect(await callsOf((session) => session.set('cart', [2]))).toEqual(['load', 'replace'])
    expect(await callsOf((session) => session.login('ada'))).toEqual(['load', 'load', 'load', 'list', 'replace', 'load', 'load', 'list'])
    expect(await callsOf((session) => session.set('cart', [3]))).toEqual(['load', 'replace'])
  })
})

function incomingOf(browser: Browser = new Browser()): Parameters<Sessions<any>['open']>[0] {
  return { secure: true, loopback: false, header: (name: string) => (name === 'cookie' ? browser.cookie : undefined) }
}
