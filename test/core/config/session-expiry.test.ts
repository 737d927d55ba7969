import { describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE, START, thrown, worldWith } from '../fixture.ts'

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
    const world = await worldWith({ a: 1 }, { idle: '100m' })
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

  it('refuses a number, which has no unit', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit((session) => expect(() => session.setExpiry(90 as never)).toThrow("write '90s' for seconds or '90ms'"))
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
    expect(world.reasons('unchanged').length + world.reasons('saved').length).toBe(1)
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
