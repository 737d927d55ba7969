import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../../src/codecs/json.ts'
import { ownProfile as profile } from '../../../src/core/config/own-profile.ts'
import type { Lifetime } from '../../../src/core/config/profile.ts'
import type { Entry } from '../../../src/core/store/store.ts'
import { DAY, HOUR, MINUTE, START } from '../fixture.ts'

const { parse } = jsonCodec
const { endsWithBrowser, expiryOf, expiryProperties, touchOf } = profile
const lifetime: Lifetime = { idle: DAY, absolute: 30 * DAY, browserSession: false }

describe('ownProfile', () => {
  const texts = (properties: Record<string, unknown>): Map<string, string> =>
    new Map(Object.entries(properties).map(([name, value]) => [name, JSON.stringify(value)]))

  it.each<[string, Record<string, unknown>, number, number]>([
    ['uses the idle option', {}, 0, DAY],
    ['uses the idle time of the session', { _expiry: { idle: HOUR } }, 0, HOUR],
    ['uses the fixed end of the session', { _expiry: { at: START + HOUR } }, 10 * MINUTE, HOUR],
    ['never exceeds the absolute lifetime', {}, 29.5 * DAY, 30 * DAY],
    ['limits a fixed end to the absolute lifetime', { _expiry: { at: START + 90 * DAY } }, 0, 30 * DAY],
    ['ignores a text', { _expiry: 'soon' }, 0, DAY],
    ['ignores null', { _expiry: null }, 0, DAY],
    ['ignores a negative idle time', { _expiry: { idle: -5 } }, 0, DAY],
  ])('%s', (_name, properties, later, expected) => {
    expect(expiryOf(texts(properties), START, START + later, { lifetime, parse, profile }) - START).toBe(expected)
  })

  it('uses the defaults for an unreadable text and does not throw', () => {
    const broken = new Map([
      ['_expiry', '{'],
      ['_browser', 'x'],
    ])
    expect([expiryOf(broken, START, START, { lifetime, parse, profile }), endsWithBrowser(broken, { lifetime, parse, profile })]).toEqual([
      START + DAY,
      false,
    ])
  })

  it('prefers endsWithBrowser of the session to the option', () => {
    const on = { ...lifetime, browserSession: true }
    expect([
      endsWithBrowser(texts({ _browser: true }), { lifetime, parse, profile }),
      endsWithBrowser(texts({ _browser: false }), { lifetime: on, parse, profile }),
      endsWithBrowser(texts({}), { lifetime: on, parse, profile }),
    ]).toEqual([true, false, true])
  })

  it('touchOf never shortens, never exceeds the absolute lifetime, and waits for a tenth of idle, at most an hour', () => {
    const times = fc.record({
      idle: fc.integer({ min: 1, max: 60 * DAY }),
      absolute: fc.integer({ min: 1, max: 400 * DAY }),
      seen: fc.integer({ min: 0, max: 400 * DAY }),
      expires: fc.integer({ min: 0, max: 400 * DAY }),
      now: fc.integer({ min: 0, max: 400 * DAY }),
    })
    fc.assert(
      fc.property(times, ({ idle, absolute, seen, expires, now }) => {
        const entry: Entry = {
          payload: '{}',
          proof: '',
          idAt: 0,
          version: '',
          commits: '',
          createdAt: START,
          seenAt: START + seen,
          expiresAt: START + expires,
        }
        const to = touchOf(entry, new Map(), START + now, { lifetime: { idle, absolute, browserSession: false }, parse, profile }, true)
        if (to === undefined) return
        expect(to).toBeGreaterThanOrEqual(entry.expiresAt)
        expect(to).toBeLessThanOrEqual(Math.max(entry.expiresAt, START + absolute))
        expect(to).toBeLessThanOrEqual(Math.max(entry.expiresAt, START + now + idle))
        expect(now - seen).toBeGreaterThanOrEqual(Math.min(idle / 10, HOUR))
      }),
    )
  })

  it('expiryProperties returns the stored properties of each kind of expiry', () => {
    const of = (expiry: Parameters<typeof expiryProperties>[0]): unknown =>
      Object.fromEntries(expiryProperties(expiry, START, START, lifetime))
    expect([of('2h'), of(new Date(START + 5)), of('browser'), of(undefined)]).toEqual([
      { _browser: false, _expiry: { idle: 2 * HOUR } },
      { _browser: false, _expiry: { at: START + 5 } },
      { _browser: true, _expiry: undefined },
      { _browser: undefined, _expiry: undefined },
    ])
  })
})
