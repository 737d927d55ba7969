// Revocations and the logins that run next to them.
import { describe, expect, it } from 'vitest'
import { createSessions, type Session, type Sessions, type Store } from '../../../src/index.ts'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { Browser, DAY, rejection, TestApp } from '../fixture.ts'
import { failBeforeEffect, ScriptedStore } from '../scripted-store.ts'
import { STORES } from './stores.ts'

const REVOKED = { code: 'ERR_SESSION_ENDED', reason: 'revoked', status: 409 }

/** Commits a session and applies its cookie, also after an error, which is returned. */
async function commit(app: TestApp, session: Session<any>, browser = app.browser): Promise<Error | undefined> {
  const error = await app.sessions.commit(session, { status: 200 }).then(
    () => undefined,
    (reason: Error) => reason,
  )
  browser.applyCookies(app.sessions.headers(session))
  return error
}

/** A login that began now and is committed later. */
async function loginInProgress(app: TestApp, browser = app.browser): Promise<Session<any>> {
  const session = await app.open(browser)
  session.login('ada')
  app.clock.advance(1000)
  return session
}

async function usersOf(sessions: Sessions<any>): Promise<number> {
  return (await sessions.users.list('ada')).length
}

describe.each(STORES)('a revocation on %s', (_, open) => {
  const appOf = (options = {}): TestApp => new TestApp({ store: open(), ...options })

  it('refuses a login that began before it, and writes nothing', async () => {
    const app = appOf()
    const session = await loginInProgress(app)
    expect(await app.sessions.users.revoke('ada')).toBe(0)
    expect(await commit(app, session)).toMatchObject(REVOKED)
    expect([app.browser.id, await usersOf(app.sessions)]).toEqual([undefined, 0])
    expect(app.eventReasons('login-withdrawn')).toEqual(['revoked'])
    expect(app.eventTypes()).not.toContain('created')
  })

  it('accepts a login that begins after it', async () => {
    const app = appOf()
    await app.sessions.users.revoke('ada')
    app.clock.advance(1)
    await app.request((session) => session.login('ada'))
    expect(await app.read()).toMatchObject({ userId: 'ada' })
  })

  it('refuses a login of the same millisecond, and `revoke` followed by `login` in one request', async () => {
    const app = appOf()
    const session = await app.open()
    await app.sessions.users.revoke('ada')
    session.login('ada')
    const error = await commit(app, session)
    expect(error).toMatchObject(REVOKED)
    expect(error?.message).toContain('revokeOthers: true')
  })

  it('refuses a user that is set without `login`', async () => {
    const app = appOf()
    await app.request((session) => session.set('cart', [1]))
    const session = await app.open()
    session.set('userId', 'ada')
    app.clock.advance(1000)
    await app.sessions.users.revoke('ada')
    expect(await commit(app, session)).toMatchObject(REVOKED)
    expect(await app.read()).toEqual({ cart: [1] })
  })

  it('leaves other users, other realms and other changes of its user alone', async () => {
    const app = appOf()
    const staff = app.createManager({ realm: 'staff' })
    const session = await app.open()
    session.login('eve')
    const other = await staff.open(incomingOf())
    other.login('ada')
    app.clock.advance(1000)
    await app.sessions.users.revoke('ada')
    expect(await commit(app, session)).toBeUndefined()
    await staff.commit(other, { status: 200 })
    expect(await usersOf(staff)).toBe(1)
  })

  it('spares the excepted session, and lets it log in again', async () => {
    const app = appOf()
    const phone = new Browser()
    await app.request((session) => session.login('ada'))
    await app.request((session) => session.login('ada'), { browser: phone })
    const session = await app.open()
    app.clock.advance(1000)
    expect(await app.sessions.users.revoke('ada', { except: session })).toBe(1)
    session.login('ada')
    expect(await commit(app, session)).toBeUndefined()
    expect([(await app.read()).userId, await app.read(phone)]).toEqual(['ada', {}])
  })

  it('the exception never applies to a login that joins the session with a replaced id', async () => {
    const app = appOf()
    await app.request((session) => session.set('cart', [1]))
    const attacker = app.browser.copy()
    const early = await loginInProgress(app, attacker)
    await app.request((session) => session.login('ada'))
    const owner = await app.open()
    await app.sessions.users.revoke('ada', { except: owner })
    expect(await commit(app, early, attacker)).toMatchObject(REVOKED)
    expect([await app.read(attacker), (await app.read()).cart, await usersOf(app.sessions)]).toEqual([{}, [1], 1])
  })

  it('nor to a login that begins with a replaced id before the mark', async () => {
    const app = appOf()
    await app.request((session) => session.set('cart', [1]))
    const attacker = app.browser.copy()
    await app.request((session) => session.login('ada'))
    const late = await loginInProgress(app, attacker)
    await app.sessions.users.revoke('ada', { except: await app.open() })
    expect(await commit(app, late, attacker)).toMatchObject(REVOKED)
    expect(await app.read(attacker)).toEqual({})
  })

  it('works in another process', async () => {
    const app = appOf()
    const session = await loginInProgress(app)
    await app.createManager().users.revoke('ada')
    expect(await commit(app, session)).toMatchObject(REVOKED)
  })

  it('is remembered for the absolute lifetime, and its row is cleared then', async () => {
    const app = appOf({ absolute: '2d', idle: '1d' })
    const session = await app.open()
    await app.sessions.users.revoke('ada')
    app.clock.advance(2 * DAY)
    session.login('ada')
    expect(await commit(app, session)).toMatchObject(REVOKED)
    app.clock.advance(DAY)
    expect(await app.sessions.clearExpired()).toBe(1)
  })

  it('a refused login loses the login only, and the request can save other changes', async () => {
    const app = appOf()
    await app.request((session) => session.set('cart', [1]))
    const session = await loginInProgress(app)
    session.set('color', 'red')
    await app.sessions.users.revoke('ada')
    expect(await rejection(session.save())).toMatchObject(REVOKED)
    expect([session.userId, session.get('color')]).toEqual([undefined, 'red'])
    expect(await commit(app, session)).toBeUndefined()
    expect(await app.read()).toEqual({ cart: [1], color: 'red' })
  })

  it('a refused login of another user leaves the session of the first one', async () => {
    const app = appOf()
    await app.request((session) => session.login('eve'))
    const session = await loginInProgress(app)
    await app.sessions.users.revoke('ada')
    expect(await commit(app, session)).toMatchObject(REVOKED)
    expect(await app.read()).toEqual({ userId: 'eve' })
  })
})

