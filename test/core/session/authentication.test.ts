import { describe, expect, it } from 'vitest'
import type { Session } from '../../../src/index.ts'
import { CachedStore } from '../../../src/stores/cached.ts'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { incoming } from '../../helpers/incoming.ts'
import { appWith, type Browser, catchError, catchRejection, DAY, HOUR, MINUTE, START, TestApp } from '../fixture.ts'

/** The codes of the errors, in order; `ok` without one. */
async function outcomes(session: Session<any>, ...requirements: Parameters<Session['requireUser']>[0][]): Promise<unknown[]> {
  return Promise.all(
    requirements.map((each) =>
      session.requireUser(each).then(
        () => 'ok',
        (error) => error.code,
      ),
    ),
  )
}

function loggedIn(session: Session<any>): Session<any> {
  session.login('ada')
  return session
}

function withoutUser(session: Session<any>): Session<any> {
  session.delete('userId')
  return session
}

const STEP_UP = 'ERR_SESSION_STEP_UP_REQUIRED'

describe('session.authentication', () => {
  it('has the facts of the login', async () => {
    const app = new TestApp()
    const { session } = await app.request((visitor) => {
      visitor.login('ada', { level: 2, device: 'Firefox on Linux' })
      return visitor
    })
    const facts = { userId: 'ada', authenticatedAt: START, level: 2, device: 'Firefox on Linux' }
    expect([session.authentication, (await app.open()).authentication]).toEqual([facts, facts])
    expect(await app.read()).toEqual({ userId: 'ada' })
  })

  it('uses the time of a login at another place, and never one in the future', async () => {
    const app = new TestApp()
    await app.request((session) => session.login('ada', { authenticatedAt: new Date(START - HOUR) }))
    expect((await app.open()).authentication).toMatchObject({ authenticatedAt: START - HOUR, level: 1, device: undefined })
    await app.request((session) => session.login('ada', { authenticatedAt: new Date(START + HOUR) }))
    expect((await app.open()).authentication?.authenticatedAt).toBe(START)
  })

  it('counts the time at which the request was opened', async () => {
    const app = new TestApp()
    const session = await app.open()
    app.clock.advance(MINUTE)
    session.login('ada')
    expect(session.authentication?.authenticatedAt).toBe(START)
  })

  it.each<[string, (session: Session<any>) => void]>([
    ['without a login', () => undefined],
    ['for a user that was set', (session) => void session.set('userId', 'ada')],
    ['after another user was set', (session) => void loggedIn(session).set('userId', 'eve')],
    ['after the user was removed', (session) => void loggedIn(session).delete('userId')],
    ['after the user was removed and set again', (session) => void withoutUser(loggedIn(session)).set('userId', 'ada')],
    ['after a clear', (session) => loggedIn(session).clear()],
    ['after a logout', (session) => loggedIn(session).logout()],
  ])('is undefined %s', async (_, handler) => {
    const app = new TestApp()
    const { result } = await app.request((session) => {
      handler(session)
      return session.authentication
    })
    expect([result, (await app.open()).authentication]).toEqual([undefined, undefined])
  })

  it('is kept by other changes, and by another spelling of the user', async () => {
    const app = new TestApp()
    await app.request((session) => session.login(7, { device: 'phone' }))
    await app.request((session) => void session.set('userId', '7').set('cart', [1]))
    await app.request((session) => session.cycleId())
    expect((await app.open()).authentication).toMatchObject({ level: 1, device: 'phone' })
  })

  it('keeps the device when the same user logs in again, and drops it for another user', async () => {
    const app = new TestApp()
    await app.request((session) => session.login('ada', { device: 'phone' }))
    await app.request((session) => session.login('ada'))
    expect((await app.open()).authentication?.device).toBe('phone')
    await app.request((session) => session.login('eve'))
    expect((await app.open()).authentication?.device).toBeUndefined()
  })

  it('is undefined where other software has changed the property', async () => {
    const app = new TestApp()
    await app.request((session) => session.login('ada'))
    const { payload } = await app.row()
    for (const facts of ['7', '{"user":"ada"}', '{"user":"ada","at":{"x":1}}', '{"user":"ada","at":[],"device":1}', '{']) {
      await app.replacePayload(payload.replace(/"_login":[^\n]*?(?=,?\n|\}$)/, `"_login":${facts}`))
      expect((await app.open()).authentication, facts).toBeUndefined()
    }
  })

  it('cuts a device that is too long, and never a character in half', async () => {
    const app = new TestApp()
    const { session } = await app.request((visitor) => visitor.login('ada', { device: '😀'.repeat(300) }))
    expect(session.authentication?.device).toBe('😀'.repeat(200))
  })

  it.each([
    { level: 0 },
    { level: 1.5 },
    { level: '2' },
    { device: 7 },
    { authenticatedAt: START },
    { authenticatedAt: new Date(Number.NaN) },
  ])('refuses login(id, %o), and records nothing', async (options) => {
    const session = await new TestApp().open()
    const error = catchError(() => session.login('ada', options as never))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining(Object.keys(options)[0] as string)])
    expect(session.modified).toBe(false)
  })

  it('works for a session in a sealed cookie', async () => {
    const app = new TestApp({ store: new CookieStore({ secrets: ['a secret of at least 32 characters'] }) })
    await app.request((session) => session.login('ada', { level: 2 }))
    await app.request((session) => void session.set('cart', [1]))
    expect((await app.open()).authentication).toMatchObject({ level: 2 })
  })
})

