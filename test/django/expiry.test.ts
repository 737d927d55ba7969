import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { djangoCodec } from '../../src/codecs/django.ts'
import { ownProfile } from '../../src/core/config/own-profile.ts'
import { fromDjangoText, localTimeOf, toDjangoText, utc } from '../../src/django/rows/local-time.ts'
import { djangoRules } from '../../src/django/sessions/django-rules.ts'
import { DAY, HOUR, MINUTE, rejection, START, thrown } from '../core/fixture.ts'
import { Site } from './site.ts'
import { vectors } from './vectors.ts'

const rules = djangoRules({ saveEveryRequest: false, isoExpiry: true, localTime: utc })

describe('_session_expiry', () => {
  it.each(vectors.set_expiry)('$id, $SESSION_EXPIRE_AT_BROWSER_CLOSE: what Django makes of it we do', (scenario) => {
    const stored = scenario.stored__session_expiry
    const texts = new Map(stored === '<absent>' ? [] : [['_session_expiry', JSON.stringify(stored)]])
    const lifetime = { idle: 14 * DAY, absolute: Number.POSITIVE_INFINITY, browserSession: scenario.SESSION_EXPIRE_AT_BROWSER_CLOSE }
    const reading = { lifetime, parse: djangoCodec.parse, profile: { ...ownProfile, ...rules } }
    const now = Date.parse(scenario.now)
    expect(rules.expiryOf(texts, 0, now, reading)).toBe(Date.parse(scenario.get_expiry_date))
    expect(rules.endsWithBrowser(texts, reading)).toBe(scenario.get_expire_at_browser_close)
  })

  it.each(['"soon"', '""', 'null', '[]', '{}', 'NaN', 'Infinity', '12345678901234567890'])(
    '%s is as if it were not there',
    async (text) => {
      const site = new Site()
      site.plant(`{"a":1,"_session_expiry":${text}}`)
      await site.visit((session) => {
        session.set('b', 2)
        expect([session.expiresAt, session.endsWithBrowser]).toEqual([START + 14 * DAY, false])
      })
    },
  )

  it('may reach beyond every date', async () => {
    const site = new Site()
    site.plant('{"a":1,"_session_expiry":1e300}')
    await site.visit((session) => session.set('b', 2))
    expect(site.rows()[0]?.expire_date).toBe('9999-12-31 00:00:00')
  })

  it('a date without an offset is the local time of the site', async () => {
    const site = new Site({ timeZone: 'Asia/Kolkata' })
    site.plant('{"a":1,"_session_expiry":"2100-01-01T07:30:00"}', { life: DAY })
    await site.visit((session) => session.set('b', 2))
    expect(site.rows()[0]?.expire_date).toBe('2100-01-01 07:30:00')
    expect((await site.open()).expiresAt).toBe(START + 2 * HOUR)
  })
})

describe('setExpiry', () => {
  it.each([
    ['30m', '1800', START + 30 * MINUTE],
    [1.5, '1.5', START + 1500],
    [new Date(START + HOUR), '"2100-01-01T01:00:00+00:00"', START + HOUR],
    [new Date(START + 5), '"2100-01-01T00:00:00.005+00:00"', START + 5],
    ['browser', '0', START + 14 * DAY],
  ] as const)('%s is stored as %3$s', async (expiry, stored, expiresAt) => {
    const site = new Site()
    const setCookie = await site.visit((session) => {
      session.setExpiry(expiry)
      expect(session.expiresAt).toBe(expiresAt)
    })
    expect(site.data()[site.key]).toEqual({ _session_expiry: stored })
    expect(setCookie?.includes('Max-Age')).toBe(expiry !== 'browser')
  })

  it.each([
    ['Asia/Kolkata', '"2100-01-01T06:30:00"'],
    ['UTC', '"2100-01-01T01:00:00"'],
  ])('a date is a local time on a site in %s without USE_TZ: Python compares no others with it', async (timeZone, stored) => {
    const site = new Site({ timeZone })
    await site.visit((session) => session.setExpiry(new Date(START + HOUR)))
    expect(site.data()[site.key]).toEqual({ _session_expiry: stored })
    expect((await site.open()).expiresAt).toBe(START + HOUR)
  })

  it('undefined goes back to the rule', async () => {
    const site = new Site()
    await site.visit((session) => session.set('a', 1).setExpiry('1h'))
    await site.visit((session) => session.setExpiry(undefined))
    expect(site.data()[site.key]).toEqual({ a: '1' })
  })

  it('to the browser and back keeps the key: the cookie goes out with every save', async () => {
    const site = new Site()
    await site.visit((session) => session.set('a', 1))
    const { key } = site
    expect(await site.visit((session) => session.setExpiry('browser'))).not.toContain('Max-Age')
    expect(await site.visit((session) => session.setExpiry('1h'))).toContain('Max-Age=3600')
    expect(site.key).toBe(key)
  })

  it('refuses a date beside a Django that cannot read one, and what is past', async () => {
    const session = await new Site({ isoExpiry: false }).open()
    expect(thrown(() => session.setExpiry(new Date(START + HOUR))).message).toContain('isoExpiry')
    expect(thrown(() => session.setExpiry(new Date(START)))).toBeInstanceOf(RangeError)
    session.setExpiry('1h')
  })
})