describe('a revocation whose store fails', () => {
  it('rejects a login that cannot read the marks with 503, writes nothing and sends no id', async () => {
    const app = new TestApp({}, (memory) => new ScriptedStore(memory, {}))
    const session = await app.open()
    session.login('ada')
    ;(app.store as ScriptedStore).on({ load: failBeforeEffect })
    expect(await commit(app, session)).toMatchObject({ code: 'ERR_SESSION_STORE', status: 503 })
    expect([app.browser.id, await app.rows()]).toEqual([undefined, []])
  })

  it('sends no id of a login that cannot read the marks after its write, until a later commit has read them', async () => {
    const app = new TestApp({ timeout: { request: '50ms' } }, (memory) => new ScriptedStore(memory, {}))
    const store = app.store as ScriptedStore
    const session = await app.open()
    session.login('ada')
    store.on({ create: (next) => next().finally(() => store.on({ load: failBeforeEffect })) })
    expect(await rejection(session.save())).toMatchObject({ code: 'ERR_SESSION_COMMIT_UNKNOWN', status: 503 })
    expect(app.sessions.headers(session).getSetCookie()).toEqual([])
    store.on({ load: (next) => next() })
    await app.waitForStore()
    expect(await commit(app, session)).toBeUndefined()
    expect(await app.read()).toEqual({ userId: 'ada' })
  })

  it('ends nothing if the mark cannot be set', async () => {
    const app = new TestApp({}, (memory) => new ScriptedStore(memory, {}))
    await app.request((session) => session.login('ada'))
    ;(app.store as ScriptedStore).on({ create: failBeforeEffect })
    expect(await rejection(app.sessions.users.revoke('ada'))).toMatchObject({ code: 'ERR_SESSION_STORE' })
    expect(await usersOf(app.sessions)).toBe(1)
  })
})