describe('requireUser', () => {
  it('resolves to the user, and without one rejects with 401', async () => {
    const app = await appWith({ cart: [1] })
    const error = await catchRejection((await app.open()).requireUser())
    expect(error).toMatchObject({ code: 'ERR_SESSION_LOGIN_REQUIRED', status: 401, statusCode: 401, expose: true })
    await app.request((session) => session.login(7))
    expect(await (await app.open()).requireUser()).toBe(7)
  })

  it('requires a login within a time, and says what is required', async () => {
    const app = new TestApp()
    await app.request((session) => session.login('ada'))
    app.clock.advance(10 * MINUTE - 1)
    expect(await outcomes(await app.open(), { within: '10m' })).toEqual(['ok'])
    app.clock.advance(1)
    const session = await app.open()
    expect(await outcomes(session, {}, { within: '10m' }, { within: '11m' })).toEqual(['ok', STEP_UP, 'ok'])
    expect(await catchRejection(session.requireUser({ within: '10m', level: 2 }))).toMatchObject({ status: 403, within: '10m', level: 2 })
  })

  it('does not let a lower level refresh a higher one', async () => {
    const app = new TestApp()
    await app.request((session) => session.login('ada', { level: 2 }))
    app.clock.advance(HOUR)
    await app.request((session) => session.reauthenticate())
    const session = await app.open()
    expect(await outcomes(session, { within: '10m' }, { level: 2 }, { level: 3 }, { within: '10m', level: 2 })).toEqual([
      'ok',
      'ok',
      STEP_UP,
      STEP_UP,
    ])
    expect(session.authentication).toMatchObject({ level: 2, authenticatedAt: START + HOUR })
    await app.request((visitor) => visitor.reauthenticate({ level: 3 }))
    expect(await outcomes(await app.open(), { within: '10m', level: 2 })).toEqual(['ok'])
  })

  it('fails for a user that was set without a login, if more than a user is required', async () => {
    const app = await appWith({ userId: 'ada' })
    expect(await outcomes(await app.open(), {}, { within: '1d' }, { level: 2 })).toEqual(['ok', STEP_UP, STEP_UP])
  })

  it('a login replaces what was proved before', async () => {
    const app = new TestApp()
    await app.request((session) => session.login('ada', { level: 2 }))
    await app.request((session) => session.login('ada'))
    expect(await outcomes(await app.open(), { level: 2 })).toEqual([STEP_UP])
  })

  it('rejects with the error of a failed load, every time', async () => {
    const app = await appWith({ userId: 'ada' })
    app.memory.load = () => Promise.reject(new Error('down'))
    const session = await app.open()
    expect(await outcomes(session, {}, {}, { within: '1d' })).toEqual(['ERR_SESSION_STORE', 'ERR_SESSION_STORE', 'ERR_SESSION_STORE'])
  })

  it('rejects with 409 for an id that was replaced a moment ago, and `replaced` reports it', async () => {
    const app = new TestApp()
    await app.request((session) => session.login('ada'))
    const old = app.browser.copy()
    await app.request((session) => session.cycleId())
    const session = await app.open(old)
    expect([session.replaced, session.userId, (await app.open()).replaced]).toEqual([true, undefined, false])
    expect(await catchRejection(session.requireUser())).toMatchObject({ code: 'ERR_SESSION_ENDED', reason: 'other-id', status: 409 })
    app.clock.advance(2 * MINUTE)
    const later = await app.open(old)
    expect([later.replaced, ...(await outcomes(later, {}))]).toEqual([false, 'ERR_SESSION_LOGIN_REQUIRED'])
  })

  it('rejects with 401 for a session that was ended in another tab', async () => {
    const app = new TestApp()
    await app.request((session) => session.login('ada'))
    const session = await app.open()
    await app.request((visitor) => visitor.logout())
    await session.reload()
    expect([session.replaced, ...(await outcomes(session, {}))]).toEqual([false, 'ERR_SESSION_LOGIN_REQUIRED'])
  })

  it('loads a session of a lazy manager', async () => {
    const app = await appWith({ userId: 'ada' }, { lazy: true })
    expect(await (await app.open()).requireUser()).toBe('ada')
  })

  it('loads past a cache, and otherwise sends nothing', async () => {
    const memory = new MemoryStore()
    const store = new CachedStore({ store: memory, cache: new MemoryStore(), maxStale: '1h' })
    const app = new TestApp({ store })
    await app.request((session) => session.login('ada'))
    await app.read()
    const session = await app.open()
    await memory.deleteByIndex({ index: 'userId', name: 'ada' })
    expect([session.userId, await outcomes(session, {})]).toEqual(['ada', ['ERR_SESSION_LOGIN_REQUIRED']])
  })

  it('keeps uncommitted changes when it loads past a cache', async () => {
    const app = new TestApp({ store: new CachedStore({ store: new MemoryStore(), cache: new MemoryStore(), maxStale: '1h' }) })
    await app.request((session) => session.login('ada'))
    await app.request(async (session) => {
      session.push('cart', 1)
      await session.requireUser()
      session.push('cart', 2)
    })
    expect(await app.read()).toEqual({ userId: 'ada', cart: [1, 2] })
  })

  it('sends nothing to a store without a cache', async () => {
    const app = await appWith({ userId: 'ada' })
    const session = await app.open()
    app.memory.load = () => Promise.reject(new Error('down'))
    expect(await session.requireUser()).toBe('ada')
  })

  it.each([{ within: 600 }, { within: '10 minutes' }, { level: 0 }])('refuses %o', async (requirement) => {
    const app = await appWith({ userId: 'ada' })
    const error = await catchRejection((await app.open()).requireUser(requirement as never))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining(Object.keys(requirement)[0] as string)])
  })
})

