import { describe, expect, it } from 'vitest'
import { DAY, MINUTE, rejection, START, World, worldWith } from '../fixture.ts'

describe('cycleId', () => {
  it('gives the same data a new id; the old one is dead in the same step', async () => {
    const world = await worldWith({ a: 1 })
    const [old, before] = [world.browser.copy(), await world.rows()]
    const { headers } = await world.visit((session) => session.cycleId())
    const after = await world.rows()
    expect(headers.getSetCookie().length).toBe(1)
    expect(after.map(([key]) => key)).toEqual(before.map(([key]) => key))
    expect([await world.read(), await world.read(old)]).toEqual([{ a: 1 }, {}])
    expect(world.reasons('saved')).toEqual(['new-id'])
  })

  it('does not move the absolute lifetime', async () => {
    const world = await worldWith({ a: 1 })
    world.clock.advance(DAY)
    await world.visit((session) => session.cycleId())
    expect((await world.row()).createdAt).toBe(START)
    expect((await world.row()).idAt).toBe(START + DAY)
  })

  it('on nothing makes nothing', async () => {
    const world = new World()
    const { headers } = await world.visit((session) => session.cycleId())
    expect([(await world.rows()).length, headers.getSetCookie()]).toEqual([0, []])
  })

  it('twice, with a save between: exactly one id is alive, and that one the browser gets', async () => {
    const world = await worldWith({ a: 1 })
    const ids = [world.browser.copy()]
    const { headers } = await world.visit(async (session) => {
      session.cycleId()
      await session.save()
      ids.push(world.browser.copy())
      ids.at(-1)!.cookie = `__Host-sid=${session.id}`
      session.cycleId()
    })
    expect(headers.getSetCookie().length).toBe(1)
    expect(await Promise.all(ids.map((browser) => world.read(browser)))).toEqual([{}, {}])
    expect(await world.read()).toEqual({ a: 1 })
  })

  it('of two requests at once: one wins, the other is told that it is gone', async () => {
    const world = await worldWith({ a: 1 })
    const [first, second] = [await world.open(), await world.open()]
    first.cycleId()
    second.cycleId()
    await world.sessions.commit(first, { status: 200 })
    expect((await rejection(world.sessions.commit(second, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
    expect(world.sessions.headers(second).getSetCookie()).toEqual([])
  })
})

describe('a dead id', () => {
  it('of a living family: what is written under it within a minute is gone', async () => {
    const world = await worldWith({ a: 1 })
    const old = world.browser.copy()
    await world.visit((session) => session.cycleId())
    world.clock.advance(MINUTE - 1)
    expect((await rejection(world.visit((session) => void session.set('b', 1), { browser: old.copy() }))).code).toBe('ERR_SESSION_ENDED')
    expect([(await world.rows()).length, await world.read()]).toEqual([1, { a: 1 }])
  })

  it('after that minute is nobody’s: what is written starts a new session', async () => {
    const world = await worldWith({ a: 1 })
    const old = world.browser.copy()
    await world.visit((session) => session.cycleId())
    world.clock.advance(MINUTE)
    await world.visit((session) => void session.set('b', 1), { browser: old })
    expect([await world.read(old), await world.read()]).toEqual([{ b: 1 }, { a: 1 }])
  })

  it('reads nothing, and its reading sends no cookie', async () => {
    const world = await worldWith({ a: 1 })
    const old = world.browser.copy()
    await world.visit((session) => session.cycleId())
    const { headers, result } = await world.visit((session) => session.toObject(), { browser: old })
    expect([result, headers.getSetCookie()]).toEqual([{}, []])
  })

  it('can still end the session for a minute: the logout may have been under way when the id was renewed', async () => {
    const world = await worldWith({ a: 1 })
    const old = world.browser.copy()
    await world.visit((session) => session.login(7))
    world.clock.advance(59_000)
    await world.visit((session) => session.flush(), { browser: old })
    expect((await world.rows()).length).toBe(0)
    expect(await world.read()).toEqual({})
  })

  it('cannot after that: who planted it, or kept it, logs nobody out', async () => {
    const world = await worldWith({ a: 1 })
    const old = world.browser.copy()
    await world.visit((session) => session.login(7))
    world.clock.advance(61_000)
    await world.visit((session) => session.flush(), { browser: old })
    expect(await world.read()).toEqual({ a: 1, userId: 7 })
  })

  it('of a session that has ended and never lived again is absent: what is set starts a new one', async () => {
    const world = await worldWith({ a: 1 })
    const old = world.browser.copy()
    await world.visit((session) => session.flush())
    await world.visit((session) => void session.set('b', 1), { browser: old })
    expect(await world.read(old)).toEqual({ b: 1 })
  })
})