describe.each(STORES)('revokeAll on %s', (_, open) => {
  it('ends all sessions of the realm, also anonymous ones, and refuses logins in progress', async () => {
    const app = new TestApp({ store: open() })
    const staff = app.createManager({ realm: 'staff' })
    for (let at = 0; at < 25; at++) await app.sessions.create().set('userId', `user${at}`).save()
    await app.sessions.create().set('cart', [1]).save()
    await staff.create().set('userId', 'ada').save()
    const session = await loginInProgress(app)
    const progress: number[] = []
    expect(await app.sessions.revokeAll({ onProgress: (ended) => progress.push(ended) })).toBe(26)
    expect(progress).toEqual([26])
    expect(await commit(app, session)).toMatchObject(REVOKED)
    expect([await usersOf(staff), app.eventReasons('ended').length]).toEqual([1, 26])
    expect(new Set(app.eventReasons('ended'))).toEqual(new Set(['all']))
    app.clock.advance(1)
    await app.request((next) => next.login('ada'))
    expect(await app.read()).toMatchObject({ userId: 'ada' })
  })

  it('stops after the current step when its signal is aborted', async () => {
    const app = new TestApp({ store: open() })
    for (let at = 0; at < 25; at++) await app.sessions.create().set('cart', at).save()
    expect(await app.sessions.revokeAll({ signal: AbortSignal.abort() })).toBe(0)
    expect(await app.sessions.revokeAll()).toBe(25)
  })
})

describe('revokedBefore', () => {
  it.each(STORES)('ends each session that started before it, on reading and on writing, on %s', async (_, open) => {
    const app = new TestApp({ store: open() })
    await app.request((session) => session.login('ada'))
    const strict = app.createManager({ revokedBefore: new Date(app.clock.at) })
    const before = await strict.open(incomingOf(app.browser))
    const writing = await app.open()
    expect([before.isNew, before.toObject()]).toEqual([true, {}])
    app.clock.advance(1)
    writing.set('late', 1)
    await app.sessions.commit(writing, { status: 200 })
    expect((await strict.open(incomingOf(app.browser))).isNew).toBe(true)
    await app.request((session) => session.login('ada'))
    expect((await strict.open(incomingOf(app.browser))).userId).toBe('ada')
  })

  it('ends sealed cookies too', async () => {
    const store = new CookieStore({ secrets: ['a secret of more than thirty-two characters'] })
    const app = new TestApp({ store })
    await app.request((session) => session.login('ada'))
    const strict = app.createManager({ store, revokedBefore: new Date(app.clock.at) })
    expect((await strict.open(incomingOf(app.browser))).userId).toBeUndefined()
  })

  it.each([['2026-11-30'], [new Date(Number.NaN)], [1_764_500_000_000]])('must be a date, not %s', (revokedBefore) => {
    const options = { store: {} as Store, revokedBefore: revokedBefore as Date }
    expect(() => createSessions({ ...options, store: STORES[0]?.[1]() as Store })).toThrow('`revokedBefore`')
  })
})

describe('a store whose sessions are in cookies', () => {
  const store = new CookieStore({ secrets: ['a secret of more than thirty-two characters'] })

  it('refuses maxPerUser, users.revoke and revokeAll', async () => {
    const sessions = createSessions({ store })
    const codes = await Promise.all([rejection(sessions.users.revoke('ada')), rejection(sessions.revokeAll())])
    expect(codes.map(({ code }) => code)).toEqual(['ERR_SESSION_CONFIG', 'ERR_SESSION_CONFIG'])
    expect(() => createSessions({ store, maxPerUser: 5 })).toThrow('`maxPerUser`')
  })
})

function incomingOf(browser: Browser = new Browser()): Parameters<Sessions<any>['open']>[0] {
  return { secure: true, loopback: false, header: (name: string) => (name === 'cookie' ? browser.cookie : undefined) }
}
