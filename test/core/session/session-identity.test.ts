import { describe, expect, it } from 'vitest'
import type { Session } from '../../../src/index.ts'
import { DAY, rejection, START, thrown, World, worldWith } from '../fixture.ts'

describe('login', () => {
  it('sets userId and gives the session a new id; the anonymous visitor’s data is kept', async () => {
    const world = await worldWith({ cart: [1] })
    const [anonymous, [before]] = [world.browser.copy(), await world.onlyRow()]
    const { headers } = await world.visit((session) => {
      session.login(7)
      expect(session.userId).toBe(7)
    })
    expect(headers.getSetCookie().length).toBe(1)
    expect(world.browser.id).not.toBe(anonymous.id)
    expect(await world.read()).toEqual({ cart: [1], userId: 7 })
    const [after, entry] = await world.onlyRow()
    expect([after, entry.userId]).toEqual([before, '7'])
    expect(await world.read(anonymous)).toEqual({})
  })

  it('again as the same user renews the id, keeps the data and starts a new absolute lifetime', async () => {
    const world = await worldWith({ cart: [1] })
    await world.visit((session) => session.login(7))
    const old = world.browser.copy()
    world.clock.advance(10 * DAY)
    await world.visit((session) => session.login('7'))
    expect(world.browser.id).not.toBe(old.id)
    expect(await world.read()).toEqual({ cart: [1], userId: '7' })
    expect((await world.row()).createdAt).toBe(START + 10 * DAY)
  })

  it('over another user’s session deletes it and begins a new family with nothing of the other’s', async () => {
    const world = await worldWith({ cart: [1] })
    await world.visit((session) => session.login(1, { expiry: '1h' }))
    const [old, [before]] = [world.browser.copy(), await world.onlyRow()]
    await world.visit((session) => {
      session.set('before', 1)
      session.login(2)
      session.set('after', 2)
      expect(session.toObject()).toEqual({ userId: 2, after: 2 })
    })
    const [after, entry] = await world.onlyRow()
    expect((await world.rows()).length).toBe(1)
    expect([after === before, entry.userId, entry.expiresAt]).toEqual([false, '2', START + 14 * DAY])
    expect([await world.read(), await world.read(old)]).toEqual([{ userId: 2, after: 2 }, {}])
    expect(world.reasons('ended')).toEqual(['other-user'])
  })

  it.each<[string, (session: Session<any>) => unknown]>([
    ['delete', (session) => session.delete('userId')],
    ['pop', (session) => session.pop('userId')],
    ['claim', (session) => session.claim('userId')],
    ['an update to undefined', (session) => session.update('userId', () => undefined)],
    ['delete in the data view', (session) => delete session.data['userId']],
  ])('remembers a user removed before by %s: another user gets nothing of theirs', async (_name, remove) => {
    const world = new World()
    await world.visit((session) => {
      session.login(1)
      session.set('private', 'of user 1')
    })
    await world.visit((session) => remove(session))
    expect(await world.read()).toEqual({ private: 'of user 1' })
    await world.visit((session) => session.login(2))
    expect(await world.read()).toEqual({ userId: 2 })
  })

  it('remembers a user removed before though nothing else was there: what a request of that user adds late is not for another', async () => {
    const world = await worldWith({ userId: 1 })
    const late = await world.open()
    late.set('private', 'of user 1')
    await world.visit((session) => void session.delete('userId'))
    await world.sessions.commit(late, { status: 200 })
    await world.visit((session) => session.login(2))
    expect(await world.read()).toEqual({ userId: 2 })
  })

  it('of the user removed before gives back what is theirs', async () => {
    const world = new World()
    await world.visit((session) => {
      session.login(1)
      session.set('cart', [1])
    })
    await world.visit((session) => void session.delete('userId'))
    await world.visit((session) => session.login('1'))
    expect(await world.read()).toEqual({ userId: '1', cart: [1] })
  })

  it('shows nothing of another user’s flashes', async () => {
    const world = new World()
    await world.visit((session) => {
      session.login(1)
      session.flash('notice', 'private')
    })
    await world.visit((session) => {
      session.login(2)
      expect(session.flashed('notice')).toBeUndefined()
    })
  })

  it('compares users as text, however the stored text spells it', async () => {
    const world = await worldWith({ userId: 1, cart: 1 })
    await world.plant('{"userId":1.0,"cart":1}')
    await world.visit((session) => session.login(1))
    expect(await world.read()).toEqual({ userId: 1, cart: 1 })
  })

  it('refuses what is no user', async () => {
    const session = await new World().open()
    for (const user of ['', Number.NaN, Number.POSITIVE_INFINITY, undefined, null, {}, true]) {
      expect(
        thrown(() => session.login(user as string)),
        JSON.stringify(user) ?? 'undefined',
      ).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'userId' })
    }
  })

  it('on a session that ended meanwhile starts a new one with this request’s own changes only', async () => {
    const world = await worldWith({ old: 1 })
    const session = await world.open()
    await world.visit((other) => other.flush(), { browser: world.browser.copy() })
    session.set('mine', 1)
    session.login(7)
    world.browser.obey(await world.sessions.commit(session, { status: 200 }))
    expect(await world.read()).toEqual({ mine: 1, userId: 7 })
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'found-ended', outcome: 'started-new' }))
  })

  it('after a save was told that the session is gone starts with nothing of the dead one', async () => {
    const world = await worldWith({ secret: 'of the dead' })
    const session = await world.open()
    await world.visit((other) => other.flush(), { browser: world.browser.copy() })
    session.set('x', 1)
    expect((await rejection(session.save())).code).toBe('ERR_SESSION_ENDED')
    session.login(7)
    world.browser.obey(await world.sessions.commit(session, { status: 200 }))
    expect(await world.read()).toEqual({ userId: 7 })
  })

  it('under an id that another request just renewed starts a new session', async () => {
    const world = await worldWith({ cart: [1] })
    const late = world.browser.copy()
    await world.visit((session) => session.login(1))
    await world.visit((session) => session.login(2), { browser: late })
    expect(await world.read(late)).toEqual({ userId: 2 })
    expect(await world.read()).toEqual({ cart: [1], userId: 1 })
  })

  it('and delete of the user on nothing leaves nothing', async () => {
    const world = new World()
    const { headers } = await world.visit((session) => {
      session.login(7)
      session.delete('userId')
    })
    expect([(await world.rows()).length, headers.getSetCookie()]).toEqual([0, []])
  })
})

