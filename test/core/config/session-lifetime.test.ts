import { describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE, START, World, worldWith } from '../fixture.ts'

const maxAge = (headers: Headers): number | undefined => {
  const found = /Max-Age=(\d+)/.exec(headers.getSetCookie()[0] ?? '')
  return found === null ? undefined : Number(found[1])
}

describe('the absolute lifetime', () => {
  it('ends a session however often it is used', async () => {
    const world = await worldWith({ a: 1 }, { idle: '10d', absolute: '30d' })
    for (let day = 0; day < 29; day++) {
      world.clock.advance(DAY)
      await world.visit((session) => (day % 2 === 0 ? session.get('a') : session.increment('a')))
      expect((await world.row()).expiresAt).toBeLessThanOrEqual(START + 30 * DAY)
    }
    expect((await world.read())['a']).toBe(15)
    world.clock.at = START + 30 * DAY
    expect(await world.read()).toEqual({})
  })

  it('is 30 days unless said otherwise, and is the Max-Age of the cookie', async () => {
    const world = new World()
    const { headers } = await world.visit((session) => void session.set('a', 1))
    expect(maxAge(headers)).toBe(30 * 86_400)
  })

  it('the cookie of a new id has what is left of it, rounded up', async () => {
    const world = await worldWith({ a: 1 })
    world.clock.advance(10 * DAY + 1)
    const { headers } = await world.visit((session) => session.cycleId())
    expect(maxAge(headers)).toBe(20 * 86_400)
  })

  it('begins anew with a login, for the cookie and the row, and for what this request sees', async () => {
    const world = await worldWith({ a: 1 }, { idle: '30d' })
    world.clock.advance(20 * DAY)
    const { headers, result } = await world.visit((session) => {
      session.login(1)
      return session.expiresAt
    })
    expect([result, maxAge(headers)]).toEqual([START + 50 * DAY, 30 * 86_400])
    expect((await world.row()).expiresAt).toBe(START + 50 * DAY)
  })

  it('begins anew with a login, for an expiry that is set after it too', async () => {
    const world = await worldWith({ a: 1 })
    world.clock.advance(13 * DAY)
    await world.visit((session) => {
      session.login(1)
      session.setExpiry(new Date(START + 40 * DAY))
    })
    expect((await world.row()).expiresAt).toBe(START + 40 * DAY)
  })
})

describe('ending with the browser', () => {
  it('sends a cookie without Max-Age; the server still counts idle time', async () => {
    const world = new World()
    const { headers } = await world.visit((session) => {
      session.set('a', 1)
      session.setExpiry('browser')
      expect(session.endsWithBrowser).toBe(true)
    })
    expect(headers.getSetCookie()[0]).not.toMatch(/Max-Age|Expires/)
    expect((await world.row()).expiresAt).toBe(START + 14 * DAY)
  })

  it('to it and from it the id is renewed, since the cookie must change', async () => {
    const world = await worldWith({ a: 1 })
    const ids = [world.browser.id]
    const to = await world.visit((session) => session.setExpiry('browser'))
    ids.push(world.browser.id)
    const from = await world.visit((session) => session.setExpiry('1d'))
    ids.push(world.browser.id)
    expect([new Set(ids).size, maxAge(to.headers), maxAge(from.headers)]).toEqual([3, undefined, 30 * 86_400])
    await world.visit((session) => expect([session.endsWithBrowser, session.get('a')]).toEqual([false, 1]))
  })

  it('otherwise only the expiry of the server changes: no cookie', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit((session) => session.setExpiry('browser'))
    expect((await world.visit((session) => session.setExpiry('browser'))).headers.getSetCookie()).toEqual([])
    expect((await world.visit((session) => session.set('b', 1).flash('x', 1))).headers.getSetCookie()).toEqual([])
  })

  it('is the default with browserSession, which a session can leave', async () => {
    const world = new World({ browserSession: true })
    const first = await world.visit((session) => {
      session.set('a', 1)
      expect(session.endsWithBrowser).toBe(true)
    })
    expect(maxAge(first.headers)).toBeUndefined()
    const second = await world.visit((session) => session.setExpiry('30d'))
    expect(maxAge(second.headers)).toBe(30 * 86_400)
    const third = await world.visit((session) => session.setExpiry(undefined))
    expect([third.headers.getSetCookie().length, maxAge(third.headers)]).toEqual([1, undefined])
  })

  it('login can say it: remember me or not', async () => {
    const world = new World()
    const short = await world.visit((session) => session.login(1, { expiry: 'browser' }))
    expect(maxAge(short.headers)).toBeUndefined()
    const long = await world.visit((session) => session.login(1, { expiry: '30d' }))
    expect([maxAge(long.headers), (await world.row()).expiresAt]).toEqual([30 * 86_400, START + 30 * DAY])
    const same = await world.visit((session) => session.login(1))
    expect((await world.row()).expiresAt).toBe(START + 30 * DAY)
    expect(maxAge(same.headers)).toBe(30 * 86_400)
  })
})

describe('a clock that jumps', () => {
  it('back and forth revives nothing and ends nothing early', async () => {
    const world = await worldWith({ a: 1 }, { idle: '1d' })
    world.clock.advance(-HOUR)
    await world.visit((session) => session.increment('a'))
    expect(await world.read()).toEqual({ a: 2 })
    world.clock.at = START + 3650 * DAY
    expect(await world.read()).toEqual({})
    await world.sessions.clearExpired()
    world.clock.at = START
    expect(await world.read()).toEqual({})
  })

  it('between two processes five minutes apart: touching never shortens', async () => {
    const world = await worldWith({ a: 1 }, { idle: '30m' })
    const ahead = world.manager({ idle: '30m', clock: () => world.clock.at + 5 * MINUTE })
    const session = await world.open(world.browser, ahead)
    session.get('a')
    await ahead.commit(session, { status: 200 })
    const { expiresAt } = await world.row()
    expect(expiresAt).toBe(START + 35 * MINUTE)
    world.clock.advance(4 * MINUTE)
    await world.visit((late) => late.get('a'))
    expect((await world.row()).expiresAt).toBe(expiresAt)
  })
})

describe('clearExpired', () => {
  it('deletes what is expired, tells how many, and leaves the rest', async () => {
    const world = await worldWith({ a: 1 }, { idle: '1h' })
    for (let count = 0; count < 25; count++) {
      const session = world.sessions.create()
      session.set('n', count)
      await session.save()
    }
    world.clock.advance(30 * MINUTE)
    await world.visit((session) => void session.set('a', 2))
    world.clock.advance(45 * MINUTE)
    const told: number[] = []
    expect(await world.sessions.clearExpired({ batch: 10, onProgress: (deleted) => told.push(deleted) })).toBe(25)
    expect([told.at(-1), (await world.rows()).length]).toEqual([25, 1])
    expect(await world.read()).toEqual({ a: 2 })
    expect(await world.sessions.clearExpired()).toBe(0)
  })
})
