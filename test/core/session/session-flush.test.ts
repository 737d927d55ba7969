import { describe, expect, it } from 'vitest'
import type { Session } from '../../../src/index.ts'
import { DAY, rejection, World, worldWith } from '../fixture.ts'

describe('flush', () => {
  it('ends row, data and id, and deletes the cookie', async () => {
    const world = await worldWith({ a: 1 })
    const old = world.browser.copy()
    const { headers } = await world.visit((session) => {
      session.flush()
      expect([session.size, session.id, session.handle]).toEqual([0, undefined, undefined])
    })
    expect((await world.rows()).length).toBe(0)
    expect(headers.getSetCookie()).toEqual(['__Host-sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax'])
    expect([await world.read(), await world.read(old)]).toEqual([{}, {}])
  })

  it('does not write out what was set before it', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit((session) => {
      session.set('b', 2)
      session.flush()
    })
    expect((await world.rows()).length).toBe(0)
    expect(world.types()).not.toContain('saved')
  })

  it('and what is set afterwards starts a new session, with a new family', async () => {
    const world = await worldWith({ a: 1 })
    const [old, [before]] = [world.browser.copy(), await world.onlyRow()]
    const { headers } = await world.visit((session) => {
      session.flush()
      session.set('b', 2)
    })
    const [after] = await world.onlyRow()
    expect(headers.getSetCookie().length).toBe(1)
    expect([await world.read(), await world.read(old), before === after]).toEqual([{ b: 2 }, {}, false])
  })

  it('twice is once', async () => {
    const world = await worldWith({ a: 1 })
    const { headers } = await world.visit((session) => {
      session.flush()
      session.flush()
    })
    expect([(await world.rows()).length, headers.getSetCookie().length]).toEqual([0, 1])
  })

  it('without a cookie does nothing and sends nothing', async () => {
    const world = new World()
    const { headers } = await world.visit((session) => session.flush())
    expect(headers.getSetCookie()).toEqual([])
    expect(world.types()).not.toContain('ended')
  })

  it('with a cookie that means nothing deletes the cookie', async () => {
    const world = new World()
    world.browser.cookie = '__Host-sid=junk'
    await world.visit((session) => session.flush())
    expect(world.browser.cookie).toBeUndefined()
  })

  it('of a session made in this very request leaves no row and sends no cookie', async () => {
    const world = new World()
    const { headers } = await world.visit(async (session) => {
      session.set('a', 1)
      await session.save()
      session.flush()
    })
    expect([(await world.rows()).length, headers.getSetCookie()]).toEqual([0, []])
  })

  it('ends the session however the id was renewed meanwhile, by whatever committed before it', async () => {
    const renewals: ((session: Session<any>) => void)[] = [
      (session) => session.cycleId(),
      (session) => session.login(1),
      (session) => session.setExpiry('browser'),
    ]
    for (const renew of renewals) {
      const world = await worldWith({ a: 1 })
      const early = await world.open()
      const copy = world.browser.copy()
      await world.visit(renew)
      early.flush()
      await world.sessions.commit(early, { status: 200 })
      expect([(await world.rows()).length, await world.read()]).toEqual([0, {}])

      const again = await worldWith({ a: 1 })
      const stolen = again.browser.copy()
      await again.visit(renew)
      await again.visit((session) => session.flush(), { browser: stolen })
      expect([(await again.rows()).length, await again.read(), copy.cookie === undefined]).toEqual([0, {}, false])
    }
  })

  it('after save ends what was saved', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit(async (session) => {
      session.cycleId()
      await session.save()
      session.flush()
    })
    expect([(await world.rows()).length, world.browser.cookie]).toEqual([0, undefined])
  })

  it('then save ends it at once; what follows is a session of its own', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit(async (session) => {
      session.flush()
      await session.save()
      expect((await world.rows()).length).toBe(0)
      session.set('b', 1)
    })
    expect(await world.read()).toEqual({ b: 1 })
  })
})

describe('a request whose session ended meanwhile', () => {
  const writers: [string, (session: Session<any>) => unknown][] = [
    ['set', (session) => session.set('b', 1)],
    ['delete', (session) => session.delete('a')],
    ['update', (session) => session.increment('a')],
    ['clear', (session) => session.clear()],
    ['cycleId', (session) => session.cycleId()],
    ['setExpiry', (session) => session.setExpiry('1h')],
    ['flash', (session) => session.flash('x', 1)],
    ['setDefault', (session) => session.setDefault('b', 1)],
    ['a change in place', (session) => session.get('list').push(1)],
  ]
  it.each(writers)('that changed something by %s is told so, and nothing comes back', async (_name, write) => {
    const world = await worldWith({ a: 1, list: [] })
    const session = await world.open()
    write(session)
    await world.visit((other) => other.flush(), { browser: world.browser.copy() })
    expect(await rejection(world.sessions.commit(session, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_ENDED', status: 409 })
    expect((await world.rows()).length).toBe(0)
    expect(world.sessions.headers(session).getSetCookie()).toEqual([])
  })

  it('that only read is not', async () => {
    const world = await worldWith({ a: 1 })
    const session = await world.open()
    await world.visit((other) => other.flush())
    expect(session.get('a')).toBe(1)
    await world.sessions.commit(session, { status: 200 })
    expect((await world.rows()).length).toBe(0)
  })

  it('that flushes too is not', async () => {
    const world = await worldWith({ a: 1 })
    const session = await world.open()
    session.flush()
    await world.visit((other) => other.flush())
    await world.sessions.commit(session, { status: 200 })
    expect((await world.rows()).length).toBe(0)
  })

  it('with whenEnded discard loses its changes quietly, but for an event', async () => {
    const world = await worldWith({ a: 1 }, { whenEnded: 'discard' })
    const session = await world.open()
    session.set('b', 1)
    await world.visit((other) => other.flush())
    const headers = await world.sessions.commit(session, { status: 200 })
    expect([(await world.rows()).length, headers.getSetCookie()]).toEqual([0, []])
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'found-ended', outcome: 'discarded' }))
  })

  it('by expiry is told so: a commit never revives', async () => {
    const world = await worldWith({ a: 1 })
    const session = await world.open()
    session.set('b', 1)
    world.clock.advance(14 * DAY)
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
    expect(await world.read()).toEqual({})
  })

  it('by expiry can touch nothing', async () => {
    const world = await worldWith({ a: 1 })
    const session = await world.open()
    session.get('a')
    world.clock.advance(14 * DAY)
    await world.sessions.commit(session, { status: 200 })
    expect(await world.read()).toEqual({})
    expect(world.types()).toContain('touch-refused')
  })

  it('sees it after reload, and stays gone however often it reloads', async () => {
    const world = await worldWith({ a: 1 })
    const session = await world.open()
    await world.visit((other) => other.flush(), { browser: world.browser.copy() })
    await session.reload()
    expect(session.size).toBe(0)
    await session.reload()
    session.set('b', 1)
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
    expect((await world.rows()).length).toBe(0)
  })
})