describe('reauthenticate', () => {
  it('gives a new id, ends the old one, and starts both timeouts again', async () => {
    const app = new TestApp()
    await app.request((session) => session.set('cart', [1]).login('ada', { device: 'phone' }))
    const old = app.browser.copy()
    app.clock.advance(10 * DAY)
    await app.request((session) => session.reauthenticate({ level: 2 }))
    const { createdAt, expiresAt } = await app.row()
    expect([createdAt, expiresAt]).toEqual([START + 10 * DAY, START + 24 * DAY])
    expect((await app.open()).authentication).toMatchObject({ level: 2, device: 'phone', authenticatedAt: START + 10 * DAY })
    expect([await app.read(), await app.read(old)]).toEqual([{ userId: 'ada', cart: [1] }, {}])
    expect((await app.open()).absoluteExpiresAt).toBe(START + 40 * DAY)
  })

  it('needs a user', async () => {
    const app = await appWith({ cart: [1] })
    const session = await app.open()
    expect(catchError(() => session.reauthenticate())).toMatchObject({ code: 'ERR_SESSION_LOGIN_REQUIRED' })
    expect(session.modified).toBe(false)
  })

  it('fails if the session ended while the request was running, and starts none', async () => {
    const app = new TestApp()
    await app.request((session) => session.login('ada'))
    const session = await app.open(app.browser.copy())
    session.reauthenticate()
    await app.request((visitor) => visitor.logout())
    expect(await catchRejection(app.sessions.commit(session, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(await app.rows()).toEqual([])
  })

  it('fails if the session has another user by then, or none', async () => {
    for (const change of [
      (visitor: Session<any>) => void visitor.delete('userId'),
      (visitor: Session<any>) => void visitor.set('name', 'x').delete('userId'),
    ]) {
      const app = new TestApp()
      await app.request((session) => session.login('ada'))
      const session = await app.open()
      session.reauthenticate({ level: 2 })
      await app.request(change)
      expect(await catchRejection(app.sessions.commit(session, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_ENDED' })
      expect((await app.open()).authentication).toBeUndefined()
    }
  })

  it('of two at once one succeeds, and the other gets 409', async () => {
    const app = new TestApp()
    await app.request((session) => session.login('ada'))
    const opened = [await app.open(), await app.open()]
    for (const session of opened) session.reauthenticate()
    const results = await Promise.allSettled(opened.map((session) => app.sessions.commit(session, { status: 200 })))
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})

/** A browser whose login was replaced by a parallel one, so that both ids are valid. */
async function parallelLogins(app: TestApp, levels: readonly [number, number]): Promise<[first: Browser, second: Browser]> {
  await app.request((session) => void session.set('cart', [1]))
  const [first, second] = [app.browser.copy(), app.browser.copy()]
  const opened = [await app.open(first), await app.open(second)] as const
  for (const [index, browser] of [first, second].entries()) {
    opened[index]?.login('ada', { level: levels[index] as number })
    browser.applyCookies(await app.sessions.commit(opened[index] as Session<any>, { status: 200 }))
  }
  return [first, second]
}

describe('levels belong to an id', () => {
  it('a login of another level starts a new session', async () => {
    const app = new TestApp()
    const [first, second] = await parallelLogins(app, [2, 1])
    expect((await app.rows()).length).toBe(2)
    expect(await outcomes(await app.open(second), { level: 2 })).toEqual([STEP_UP])
    expect(await outcomes(await app.open(first), { level: 2 })).toEqual(['ok'])
    expect(await app.read(second)).toEqual({ userId: 'ada' })
  })

  it('a login with a planted id and the password does not read what a second factor protects', async () => {
    const app = await appWith({ cart: [1] })
    const planted = app.browser.copy()
    await app.request((session) => session.set('file', 'medical').login('ada', { level: 2 }))
    app.clock.advance(59_000)
    await app.request((session) => session.login('ada'), { browser: planted })
    expect([await app.read(planted), await outcomes(await app.open(planted), { level: 2 })]).toEqual([{ userId: 'ada' }, [STEP_UP]])
  })

  it('an id that becomes the only one keeps its levels, and only these', async () => {
    for (const survivor of [0, 1]) {
      const app = new TestApp()
      const ids = await parallelLogins(app, [1, 1])
      app.clock.advance(MINUTE)
      await app.request((session) => void session.push('seen', 1), { browser: ids[1] })
      app.clock.advance(5 * MINUTE)
      await app.request((session) => session.get('cart'), { browser: ids[survivor] as Browser })
      expect((await app.open(ids[survivor])).authentication).toMatchObject({ authenticatedAt: START, level: 1 })
      expect(await app.read(ids[1 - survivor])).toEqual({})
    }
  })

  it('an id that becomes the only one does not get the levels of the newest one', async () => {
    const app = new TestApp()
    const [first] = await parallelLogins(app, [1, 1])
    const { payload } = await app.row()
    await app.replacePayload(payload.replace(/("_login":\{"user":"ada","at":\{)"1"/, '$1"2"'))
    app.clock.advance(5 * MINUTE)
    await app.request((session) => session.get('cart'), { browser: first })
    expect(await outcomes(await app.open(first), {}, { level: 2 })).toEqual(['ok', STEP_UP])
  })

  it('what is proved under one id is not proved under the other', async () => {
    const app = new TestApp()
    const [first, second] = await parallelLogins(app, [1, 1])
    app.clock.advance(MINUTE)
    await app.request((session) => session.reauthenticate({ level: 2 }), { browser: first })
    expect(await outcomes(await app.open(first), { level: 2 })).toEqual(['ok'])
    expect(await app.read(second)).toEqual({})
  })

  it('a new id has the levels of the id that the request presented', async () => {
    const app = new TestApp()
    const [first] = await parallelLogins(app, [1, 1])
    const { payload } = await app.row()
    // The newest id has proved level 2, the older one has not.
    await app.replacePayload(payload.replace(/("_login":\{"user":"ada","at":\{)"1"/, '$1"2"'))
    expect(await outcomes(await app.open(first), { level: 2 })).toEqual([STEP_UP])
    await app.request((session) => session.cycleId(), { browser: first })
    expect(await outcomes(await app.open(first), { level: 2 }, { within: '1d' })).toEqual([STEP_UP, 'ok'])
  })

  it('a reauthentication under an older id does not get the levels of the newest one', async () => {
    const app = new TestApp()
    const [first] = await parallelLogins(app, [1, 1])
    const { payload } = await app.row()
    await app.replacePayload(payload.replace(/("_login":\{"user":"ada","at":\{)"1"/, '$1"2"'))
    const session = await app.open(first)
    session.reauthenticate()
    expect(await outcomes(session, { level: 2 })).toEqual([STEP_UP])
    await session.save()
    expect(await outcomes(session, { level: 2 })).toEqual([STEP_UP])
    first.applyCookies(await app.sessions.commit(session, { status: 200 }))
    expect(await outcomes(await app.open(first), { level: 2 })).toEqual([STEP_UP])
  })
})

describe('a request that does not count as activity', () => {
  it.each<[string, (app: TestApp) => Promise<Session<any>>]>([
    ['by the argument of open', (app) => app.sessions.open(incoming(app.browser.cookie), { touch: false })],
    [
      'by the option touch',
      (app) => app.createManager({ touch: ({ path }) => path !== '/alive' }).open({ ...incoming(app.browser.cookie), path: '/alive' }),
    ],
  ])('%s does not extend the session', async (_, open) => {
    const app = await appWith({ userId: 'ada' })
    app.clock.advance(DAY)
    const session = await open(app)
    const before = await app.row()
    expect([session.userId, session.expiresAt]).toEqual(['ada', START + 14 * DAY])
    await session.save()
    expect(await app.row()).toEqual(before)
    await app.request((visitor) => visitor.userId)
    expect((await app.row()).expiresAt).toBe(START + 15 * DAY)
  })

  it('extends the session if the option says so', async () => {
    const app = await appWith({ userId: 'ada' }, { touch: () => true })
    app.clock.advance(DAY)
    await app.request((visitor) => visitor.userId)
    expect((await app.row()).expiresAt).toBe(START + 15 * DAY)
  })
})
