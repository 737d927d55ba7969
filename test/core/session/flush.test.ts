import { describe, expect, it } from 'vitest'
import type { Session } from '../../../src/index.ts'
import { appWith, catchRejection, DAY, TestApp } from '../fixture.ts'

describe('flush', () => {
  it('deletes row, data and id, and the cookie', async () => {
    const app = await appWith({ a: 1 })
    const old = app.browser.copy()
    const { headers } = await app.request((session) => {
      session.flush()
      expect([session.size, session.id, session.handle]).toEqual([0, undefined, undefined])
    })
    expect((await app.rows()).length).toBe(0)
    expect(headers.getSetCookie()).toEqual(['__Host-sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax'])
    expect([await app.read(), await app.read(old)]).toEqual([{}, {}])
  })

  it('does not write changes made before it', async () => {
    const app = await appWith({ a: 1 })
    await app.request((session) => {
      session.set('b', 2)
      session.flush()
    })
    expect((await app.rows()).length).toBe(0)
    expect(app.eventTypes()).not.toContain('saved')
  })

  it('starts a new session with a new family for changes made after it', async () => {
    const app = await appWith({ a: 1 })
    const [old, [before]] = [app.browser.copy(), await app.onlyRow()]
    const { headers } = await app.request((session) => {
      session.flush()
      session.set('b', 2)
    })
    const [after] = await app.onlyRow()
    expect(headers.getSetCookie().length).toBe(1)
    expect([await app.read(), await app.read(old), before === after]).toEqual([{ b: 2 }, {}, false])
  })

  it('has no further effect when called twice', async () => {
    const app = await appWith({ a: 1 })
    const { headers } = await app.request((session) => {
      session.flush()
      session.flush()
    })
    expect([(await app.rows()).length, headers.getSetCookie().length]).toEqual([0, 1])
  })

  it('does nothing and sends nothing without a cookie', async () => {
    const app = new TestApp()
    const { headers } = await app.request((session) => session.flush())
    expect(headers.getSetCookie()).toEqual([])
    expect(app.eventTypes()).not.toContain('ended')
  })

  it('deletes a malformed cookie', async () => {
    const app = new TestApp()
    app.browser.cookie = '__Host-sid=junk'
    await app.request((session) => session.flush())
    expect(app.browser.cookie).toBeUndefined()
  })

  it('of a session created in the same request leaves no row and sends no cookie', async () => {
    const app = new TestApp()
    const { headers } = await app.request(async (session) => {
      session.set('a', 1)
      await session.save()
      session.flush()
    })
    expect([(await app.rows()).length, headers.getSetCookie()]).toEqual([0, []])
  })

  it('ends the session even if another request renewed its id', async () => {
    const renewals: ((session: Session<any>) => void)[] = [
      (session) => session.cycleId(),
      (session) => session.login(1),
      (session) => session.setExpiry('browser'),
    ]
    for (const renew of renewals) {
      const app = await appWith({ a: 1 })
      const early = await app.open()
      const copy = app.browser.copy()
      await app.request(renew)
      early.flush()
      await app.sessions.commit(early, { status: 200 })
      expect([(await app.rows()).length, await app.read()]).toEqual([0, {}])

      const again = await appWith({ a: 1 })
      const stolen = again.browser.copy()
      await again.request(renew)
      await again.request((session) => session.flush(), { browser: stolen })
      expect([(await again.rows()).length, await again.read(), copy.cookie === undefined]).toEqual([0, {}, false])
    }
  })

  it('after save ends the saved session', async () => {
    const app = await appWith({ a: 1 })
    await app.request(async (session) => {
      session.cycleId()
      await session.save()
      session.flush()
    })
    expect([(await app.rows()).length, app.browser.cookie]).toEqual([0, undefined])
  })

  it('followed by save ends the session at once, and later changes start a new one', async () => {
    const app = await appWith({ a: 1 })
    await app.request(async (session) => {
      session.flush()
      await session.save()
      expect((await app.rows()).length).toBe(0)
      session.set('b', 1)
    })
    expect(await app.read()).toEqual({ b: 1 })
  })
})

describe('a request whose session ended in between', () => {
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
  it.each(writers)('rejects with SessionEndedError after %s, and the row is not created again', async (_name, write) => {
    const app = await appWith({ a: 1, list: [] })
    const session = await app.open()
    write(session)
    await app.request((other) => other.flush(), { browser: app.browser.copy() })
    expect(await catchRejection(app.sessions.commit(session, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_ENDED', status: 409 })
    expect((await app.rows()).length).toBe(0)
    expect(app.sessions.headers(session).getSetCookie()).toEqual([])
  })

  it('succeeds if it only read', async () => {
    const app = await appWith({ a: 1 })
    const session = await app.open()
    await app.request((other) => other.flush())
    expect(session.get('a')).toBe(1)
    await app.sessions.commit(session, { status: 200 })
    expect((await app.rows()).length).toBe(0)
  })

  it('succeeds if it flushes too', async () => {
    const app = await appWith({ a: 1 })
    const session = await app.open()
    session.flush()
    await app.request((other) => other.flush())
    await app.sessions.commit(session, { status: 200 })
    expect((await app.rows()).length).toBe(0)
  })

  it("drops its changes with an event for whenEnded: 'discard'", async () => {
    const app = await appWith({ a: 1 }, { whenEnded: 'discard' })
    const session = await app.open()
    session.set('b', 1)
    await app.request((other) => other.flush())
    const headers = await app.sessions.commit(session, { status: 200 })
    expect([(await app.rows()).length, headers.getSetCookie()]).toEqual([0, []])
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'found-ended', outcome: 'discarded' }))
  })

  it('rejects if the session expired, and does not revive it', async () => {
    const app = await appWith({ a: 1 })
    const session = await app.open()
    session.set('b', 1)
    app.clock.advance(14 * DAY)
    expect((await catchRejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
    expect(await app.read()).toEqual({})
  })

  it('cannot touch an expired session', async () => {
    const app = await appWith({ a: 1 })
    const session = await app.open()
    session.get('a')
    app.clock.advance(14 * DAY)
    await app.sessions.commit(session, { status: 200 })
    expect(await app.read()).toEqual({})
    expect(app.eventTypes()).toContain('touch-refused')
  })

  it('sees the end after reload, and after further reloads', async () => {
    const app = await appWith({ a: 1 })
    const session = await app.open()
    await app.request((other) => other.flush(), { browser: app.browser.copy() })
    await session.reload()
    expect(session.size).toBe(0)
    await session.reload()
    session.set('b', 1)
    expect((await catchRejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
    expect((await app.rows()).length).toBe(0)
  })
})
