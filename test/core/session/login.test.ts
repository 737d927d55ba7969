import { describe, expect, it } from 'vitest'
import type { Session } from '../../../src/index.ts'
import { appWith, catchError, catchRejection, DAY, START, TestApp } from '../fixture.ts'

describe('login', () => {
  it('sets userId, gives the session a new id and keeps the data of the anonymous visitor', async () => {
    const app = await appWith({ cart: [1] })
    const [anonymous, [before]] = [app.browser.copy(), await app.onlyRow()]
    const { headers } = await app.request((session) => {
      session.login(7)
      expect(session.userId).toBe(7)
    })
    expect(headers.getSetCookie().length).toBe(1)
    expect(app.browser.id).not.toBe(anonymous.id)
    expect(await app.read()).toEqual({ cart: [1], userId: 7 })
    const [after, entry] = await app.onlyRow()
    expect([after, entry.userId]).toEqual([before, '7'])
    expect(await app.read(anonymous)).toEqual({})
  })

  it('as the same user renews the id, keeps the data and starts a new absolute lifetime', async () => {
    const app = await appWith({ cart: [1] })
    await app.request((session) => session.login(7))
    const old = app.browser.copy()
    app.clock.advance(10 * DAY)
    await app.request((session) => session.login('7'))
    expect(app.browser.id).not.toBe(old.id)
    expect(await app.read()).toEqual({ cart: [1], userId: '7' })
    expect((await app.row()).createdAt).toBe(START + 10 * DAY)
  })

  it('over the session of another user deletes it and starts a new family without its data', async () => {
    const app = await appWith({ cart: [1] })
    await app.request((session) => session.login(1, { expiry: '1h' }))
    const [old, [before]] = [app.browser.copy(), await app.onlyRow()]
    await app.request((session) => {
      session.set('before', 1)
      session.login(2)
      session.set('after', 2)
      expect(session.toObject()).toEqual({ userId: 2, after: 2 })
    })
    const [after, entry] = await app.onlyRow()
    expect((await app.rows()).length).toBe(1)
    expect([after === before, entry.userId, entry.expiresAt]).toEqual([false, '2', START + 14 * DAY])
    expect([await app.read(), await app.read(old)]).toEqual([{ userId: 2, after: 2 }, {}])
    expect(app.eventReasons('ended')).toEqual(['other-user'])
  })

  it.each<[string, (session: Session<any>) => unknown]>([
    ['delete', (session) => session.delete('userId')],
    ['pop', (session) => session.pop('userId')],
    ['claim', (session) => session.claim('userId')],
    ['an update to undefined', (session) => session.update('userId', () => undefined)],
    ['delete in the data view', (session) => delete session.data['userId']],
  ])('after %s of another user keeps none of their data', async (_name, remove) => {
    const app = new TestApp()
    await app.request((session) => {
      session.login(1)
      session.set('private', 'of user 1')
    })
    await app.request((session) => remove(session))
    expect(await app.read()).toEqual({ private: 'of user 1' })
    await app.request((session) => session.login(2))
    expect(await app.read()).toEqual({ userId: 2 })
  })

  it('keeps no data that a late request of the user before adds', async () => {
    const app = await appWith({ userId: 1 })
    const late = await app.open()
    late.set('private', 'of user 1')
    await app.request((session) => void session.delete('userId'))
    await app.sessions.commit(late, { status: 200 })
    await app.request((session) => session.login(2))
    expect(await app.read()).toEqual({ userId: 2 })
  })

  it('as the user who was removed restores their data', async () => {
    const app = new TestApp()
    await app.request((session) => {
      session.login(1)
      session.set('cart', [1])
    })
    await app.request((session) => void session.delete('userId'))
    await app.request((session) => session.login('1'))
    expect(await app.read()).toEqual({ userId: '1', cart: [1] })
  })

  it('hides flashes of another user', async () => {
    const app = new TestApp()
    await app.request((session) => {
      session.login(1)
      session.flash('notice', 'private')
    })
    await app.request((session) => {
      session.login(2)
      expect(session.flashed('notice')).toEqual([])
    })
  })

  it('compares users as text in any JSON spelling', async () => {
    const app = await appWith({ userId: 1, cart: 1 })
    await app.replacePayload('{"userId":1.0,"cart":1}')
    await app.request((session) => session.login(1))
    expect(await app.read()).toEqual({ userId: 1, cart: 1 })
  })

  it('rejects an invalid user id', async () => {
    const session = await new TestApp().open()
    for (const user of ['', Number.NaN, Number.POSITIVE_INFINITY, undefined, null, {}, true]) {
      expect(
        catchError(() => session.login(user as string)),
        JSON.stringify(user) ?? 'undefined',
      ).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'userId' })
    }
  })

  it('on a session that ended starts a new one with the changes of this request', async () => {
    const app = await appWith({ old: 1 })
    const session = await app.open()
    await app.request((other) => other.flush(), { browser: app.browser.copy() })
    session.set('mine', 1)
    session.login(7)
    app.browser.applyCookies(await app.sessions.commit(session, { status: 200 }))
    expect(await app.read()).toEqual({ mine: 1, userId: 7 })
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'found-ended', outcome: 'started-new' }))
  })

  it('after a save that rejected with SessionEndedError starts without data of the ended session', async () => {
    const app = await appWith({ secret: 'of the ended session' })
    const session = await app.open()
    await app.request((other) => other.flush(), { browser: app.browser.copy() })
    session.set('x', 1)
    expect((await catchRejection(session.save())).code).toBe('ERR_SESSION_ENDED')
    session.login(7)
    app.browser.applyCookies(await app.sessions.commit(session, { status: 200 }))
    expect(await app.read()).toEqual({ userId: 7 })
  })

  it('under an id that another request just renewed starts a new session', async () => {
    const app = await appWith({ cart: [1] })
    const late = app.browser.copy()
    await app.request((session) => session.login(1))
    await app.request((session) => session.login(2), { browser: late })
    expect(await app.read(late)).toEqual({ userId: 2 })
    expect(await app.read()).toEqual({ cart: [1], userId: 1 })
  })

  it('followed by delete of the user creates nothing', async () => {
    const app = new TestApp()
    const { headers } = await app.request((session) => {
      session.login(7)
      session.delete('userId')
    })
    expect([(await app.rows()).length, headers.getSetCookie()]).toEqual([0, []])
  })
})

