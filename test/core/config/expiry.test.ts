import { describe, expect, it } from 'vitest'
import { appWith, catchError, DAY, HOUR, MINUTE, START } from '../fixture.ts'

describe('idle time', () => {
  it('ends a session after `idle` without a request, and not a millisecond earlier', async () => {
    const app = await appWith({ a: 1 }, { idle: '1h' })
    app.clock.advance(HOUR - 1)
    expect(await app.read()).toEqual({ a: 1 })
    app.clock.advance(1)
    expect(await app.read()).toEqual({})
    expect(app.eventReasons('absent')).toEqual(['unknown-or-expired'])
  })

  it('is 14 days by default', async () => {
    const app = await appWith({ a: 1 })
    expect((await app.row()).expiresAt).toBe(START + 14 * DAY)
  })

  it('starts again with every write', async () => {
    const app = await appWith({ a: 1 }, { idle: '1h' })
    app.clock.advance(HOUR / 2)
    await app.request((session) => void session.set('a', 2))
    expect((await app.row()).expiresAt).toBe(START + 1.5 * HOUR)
  })

  it('starts again with a read, by one touch per tenth of it, without a header and with the same version', async () => {
    const app = await appWith({ a: 1 }, { idle: '100m' })
    const before = await app.row()
    app.clock.advance(10 * MINUTE - 1)
    await app.request((session) => session.get('a'))
    expect(await app.row()).toEqual(before)
    app.clock.advance(1)
    const { headers } = await app.request((session) => session.get('a'))
    expect(await app.row()).toEqual({ ...before, seenAt: START + 10 * MINUTE, expiresAt: START + 110 * MINUTE })
    expect(headers.getSetCookie()).toEqual([])
    expect(app.eventReasons('touched')).toEqual(['idle'])
    await app.request((session) => session.get('a'))
    expect(app.eventReasons('touched')).toEqual(['idle'])
  })

  it('starts again by at most one touch per hour if it is long', async () => {
    const app = await appWith({ a: 1 })
    app.clock.advance(HOUR - 1)
    await app.request((session) => session.get('a'))
    expect((await app.row()).seenAt).toBe(START)
    app.clock.advance(1)
    await app.request((session) => session.get('a'))
    expect((await app.row()).seenAt).toBe(START + HOUR)
  })

  it('emits touch-refused and throws no error if another request wrote in between', async () => {
    const app = await appWith({ a: 1 })
    app.clock.advance(2 * HOUR)
    const session = await app.open()
    session.get('a')
    await app.request((other) => void other.set('a', 2))
    await app.sessions.commit(session, { status: 200 })
    expect(app.eventReasons('touch-refused')).toEqual(['changed-concurrently'])
  })
})

describe('setExpiry', () => {
  it('replaces idle for this session with a duration, which starts again with every write', async () => {
    const app = await appWith({ a: 1 })
    const { headers } = await app.request((session) => {
      session.setExpiry('2h')
      expect(session.expiresAt).toBe(START + 2 * HOUR)
    })
    expect(headers.getSetCookie()).toEqual([])
    expect((await app.row()).expiresAt).toBe(START + 2 * HOUR)
    app.clock.advance(HOUR)
    await app.request((session) => session.get('a'))
    expect((await app.row()).expiresAt).toBe(START + 3 * HOUR)
    await app.request((session) => void session.set('a', 2))
    expect((await app.row()).expiresAt).toBe(START + 3 * HOUR)
  })

  it('throws for a number, which has no unit', async () => {
    const app = await appWith({ a: 1 })
    await app.request((session) => expect(() => session.setExpiry(90 as never)).toThrow("write '90s' for seconds or '90ms'"))
  })

  it('sets a fixed end with a Date, which reads do not move', async () => {
    const app = await appWith({ a: 1 })
    const at = START + 5 * HOUR
    await app.request((session) => session.setExpiry(new Date(at)))
    app.clock.advance(4 * HOUR)
    await app.request((session) => session.get('a'))
    await app.request((session) => void session.set('a', 2))
    expect((await app.row()).expiresAt).toBe(at)
    app.clock.at = at
    expect(await app.read()).toEqual({})
  })

  it('restores the defaults with undefined', async () => {
    const app = await appWith({ a: 1 })
    await app.request((session) => session.setExpiry('1h'))
    await app.request((session) => session.setExpiry(undefined))
    expect((await app.row()).expiresAt).toBe(START + 14 * DAY)
    expect((await app.row()).payload).not.toContain('_expiry')
  })

  it('may exceed idle, but not the absolute lifetime', async () => {
    const app = await appWith({ a: 1 })
    await app.request((session) => session.setExpiry('29d'))
    expect((await app.row()).expiresAt).toBe(START + 29 * DAY)
    app.clock.advance(20 * DAY)
    await app.request((session) => session.get('a'))
    expect((await app.row()).expiresAt).toBe(START + 30 * DAY)
  })

  const invalid: [string, unknown][] = [
    ['a duration longer than the absolute lifetime', '31d'],
    ['a Date after the absolute end', new Date(START + 30 * DAY + 1)],
    ['a Date that is now', new Date(START)],
    ['a Date in the past', new Date(START - 1)],
    ['an invalid Date', new Date(Number.NaN)],
    ['zero', 0],
    ['a negative number', -1],
    ['a number of milliseconds', 86_400_000],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['a word', 'soon'],
    ['a unit that does not exist', '1y'],
    ['null', null],
    ['an object', {}],
  ]
  it.each(invalid)('throws a RangeError for %s and changes nothing', async (_name, expiry) => {
    const app = await appWith({ a: 1 })
    const { session } = await app.request((session) => {
      const error = catchError(() => session.setExpiry(expiry as Date))
      expect(error).toBeInstanceOf(RangeError)
      expect(error.message).toContain('setExpiry')
    })
    expect(session.modified).toBe(false)
    expect(app.eventReasons('unchanged').length + app.eventReasons('saved').length).toBe(1)
  })

  it('compares a Date with the absolute end of this session', async () => {
    const app = await appWith({ a: 1 })
    app.clock.advance(10 * DAY)
    await app.request((session) => {
      expect(catchError(() => session.setExpiry(new Date(START + 31 * DAY)))).toBeInstanceOf(RangeError)
      session.setExpiry(new Date(START + 30 * DAY))
    })
    expect((await app.row()).expiresAt).toBe(START + 30 * DAY)
  })
})