describe('the life of a session', () => {
  it('slides with saves, not with reads', async () => {
    const site = new Site({ cookieAge: '1h' })
    await site.visit((session) => session.set('a', 1))
    site.clock.advance(50 * MINUTE)
    await site.visit((session) => session.get('a'))
    site.clock.advance(5 * MINUTE)
    await site.visit((session) => session.set('a', 2))
    site.clock.advance(59 * MINUTE)
    expect((await site.open()).get('a')).toBe(2)
    site.clock.advance(MINUTE)
    expect((await site.open()).get('a')).toBeUndefined()
  })

  it('slides with every request where Django saves every request, and sends the cookie each time', async () => {
    const site = new Site({ cookieAge: '1h', saveEveryRequest: true })
    await site.visit((session) => session.set('a', 1))
    for (let request = 0; request < 3; request++) {
      site.clock.advance(50 * MINUTE)
      expect(await site.visit(() => undefined)).toContain('Max-Age=3600')
    }
    expect((await site.open()).get('a')).toBe(1)
    expect(await site.visit(() => undefined, 500)).toBeUndefined()
  })

  it('ends with the absolute lifetime only where we wrote its birth', async () => {
    const site = new Site({ cookieAge: '20d', absolute: '30d' })
    site.plant('{"a":1}', { life: 20 * DAY })
    for (const at of [15, 30, 45]) {
      site.clock.at = START + at * DAY
      await site.visit((session) => session.increment('a'))
    }
    expect((await site.open()).get('a')).toBe(4)
    site.cookie = undefined
    await site.visit((session) => session.set('ours', 1))
    site.clock.advance(15 * DAY)
    await site.visit((session) => session.set('ours', 2))
    site.clock.advance(15 * DAY)
    expect((await site.open()).get('ours')).toBeUndefined()
  })

  it('clearExpired deletes what Django would, and no more', async () => {
    const site = new Site()
    site.plant('{}', { key: 'a'.repeat(32), life: -1 })
    site.plant('{}', { key: 'b'.repeat(32), life: 1 })
    expect(await site.sessions.clearExpired()).toBe(1)
    expect(Object.keys(site.data())).toEqual(['b'.repeat(32)])
  })
})

describe('dates as texts', () => {
  it('are those of Django', () => {
    const [, , date] = vectors.sqlite_row
    expect([toDjangoText(Date.UTC(2023, 10, 28, 22, 13, 20), utc), fromDjangoText(date, utc)]).toEqual([
      date,
      Date.UTC(2023, 10, 28, 22, 13, 20),
    ])
    expect(toDjangoText(Date.UTC(2023, 10, 28, 22, 13, 20, 7), utc)).toBe('2023-11-28 22:13:20.007000')
    expect(fromDjangoText('2023-11-28 22:13:20.123456', utc)).toBe(Date.UTC(2023, 10, 28, 22, 13, 20, 123))
    expect(fromDjangoText('now', utc)).toBeNaN()
  })

  it('come back, and compare like the instants', () => {
    const instant = fc.integer({ min: 0, max: Date.UTC(9999, 0) })
    fc.assert(
      fc.property(instant, instant, (one, other) => {
        expect(fromDjangoText(toDjangoText(one, utc), utc)).toBe(one)
        expect(toDjangoText(one, utc) < toDjangoText(other, utc)).toBe(one < other)
      }),
    )
  })

  it('come back in every time zone, but for the hour that comes twice', () => {
    const zones = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia', 'Australia/Lord_Howe')
    fc.assert(
      fc.property(zones, fc.integer({ min: Date.UTC(1980, 0), max: Date.UTC(2035, 0) }), (zone, instant) => {
        const localTime = localTimeOf(zone)
        const back = fromDjangoText(toDjangoText(instant, localTime), localTime)
        expect(toDjangoText(back, localTime)).toBe(toDjangoText(instant, localTime))
        expect(Math.abs(back - instant)).toBeLessThanOrEqual(HOUR)
      }),
    )
    expect(toDjangoText(Date.UTC(2023, 6, 1, 12), localTimeOf('Europe/Berlin'))).toBe('2023-07-01 14:00:00')
  })
})

it('a column that is no date fails loudly: what cannot be read is never "no session"', async () => {
  const site = new Site()
  const key = site.plant('{}')
  site.database.prepare("UPDATE django_session SET expire_date = '2999 soon'").run()
  expect((await rejection(site.sessions.load(key))).name).toBe('StoreError')
})
