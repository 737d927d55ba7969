import { describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE, START, thrown, World, worldWith } from './fixture.ts'

const maxAge = (headers: Headers): number | undefined => {
  const found = /Max-Age=(\d+)/.exec(headers.getSetCookie()[0] ?? '')
  return found === null ? undefined : Number(found[1])
}

describe('idle time', () => {
  it('a session nobody uses for `idle` is gone, one millisecond earlier it lives', async () => {
    const world = await worldWith({ a: 1 }, { idle: '1h' })
    world.clock.advance(HOUR - 1)
    expect(await world.read()).toEqual({ a: 1 })
    world.clock.advance(1)
    expect(await world.read()).toEqual({})
    expect(world.reasons('absent')).toEqual(['unknown-or-expired'])
  })

  it('is 14 days unless said otherwise', async () => {
    const world = await worldWith({ a: 1 })
    expect((await world.row()).expiresAt).toBe(START + 14 * DAY)
  })

  it('slides with every write', async () => {
    const world = await worldWith({ a: 1 }, { idle: '1h' })
    world.clock.advance(HOUR / 2)
    await world.visit((session) => void session.set('a', 2))
    expect((await world.row()).expiresAt).toBe(START + 1.5 * HOUR)
  })

  it('slides with reading, by one touch every tenth of it, which sends no header and keeps the version', async () => {
    const world = await worldWith({ a: 1 }, { idle: 100 * 60 })
    const before = await world.row()
    world.clock.advance(10 * MINUTE - 1)
    await world.visit((session) => session.get('a'))
    expect(await world.row()).toEqual(before)
    world.clock.advance(1)
    const { headers } = await world.visit((session) => session.get('a'))
    expect(await world.row()).toEqual({ ...before, seenAt: START + 10 * MINUTE, expiresAt: START + 110 * MINUTE })
    expect(headers.getSetCookie()).toEqual([])
    expect(world.reasons('touched')).toEqual(['idle'])
    await world.visit((session) => session.get('a'))
    expect(world.reasons('touched')).toEqual(['idle'])
  })

  it('slides by at most one touch an hour when it is long', async () => {
    const world = await worldWith({ a: 1 })
    world.clock.advance(HOUR - 1)
    await world.visit((session) => session.get('a'))
    expect((await world.row()).seenAt).toBe(START)
    world.clock.advance(1)
    await world.visit((session) => session.get('a'))
    expect((await world.row()).seenAt).toBe(START + HOUR)
  })

  it('touch is refused when another request wrote meanwhile, which is an event and no error', async () => {
    const world = await worldWith({ a: 1 })
    world.clock.advance(2 * HOUR)
    const session = await world.open()
    session.get('a')
    await world.visit((other) => void other.set('a', 2))
    await world.sessions.commit(session, { status: 200 })
    expect(world.reasons('touch-refused')).toEqual(['changed-meanwhile'])
  })
})

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

describe('setExpiry', () => {
  it('a duration replaces idle for this session and slides', async () => {
    const world = await worldWith({ a: 1 })
    const { headers } = await world.visit((session) => {
      session.setExpiry('2h')
      expect(session.expiresAt).toBe(START + 2 * HOUR)
    })
    expect(headers.getSetCookie()).toEqual([])
    expect((await world.row()).expiresAt).toBe(START + 2 * HOUR)
    world.clock.advance(HOUR)
    await world.visit((session) => session.get('a'))
    expect((await world.row()).expiresAt).toBe(START + 3 * HOUR)
    await world.visit((session) => void session.set('a', 2))
    expect((await world.row()).expiresAt).toBe(START + 3 * HOUR)
  })

  it('a number is seconds', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit((session) => session.setExpiry(90))
    expect((await world.row()).expiresAt).toBe(START + 90_000)
  })

  it('an instant is fixed, and reading does not move it', async () => {
    const world = await worldWith({ a: 1 })
    const at = START + 5 * HOUR
    await world.visit((session) => session.setExpiry(new Date(at)))
    world.clock.advance(4 * HOUR)
    await world.visit((session) => session.get('a'))
    await world.visit((session) => void session.set('a', 2))
    expect((await world.row()).expiresAt).toBe(at)
    world.clock.at = at
    expect(await world.read()).toEqual({})
  })

  it('undefined returns to the defaults', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit((session) => session.setExpiry('1h'))
    await world.visit((session) => session.setExpiry(undefined))
    expect((await world.row()).expiresAt).toBe(START + 14 * DAY)
    expect((await world.row()).payload).not.toContain('_expiry')
  })

  it('may be longer than idle, never than the absolute lifetime', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit((session) => session.setExpiry('29d'))
    expect((await world.row()).expiresAt).toBe(START + 29 * DAY)
    world.clock.advance(20 * DAY)
    await world.visit((session) => session.get('a'))
    expect((await world.row()).expiresAt).toBe(START + 30 * DAY)
  })

  const wrong: [string, unknown][] = [
    ['a duration beyond the absolute lifetime', '31d'],
    ['an instant beyond the absolute end', new Date(START + 30 * DAY + 1)],
    ['an instant that is now', new Date(START)],
    ['an instant that is past', new Date(START - 1)],
    ['an invalid Date', new Date(Number.NaN)],
    ['nothing at all', 0],
    ['less than nothing', -1],
    ['milliseconds by mistake', 86_400_000],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['a word', 'soon'],
    ['a unit that does not exist', '1y'],
    ['null', null],
    ['an object', {}],
  ]
  it.each(wrong)('%s is a RangeError, and changes nothing', async (_name, expiry) => {
    const world = await worldWith({ a: 1 })
    const { session } = await world.visit((session) => {
      const error = thrown(() => session.setExpiry(expiry as Date))
      expect(error).toBeInstanceOf(RangeError)
      expect(error.message).toContain('setExpiry')
    })
    expect(session.modified).toBe(false)
    expect(world.reasons('untouched').length + world.reasons('saved').length).toBe(1)
  })

  it('an instant is judged by the absolute end of this session, not of a new one', async () => {
    const world = await worldWith({ a: 1 })
    world.clock.advance(10 * DAY)
    await world.visit((session) => {
      expect(thrown(() => session.setExpiry(new Date(START + 31 * DAY)))).toBeInstanceOf(RangeError)
      session.setExpiry(new Date(START + 30 * DAY))
    })
    expect((await world.row()).expiresAt).toBe(START + 30 * DAY)
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