describe('a change of userId', () => {
  const ways: [string, (session: Session<any>, user: unknown) => unknown][] = [
    ['set', (session, user) => session.set('userId', user)],
    ['assign', (session, user) => session.assign({ userId: user })],
    ['data', (session, user) => (session.data['userId'] = user)],
    ['update', (session, user) => session.update('userId', () => user)],
    ['delete and set', (session, user) => [session.delete('userId'), session.set('userId', user)]],
    ['clear and set', (session, user) => [session.clear(), session.set('userId', user)]],
  ]
  it.each(ways)('by %s renews the id if the user is another', async (_name, change) => {
    const app = await appWith({ userId: 1, cart: [1] })
    const old = app.browser.copy()
    await app.request((session) => change(session, 2))
    expect(app.browser.id).not.toBe(old.id)
    expect(await app.read()).toMatchObject({ userId: 2 })
    expect(await app.read(old)).toEqual({})
    expect((await app.row()).userId).toBe('2')
  })

  it.each(ways)('by %s keeps the id if the user is the same as text', async (_name, change) => {
    const app = await appWith({ userId: 1, cart: [1] })
    const id = app.browser.id
    await app.request((session) => change(session, '1'))
    expect(app.browser.id).toBe(id)
  })

  it('by setDefault on an anonymous session renews the id', async () => {
    const app = await appWith({ cart: [1] })
    const id = app.browser.id
    await app.request((session) => session.setDefault('userId', 3))
    expect([app.browser.id === id, (await app.row()).userId]).toEqual([false, '3'])
  })

  it('by a merge renews the id', async () => {
    const app = await appWith({ userId: 1 })
    const session = await app.open()
    session.update('userId', (user: number) => user + 1)
    await app.request((other) => void other.set('x', 1))
    const headers = await app.sessions.commit(session, { status: 200 })
    expect(headers.getSetCookie().length).toBe(1)
  })
})

describe('logging out', () => {
  it.each<[string, (session: Session<any>) => unknown, unknown]>([
    ['delete', (session) => session.delete('userId'), { cart: [1] }],
    ['pop', (session) => session.pop('userId'), { cart: [1] }],
    ['clear', (session) => session.clear(), {}],
  ])('by %s removes the user and keeps id and row', async (_name, logOut, left) => {
    const app = await appWith({ userId: 1, cart: [1] })
    const id = app.browser.id
    const { headers } = await app.request(logOut)
    expect([app.browser.id, headers.getSetCookie()]).toEqual([id, []])
    expect(await app.read()).toEqual(left)
    expect((await app.row()).userId).toBeUndefined()
    expect((await app.open()).userId).toBeUndefined()
  })

  it('by logout ends the session as flush does', async () => {
    const app = await appWith({ userId: 1, cart: [1] })
    await app.request((session) => session.logout())
    expect([(await app.rows()).length, app.browser.cookie]).toEqual([0, undefined])
  })
})