describe('a user that is set otherwise', () => {
  const ways: [string, (session: Session<any>, user: unknown) => unknown][] = [
    ['set', (session, user) => session.set('userId', user)],
    ['assign', (session, user) => session.assign({ userId: user })],
    ['data', (session, user) => (session.data['userId'] = user)],
    ['update', (session, user) => session.update('userId', () => user)],
    ['delete and set', (session, user) => [session.delete('userId'), session.set('userId', user)]],
    ['clear and set', (session, user) => [session.clear(), session.set('userId', user)]],
  ]
  it.each(ways)('by %s renews the id when it is another', async (_name, change) => {
    const world = await worldWith({ userId: 1, cart: [1] })
    const old = world.browser.copy()
    await world.visit((session) => change(session, 2))
    expect(world.browser.id).not.toBe(old.id)
    expect(await world.read()).toMatchObject({ userId: 2 })
    expect(await world.read(old)).toEqual({})
    expect((await world.row()).userId).toBe('2')
  })

  it.each(ways)('by %s keeps the id when it is the same as text', async (_name, change) => {
    const world = await worldWith({ userId: 1, cart: [1] })
    const id = world.browser.id
    await world.visit((session) => change(session, '1'))
    expect(world.browser.id).toBe(id)
  })

  it('by setDefault on an anonymous session renews the id', async () => {
    const world = await worldWith({ cart: [1] })
    const id = world.browser.id
    await world.visit((session) => session.setDefault('userId', 3))
    expect([world.browser.id === id, (await world.row()).userId]).toEqual([false, '3'])
  })

  it('by way of a merge renews the id too', async () => {
    const world = await worldWith({ userId: 1 })
    const session = await world.open()
    session.update('userId', (user: number) => user + 1)
    await world.visit((other) => void other.set('x', 1))
    const headers = await world.sessions.commit(session, { status: 200 })
    expect(headers.getSetCookie().length).toBe(1)
  })
})

describe('logging out', () => {
  it.each<[string, (session: Session<any>) => unknown, unknown]>([
    ['delete', (session) => session.delete('userId'), { cart: [1] }],
    ['pop', (session) => session.pop('userId'), { cart: [1] }],
    ['clear', (session) => session.clear(), {}],
  ])('%s removes the user and keeps id and row', async (_name, logOut, left) => {
    const world = await worldWith({ userId: 1, cart: [1] })
    const id = world.browser.id
    const { headers } = await world.visit(logOut)
    expect([world.browser.id, headers.getSetCookie()]).toEqual([id, []])
    expect(await world.read()).toEqual(left)
    expect((await world.row()).userId).toBeUndefined()
    expect((await world.open()).userId).toBeUndefined()
  })

  it('logout ends the session as flush does', async () => {
    const world = await worldWith({ userId: 1, cart: [1] })
    await world.visit((session) => session.logout())
    expect([(await world.rows()).length, world.browser.cookie]).toEqual([0, undefined])
  })
})
