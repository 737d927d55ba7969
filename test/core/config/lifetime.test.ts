import { describe, expect, it } from 'vitest'
import { appWith, DAY, HOUR, MINUTE, START, TestApp } from '../fixture.ts'

const maxAge = (headers: Headers): number | undefined => {
  const found = /Max-Age=(\d+)/.exec(headers.getSetCookie()[0] ?? '')
  return found === null ? undefined : Number(found[1])
}

describe('the absolute lifetime', () => {
  it('ends a session regardless of its use', async () => {
    const app = await appWith({ a: 1 }, { idle: '10d', absolute: '30d' })
    for (let day = 0; day < 29; day++) {
      app.clock.advance(DAY)
      await app.request((session) => (day % 2 === 0 ? session.get('a') : session.increment('a')))
      expect((await app.row()).expiresAt).toBeLessThanOrEqual(START + 30 * DAY)
    }
    expect((await app.read())['a']).toBe(15)
    app.clock.at = START + 30 * DAY
    expect(await app.read()).toEqual({})
  })

  it('is 30 days by default, and is the Max-Age of the cookie', async () => {
    const app = new TestApp()
    const { headers } = await app.request((session) => void session.set('a', 1))
    expect(maxAge(headers)).toBe(30 * 86_400)
  })

  it('gives the cookie of a new id the remaining lifetime, rounded up to seconds', async () => {
    const app = await appWith({ a: 1 })
    app.clock.advance(10 * DAY + 1)
    const { headers } = await app.request((session) => session.cycleId())
    expect(maxAge(headers)).toBe(20 * 86_400)
  })

  it('starts again with a login, for the cookie, the row and the values this request reads', async () => {
    const app = await appWith({ a: 1 }, { idle: '30d' })
    app.clock.advance(20 * DAY)
    const { headers, result } = await app.request((session) => {
      session.login(1)
      return session.expiresAt
    })
    expect([result, maxAge(headers)]).toEqual([START + 50 * DAY, 30 * 86_400])
    expect((await app.row()).expiresAt).toBe(START + 50 * DAY)
  })

  it('starts again with a login, and limits an expiry that is set after it', async () => {
    const app = await appWith({ a: 1 })
    app.clock.advance(13 * DAY)
    await app.request((session) => {
      session.login(1)
      session.setExpiry(new Date(START + 40 * DAY))
    })
    expect((await app.row()).expiresAt).toBe(START + 40 * DAY)
  })
})

describe('ending with the browser', () => {
  it('sends a cookie without Max-Age and keeps the idle time on the server', async () => {
    const app = new TestApp()
    const { headers } = await app.request((session) => {
      session.set('a', 1)
      session.setExpiry('browser')
      expect(session.endsWithBrowser).toBe(true)
    })
    expect(headers.getSetCookie()[0]).not.toMatch(/Max-Age|Expires/)
    expect((await app.row()).expiresAt).toBe(START + 14 * DAY)
  })

  it('renews the id when it is turned on or off, because the cookie must change', async () => {
    const app = await appWith({ a: 1 })
    const ids = [app.browser.id]
    const to = await app.request((session) => session.setExpiry('browser'))
    ids.push(app.browser.id)
    const from = await app.request((session) => session.setExpiry('1d'))
    ids.push(app.browser.id)
    expect([new Set(ids).size, maxAge(to.headers), maxAge(from.headers)]).toEqual([3, undefined, 30 * 86_400])
    await app.request((session) => expect([session.endsWithBrowser, session.get('a')]).toEqual([false, 1]))
  })

  it('sends no cookie if only the expiry on the server changes', async () => {
    const app = await appWith({ a: 1 })
    await app.request((session) => session.setExpiry('browser'))
    expect((await app.request((session) => session.setExpiry('browser'))).headers.getSetCookie()).toEqual([])
    expect((await app.request((session) => session.set('b', 1).flash('x', 1))).headers.getSetCookie()).toEqual([])
  })

  it('is the default with browserSession, and a session can change it', async () => {
    const app = new TestApp({ browserSession: true })
    const first = await app.request((session) => {
      session.set('a', 1)
      expect(session.endsWithBrowser).toBe(true)
    })
    expect(maxAge(first.headers)).toBeUndefined()
    const second = await app.request((session) => session.setExpiry('30d'))
    expect(maxAge(second.headers)).toBe(30 * 86_400)
    const third = await app.request((session) => session.setExpiry(undefined))
    expect([third.headers.getSetCookie().length, maxAge(third.headers)]).toEqual([1, undefined])
  })

  it('can be chosen at login', async () => {
    const app = new TestApp()
    const short = await app.request((session) => session.login(1, { expiry: 'browser' }))
    expect(maxAge(short.headers)).toBeUndefined()
    const long = await app.request((session) => session.login(1, { expiry: '30d' }))
    expect([maxAge(long.headers), (await app.row()).expiresAt]).toEqual([30 * 86_400, START + 30 * DAY])
    const same = await app.request((session) => session.login(1))
    expect((await app.row()).expiresAt).toBe(START + 30 * DAY)
    expect(maxAge(same.headers)).toBe(30 * 86_400)
  })
})

describe('a clock that jumps', () => {
  it('neither revives an expired session nor ends one early', async () => {
    const app = await appWith({ a: 1 }, { idle: '1d' })
    app.clock.advance(-HOUR)
    await app.request((session) => session.increment('a'))
    expect(await app.read()).toEqual({ a: 2 })
    app.clock.at = START + 3650 * DAY
    expect(await app.read()).toEqual({})
    await app.sessions.clearExpired()
    app.clock.at = START
    expect(await app.read()).toEqual({})
  })

  it('never shortens a session by a touch when two processes differ by five minutes', async () => {
    const app = await appWith({ a: 1 }, { idle: '30m' })
    const ahead = app.createManager({ idle: '30m', clock: () => app.clock.at + 5 * MINUTE })
    const session = await app.open(app.browser, ahead)
    session.get('a')
    await ahead.commit(session, { status: 200 })
    const { expiresAt } = await app.row()
    expect(expiresAt).toBe(START + 35 * MINUTE)
    app.clock.advance(4 * MINUTE)
    await app.request((late) => late.get('a'))
    expect((await app.row()).expiresAt).toBe(expiresAt)
  })
})
