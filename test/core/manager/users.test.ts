import { describe, expect, it } from 'vitest'
import type { UserSession } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { appWith, Browser, catchError, catchRejection, HOUR, MINUTE, START, TestApp } from '../fixture.ts'

/** Creates three sessions of user 7 and one of user 8, each in a browser. */
async function createUserSessions(): Promise<{ app: TestApp; browsers: Browser[] }> {
  const app = new TestApp()
  const browsers: Browser[] = []
  for (const user of [7, '7', 7, 8]) {
    const browser = new Browser()
    await app.request((session) => session.login(user), { browser })
    browsers.push(browser)
    app.clock.advance(HOUR)
  }
  return { app, browsers }
}

describe('users', () => {
  it('list returns handle and timestamps of the current sessions of a user', async () => {
    const { app } = await createUserSessions()
    const listed = await app.sessions.users.list(7)
    expect(listed.map(({ createdAt }) => createdAt).sort()).toEqual([START, START + HOUR, START + 2 * HOUR])
    expect(new Set(listed.flatMap((each) => Object.keys(each)))).toEqual(
      new Set(['handle', 'createdAt', 'seenAt', 'expiresAt', 'device', 'authenticatedAt', 'level', 'current']),
    )
    const keys = (await app.rows()).map(([key]) => key)
    expect(listed.every(({ handle }) => keys.includes(handle))).toBe(true)
    expect(await app.sessions.users.list('7')).toEqual(listed)
    expect(await app.sessions.users.list(9)).toEqual([])
  })

  it('list shows devices, those seen last first, and marks the current one', async () => {
    const app = new TestApp()
    const browsers = [app.browser.copy(), app.browser.copy(), app.browser.copy()]
    for (const [index, browser] of browsers.entries()) {
      app.clock.advance(MINUTE)
      await app.request((session) => session.login('ada', { device: `device ${index}`, level: index + 1 }), { browser })
    }
    app.clock.advance(MINUTE)
    await app.request((session) => void session.set('cart', [1]), { browser: browsers[0] as Browser })
    const listed = await app.sessions.users.list('ada', { current: await app.open(browsers[2]) })
    expect(listed.map(({ device, level, current }) => [device, level, current])).toEqual([
      ['device 0', 1, false],
      ['device 2', 3, true],
      ['device 1', 2, false],
    ])
    expect(listed[0]).toMatchObject({ authenticatedAt: START + MINUTE, seenAt: START + 4 * MINUTE })
    expect((await app.sessions.users.list('ada', { limit: 1 })).map(({ device }) => device)).toEqual(['device 0'])
  })

  it('list omits sessions that are over by the options of this manager', async () => {
    const app = new TestApp()
    await app.request((session) => session.login('ada'))
    app.clock.advance(2 * HOUR)
    const strict = app.createManager({ idle: '1h' })
    expect([(await app.sessions.users.list('ada')).length, await strict.users.list('ada')]).toEqual([1, []])
  })

  it('list has no facts of a user that was set, or of a payload that is unreadable', async () => {
    const app = await appWith({ userId: 'ada' })
    const facts = { device: undefined, authenticatedAt: undefined, level: undefined, current: false }
    expect(await app.sessions.users.list('ada')).toMatchObject([facts])
    await app.replacePayload('unreadable')
    expect(await app.sessions.users.list('ada')).toMatchObject([facts])
  })

  it('list reads all pages and omits expired sessions', async () => {
    const app = new TestApp()
    for (let count = 0; count < 250; count++) {
      const session = app.sessions.create()
      session.login('many')
      await session.save()
    }
    expect((await app.sessions.users.list('many')).length).toBe(250)
    app.clock.advance(15 * 24 * HOUR)
    expect(await app.sessions.users.list('many')).toEqual([])
  })

  it('revoke ends every session of a user and returns the number', async () => {
    const { app, browsers } = await createUserSessions()
    expect(await app.sessions.users.revoke(7)).toBe(3)
    expect(await Promise.all(browsers.map((browser) => app.read(browser)))).toEqual([{}, {}, {}, { userId: 8 }])
    expect(await app.sessions.users.revoke(7)).toBe(0)
  })

  it('revoke keeps the session `except`', async () => {
    const { app, browsers } = await createUserSessions()
    const mine = await app.open(browsers[1])
    expect(await app.sessions.users.revoke('7', { except: mine })).toBe(2)
    expect(await Promise.all(browsers.map((browser) => app.read(browser)))).toEqual([{}, { userId: '7' }, {}, { userId: 8 }])
  })

  it('revoke keeps a session of the list as `except`', async () => {
    const { app } = await createUserSessions()
    const [kept] = await app.sessions.users.list(7)
    expect(await app.sessions.users.revoke(7, { except: kept as UserSession })).toBe(2)
    expect(await app.sessions.users.list(7)).toEqual([kept])
  })

  it.each<[string, (app: TestApp) => unknown]>([
    ['undefined', () => undefined],
    ['null', () => null],
    ['a session that was never saved', (app) => app.sessions.create()],
    ['a handle', async (app) => (await app.sessions.users.list(7))[0]?.handle],
    ['an object', () => ({})],
  ])('revoke refuses %s as `except`, and ends no session', async (_name, make) => {
    const { app } = await createUserSessions()
    const except = (await make(app)) as never
    expect(catchError(() => app.sessions.users.revoke(7, { except })).code).toBe('ERR_SESSION_CONFIG')
    expect((await app.sessions.users.list(7)).length).toBe(3)
  })

  it.each([undefined, null, '', Number.NaN, {}])('list and revoke refuse %j as a user id', async (userId) => {
    const { sessions } = new TestApp()
    for (const verb of [() => sessions.users.list(userId as never), () => sessions.users.revoke(userId as never)])
      expect(catchError(verb).code).toBe('ERR_SESSION_CONFIG')
  })

  it('revoke makes the commit of a running request reject with SessionEndedError', async () => {
    const { app, browsers } = await createUserSessions()
    const session = await app.open(browsers[0])
    session.set('a', 1)
    await app.sessions.users.revoke(7)
    expect((await catchRejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
  })

  it('revoke keeps sessions whose user logged out', async () => {
    const { app, browsers } = await createUserSessions()
    await app.request((session) => void session.delete('userId'), { browser: browsers[0] as Browser })
    expect(await app.sessions.users.revoke(7)).toBe(2)
  })

  it('reject with ConfigError on a store without an index', async () => {
    const memory = new MemoryStore()
    const bare = {
      capabilities: { ...memory.capabilities, list: false, indexes: [] },
      load: memory.load.bind(memory),
      create: memory.create.bind(memory),
      replace: memory.replace.bind(memory),
      touch: memory.touch.bind(memory),
      delete: memory.delete.bind(memory),
    }
    const { sessions } = new TestApp({ store: bare })
    expect((await catchRejection(sessions.users.list(7))).code).toBe('ERR_SESSION_CONFIG')
    expect((await catchRejection(sessions.users.revoke(7))).code).toBe('ERR_SESSION_CONFIG')
    expect((await catchRejection(sessions.clearExpired())).code).toBe('ERR_SESSION_CONFIG')
    await sessions.close()
  })
})

describe('revoke', () => {
  it('ends one session by its handle, once', async () => {
    const { app, browsers } = await createUserSessions()
    const { handle = '' } = await app.open(browsers[3])
    expect([await app.sessions.revoke(handle), await app.sessions.revoke(handle), await app.sessions.revoke('unknown')]).toEqual([
      true,
      false,
      false,
    ])
    expect(await app.read(browsers[3])).toEqual({})
    expect(app.eventReasons('ended')).toEqual(['revoked'])
  })

  it('refuses a handle that is not a string, such as that of a session that was never saved', () => {
    const { sessions } = new TestApp()
    expect(catchError(() => sessions.revoke(sessions.create().handle as string)).code).toBe('ERR_SESSION_CONFIG')
  })
})
