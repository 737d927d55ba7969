import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../../src/codecs/json.ts'
import { milliseconds } from '../../../src/core/base/duration.ts'
import { ownProfile as profile } from '../../../src/core/config/own-profile.ts'
import type { Lifetime } from '../../../src/core/config/profile.ts'
import type { Entry } from '../../../src/core/store/store.ts'
import { DAY, HOUR, MINUTE, START } from '../fixture.ts'

const { parse } = jsonCodec
const { endsWithBrowser, expiryOf, expiryProperties, touchOf } = profile
const lifetime: Lifetime = { idle: DAY, absolute: 30 * DAY, browserSession: false }

describe('durations', () => {
  it.each<[unknown, number]>([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['14d', 14 * DAY],
    ['2w', 14 * DAY],
    ['250ms', 250],
    ['1.5h', 5_400_000],
    ['400d', 400 * DAY],
  ])('%s is %i ms', (duration, expected) => {
    expect(milliseconds(duration)).toBe(expected)
  })

  it.each([
    0,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1,
    90,
    '401d',
    '0s',
    '',
    '5',
    'm',
    '1y',
    '1 h',
    ' 1h',
    '1h ',
    '-1h',
    '1e3s',
    '1h30m',
    null,
    undefined,
    {},
    true,
    5n,
  ])('%s is none', (duration) => {
    expect(milliseconds(duration)).toBeUndefined()
  })

  it('is never more than 400 days and never nothing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double(),
          fc.string(),
          fc.tuple(fc.nat(), fc.constantFrom('ms', 's', 'm', 'h', 'd', 'w')).map(([amount, unit]) => `${amount}${unit}`),
        ),
        (duration) => {
          const length = milliseconds(duration)
          if (length !== undefined) expect(length >= 0 && length <= 400 * DAY).toBe(true)
        },
      ),
    )
  })
})

describe('expiry', () => {
  const texts = (properties: Record<string, unknown>): Map<string, string> =>
    new Map(Object.entries(properties).map(([name, value]) => [name, JSON.stringify(value)]))

  it.each<[string, Record<string, unknown>, number, number]>([
    ['idle', {}, 0, DAY],
    ['its own idle', { _expiry: { idle: HOUR } }, 0, HOUR],
    ['its own instant', { _expiry: { at: START + HOUR } }, 10 * MINUTE, HOUR],
    ['never after the absolute lifetime', {}, 29.5 * DAY, 30 * DAY],
    ['an instant never after the absolute lifetime', { _expiry: { at: START + 90 * DAY } }, 0, 30 * DAY],
    ['nonsense is as if it were not there', { _expiry: 'soon' }, 0, DAY],
    ['null likewise', { _expiry: null }, 0, DAY],
    ['a negative idle likewise', { _expiry: { idle: -5 } }, 0, DAY],
  ])('%s', (_name, properties, later, expected) => {
    expect(expiryOf(texts(properties), START, START + later, { lifetime, parse, profile }) - START).toBe(expected)
  })

  it('an unreadable text is as if it were not there, and never throws', () => {
    const broken = new Map([
      ['_expiry', '{'],
      ['_browser', 'x'],
    ])
    expect([expiryOf(broken, START, START, { lifetime, parse, profile }), endsWithBrowser(broken, { lifetime, parse, profile })]).toEqual([
      START + DAY,
      false,
    ])
  })

  it('endsWithBrowser: the session’s own word before the option', () => {
    const on = { ...lifetime, browserSession: true }
    expect([
      endsWithBrowser(texts({ _browser: true }), { lifetime, parse, profile }),
      endsWithBrowser(texts({ _browser: false }), { lifetime: on, parse, profile }),
      endsWithBrowser(texts({}), { lifetime: on, parse, profile }),
    ]).toEqual([true, false, true])
  })

  it('touch never shortens, never passes absolute, never comes sooner than a tenth of idle or an hour', () => {
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
        expect(to).toBeLessThanOrEqual(START + absolute)
        expect(to).toBeLessThanOrEqual(START + now + idle)
        expect(now - seen).toBeGreaterThanOrEqual(Math.min(idle / 10, HOUR))
      }),
    )
  })

  it('expiryProperties says what is stored for each kind of expiry', () => {
    const of = (expiry: Parameters<typeof expiryProperties>[0]): unknown => expiryProperties(expiry, START, START, lifetime)
    expect([of('2h'), of(new Date(START + 5)), of('browser'), of(undefined)]).toEqual([
      [
        ['_expiry', { idle: 2 * HOUR }],
        ['_browser', false],
      ],
      [
        ['_expiry', { at: START + 5 }],
        ['_browser', false],
      ],
      [
        ['_expiry', undefined],
        ['_browser', true],
      ],
      [
        ['_expiry', undefined],
        ['_browser', undefined],
      ],
    ])
  })
})
