import { describe, expect, it } from 'vitest'
import { appWith, catchRejection, DAY, MINUTE, START, TestApp } from '../fixture.ts'

describe('cycleId', () => {
  it('gives the data a new id and invalidates the old one in the same write', async () => {
    const app = await appWith({ a: 1 })
    const [old, before] = [app.browser.copy(), await app.rows()]
    const { headers } = await app.request((session) => session.cycleId())
    const after = await app.rows()
    expect(headers.getSetCookie().length).toBe(1)
    expect(after.map(([key]) => key)).toEqual(before.map(([key]) => key))
    expect([await app.read(), await app.read(old)]).toEqual([{ a: 1 }, {}])
    expect(app.eventReasons('saved')).toEqual(['new-id'])
  })

  it('does not change the absolute lifetime', async () => {
    const app = await appWith({ a: 1 })
    app.clock.advance(DAY)
    await app.request((session) => session.cycleId())
    expect((await app.row()).createdAt).toBe(START)
    expect((await app.row()).idAt).toBe(START + DAY)
  })

  it('creates nothing on a new session', async () => {
    const app = new TestApp()
    const { headers } = await app.request((session) => session.cycleId())
    expect([(await app.rows()).length, headers.getSetCookie()]).toEqual([0, []])
  })

  it('twice with a save in between leaves one valid id, the one the browser gets', async () => {
    const app = await appWith({ a: 1 })
    const ids = [app.browser.copy()]
    const { headers } = await app.request(async (session) => {
      session.cycleId()
      await session.save()
      ids.push(app.browser.copy())
      ids.at(-1)!.cookie = `__Host-sid=${session.id}`
      session.cycleId()
    })
    expect(headers.getSetCookie().length).toBe(1)
    expect(await Promise.all(ids.map((browser) => app.read(browser)))).toEqual([{}, {}])
    expect(await app.read()).toEqual({ a: 1 })
  })

  it('of two concurrent requests succeeds once and rejects with SessionEndedError once', async () => {
    const app = await appWith({ a: 1 })
    const [first, second] = [await app.open(), await app.open()]
    first.cycleId()
    second.cycleId()
    await app.sessions.commit(first, { status: 200 })
    expect((await catchRejection(app.sessions.commit(second, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
    expect(app.sessions.headers(second).getSetCookie()).toEqual([])
  })
})

describe('a replaced id', () => {
  it('rejects writes with SessionEndedError within a minute', async () => {
    const app = await appWith({ a: 1 })
    const old = app.browser.copy()
    await app.request((session) => session.cycleId())
    app.clock.advance(MINUTE - 1)
    expect((await catchRejection(app.request((session) => void session.set('b', 1), { browser: old.copy() }))).code).toBe(
      'ERR_SESSION_ENDED',
    )
    expect([(await app.rows()).length, await app.read()]).toEqual([1, { a: 1 }])
  })

  it('starts a new session for writes after a minute', async () => {
    const app = await appWith({ a: 1 })
    const old = app.browser.copy()
    await app.request((session) => session.cycleId())
    app.clock.advance(MINUTE)
    await app.request((session) => void session.set('b', 1), { browser: old })
    expect([await app.read(old), await app.read()]).toEqual([{ b: 1 }, { a: 1 }])
  })

  it('reads nothing and sends no cookie', async () => {
    const app = await appWith({ a: 1 })
    const old = app.browser.copy()
    await app.request((session) => session.cycleId())
    const { headers, result } = await app.request((session) => session.toObject(), { browser: old })
    expect([result, headers.getSetCookie()]).toEqual([{}, []])
  })

  it('can end the session for a minute, because a logout may have been in flight when the id was renewed', async () => {
    const app = await appWith({ a: 1 })
    const old = app.browser.copy()
    await app.request((session) => session.login(7))
    app.clock.advance(59_000)
    await app.request((session) => session.flush(), { browser: old })
    expect((await app.rows()).length).toBe(0)
    expect(await app.read()).toEqual({})
  })

  it('cannot end the session after a minute', async () => {
    const app = await appWith({ a: 1 })
    const old = app.browser.copy()
    await app.request((session) => session.login(7))
    app.clock.advance(61_000)
    await app.request((session) => session.flush(), { browser: old })
    expect(await app.read()).toEqual({ a: 1, userId: 7 })
  })

  it('of an ended session starts a new session', async () => {
    const app = await appWith({ a: 1 })
    const old = app.browser.copy()
    await app.request((session) => session.flush())
    await app.request((session) => void session.set('b', 1), { browser: old })
    expect(await app.read(old)).toEqual({ b: 1 })
  })
})
