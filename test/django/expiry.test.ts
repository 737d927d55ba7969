import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { djangoCodec } from '../../src/codecs/django.ts'
import { ownProfile } from '../../src/core/config/own-profile.ts'
import { djangoRules } from '../../src/django/format/django-rules.ts'
import { formatDjangoDate, localTimeOf, parseDjangoDate, utc } from '../../src/django/format/local-time.ts'
import { catchError, catchRejection, DAY, HOUR, MINUTE, START } from '../core/fixture.ts'
import { Site } from './site.ts'
import { vectors } from './vectors.ts'

const rules = djangoRules({ saveEveryRequest: false, isoExpiry: true, localTime: utc })

describe('_session_expiry', () => {
  it.each(vectors.set_expiry)('has the same effect as in Django: $id, $SESSION_EXPIRE_AT_BROWSER_CLOSE', (scenario) => {
    const stored = scenario.stored__session_expiry
    const texts = new Map(stored === '<absent>' ? [] : [['_session_expiry', JSON.stringify(stored)]])
    const lifetime = { idle: 14 * DAY, absolute: Number.POSITIVE_INFINITY, browserSession: scenario.SESSION_EXPIRE_AT_BROWSER_CLOSE }
    const context = { lifetime, parse: djangoCodec.parse, profile: { ...ownProfile, ...rules } }
    const now = Date.parse(scenario.now)
    expect(rules.expiryOf(texts, 0, now, context)).toBe(Date.parse(scenario.get_expiry_date))
    expect(rules.endsWithBrowser(texts, context)).toBe(scenario.get_expire_at_browser_close)
  })

  it.each(['"soon"', '""', 'null', '[]', '{}', 'NaN', 'Infinity', '12345678901234567890'])('is ignored when it is %s', async (text) => {
    const site = new Site()
    site.insertRow(`{"a":1,"_session_expiry":${text}}`)
    await site.request((session) => {
      session.set('b', 2)
      expect([session.expiresAt, session.endsWithBrowser]).toEqual([START + 14 * DAY, false])
    })
  })

  it('is limited to the last date of Django', async () => {
    const site = new Site()
    site.insertRow('{"a":1,"_session_expiry":1e300}')
    await site.request((session) => session.set('b', 2))
    expect(site.rows()[0]?.expire_date).toBe('9999-12-31 00:00:00')
  })

  it('is a local time of the site when its date has no offset', async () => {
    const site = new Site({ timeZone: 'Asia/Kolkata' })
    site.insertRow('{"a":1,"_session_expiry":"2100-01-01T07:30:00"}', { lifetime: DAY })
    await site.request((session) => session.set('b', 2))
    expect(site.rows()[0]?.expire_date).toBe('2100-01-01 07:30:00')
    expect((await site.open()).expiresAt).toBe(START + 2 * HOUR)
  })
})

describe('setExpiry', () => {
  it.each([
    ['30m', '1800', START + 30 * MINUTE],
    ['1500ms', '1.5', START + 1500],
    [new Date(START + HOUR), '"2100-01-01T01:00:00+00:00"', START + HOUR],
    [new Date(START + 5), '"2100-01-01T00:00:00.005+00:00"', START + 5],
    ['browser', '0', START + 14 * DAY],
  ] as const)('stores %s as %s', async (expiry, stored, expiresAt) => {
    const site = new Site()
    const setCookie = await site.request((session) => {
      session.setExpiry(expiry)
      expect(session.expiresAt).toBe(expiresAt)
    })
    expect(site.data()[site.key]).toEqual({ _session_expiry: stored })
    expect(setCookie?.includes('Max-Age')).toBe(expiry !== 'browser')
  })

  it.each([
    ['Asia/Kolkata', '"2100-01-01T06:30:00"'],
    ['UTC', '"2100-01-01T01:00:00"'],
  ])(
    'stores a date as a local time on a site in %s without USE_TZ, because Python compares it only with local times',
    async (timeZone, stored) => {
      const site = new Site({ timeZone })
      await site.request((session) => session.setExpiry(new Date(START + HOUR)))
      expect(site.data()[site.key]).toEqual({ _session_expiry: stored })
      expect((await site.open()).expiresAt).toBe(START + HOUR)
    },
  )

  it('removes the expiry of the session when it is called with undefined', async () => {
    const site = new Site()
    await site.request((session) => session.set('a', 1).setExpiry('1h'))
    await site.request((session) => session.setExpiry(undefined))
    expect(site.data()[site.key]).toEqual({ a: '1' })
  })

  it('keeps the key when the cookie ends with the browser, because every save sends the cookie', async () => {
    const site = new Site()
    await site.request((session) => session.set('a', 1))
    const { key } = site
    expect(await site.request((session) => session.setExpiry('browser'))).not.toContain('Max-Age')
    expect(await site.request((session) => session.setExpiry('1h'))).toContain('Max-Age=3600')
    expect(site.key).toBe(key)
  })

  it('rejects a date when Django cannot read one, and a date in the past', async () => {
    const session = await new Site({ isoExpiry: false }).open()
    expect(catchError(() => session.setExpiry(new Date(START + HOUR))).message).toContain('isoExpiry')
    expect(catchError(() => session.setExpiry(new Date(START)))).toBeInstanceOf(RangeError)
    session.setExpiry('1h')
  })
})

describe('the lifetime of a session', () => {
  it('is extended by a save and not by a read', async () => {
    const site = new Site({ cookieAge: '1h' })
    await site.request((session) => session.set('a', 1))
    site.clock.advance(50 * MINUTE)
    await site.request((session) => session.get('a'))
    site.clock.advance(5 * MINUTE)
    await site.request((session) => session.set('a', 2))
    site.clock.advance(59 * MINUTE)
    expect((await site.open()).get('a')).toBe(2)
    site.clock.advance(MINUTE)
    expect((await site.open()).get('a')).toBeUndefined()
  })

  it('is extended by every request with `saveEveryRequest`, which sends the cookie each time', async () => {
    const site = new Site({ cookieAge: '1h', saveEveryRequest: true })
    await site.request((session) => session.set('a', 1))
    for (let request = 0; request < 3; request++) {
      site.clock.advance(50 * MINUTE)
      expect(await site.request(() => undefined)).toContain('Max-Age=3600')
    }
    expect((await site.open()).get('a')).toBe(1)
    expect(await site.request(() => undefined, 500)).toBeUndefined()
  })

  it('is limited by `absolute` only for a session that Node created', async () => {
    const site = new Site({ cookieAge: '20d', absolute: '30d' })
    site.insertRow('{"a":1}', { lifetime: 20 * DAY })
    for (const at of [15, 30, 45]) {
      site.clock.at = START + at * DAY
      await site.request((session) => session.increment('a'))
    }
    expect((await site.open()).get('a')).toBe(4)
    site.cookie = undefined
    await site.request((session) => session.set('ours', 1))
    site.clock.advance(15 * DAY)
    await site.request((session) => session.set('ours', 2))
    site.clock.advance(15 * DAY)
    expect((await site.open()).get('ours')).toBeUndefined()
  })

  it('clearExpired deletes only expired rows', async () => {
    const site = new Site()
    site.insertRow('{}', { key: 'a'.repeat(32), lifetime: -1 })
    site.insertRow('{}', { key: 'b'.repeat(32), lifetime: 1 })
    expect(await site.sessions.clearExpired()).toBe(1)
    expect(Object.keys(site.data())).toEqual(['b'.repeat(32)])
  })
})

describe('a date as text', () => {
  it('has the format of Django', () => {
    const [, , date] = vectors.sqlite_row
    expect([formatDjangoDate(Date.UTC(2023, 10, 28, 22, 13, 20), utc), parseDjangoDate(date, utc)]).toEqual([
      date,
      Date.UTC(2023, 10, 28, 22, 13, 20),
    ])
    expect(formatDjangoDate(Date.UTC(2023, 10, 28, 22, 13, 20, 7), utc)).toBe('2023-11-28 22:13:20.007000')
    expect(parseDjangoDate('2023-11-28 22:13:20.123456', utc)).toBe(Date.UTC(2023, 10, 28, 22, 13, 20, 123))
    expect(parseDjangoDate('now', utc)).toBeNaN()
  })

  it('is parsed to the same timestamp, and sorts like the timestamp', () => {
    const timestamp = fc.integer({ min: 0, max: Date.UTC(9999, 0) })
    fc.assert(
      fc.property(timestamp, timestamp, (one, other) => {
        expect(parseDjangoDate(formatDjangoDate(one, utc), utc)).toBe(one)
        expect(formatDjangoDate(one, utc) < formatDjangoDate(other, utc)).toBe(one < other)
      }),
    )
  })

  it('is parsed to the same timestamp in every time zone, except in the hour that occurs twice', () => {
    const zones = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia', 'Australia/Lord_Howe')
    fc.assert(
      fc.property(zones, fc.integer({ min: Date.UTC(1980, 0), max: Date.UTC(2035, 0) }), (zone, timestamp) => {
        const localTime = localTimeOf(zone)
        const parsed = parseDjangoDate(formatDjangoDate(timestamp, localTime), localTime)
        expect(formatDjangoDate(parsed, localTime)).toBe(formatDjangoDate(timestamp, localTime))
        expect(Math.abs(parsed - timestamp)).toBeLessThanOrEqual(HOUR)
      }),
    )
    expect(formatDjangoDate(Date.UTC(2023, 6, 1, 12), localTimeOf('Europe/Berlin'))).toBe('2023-07-01 14:00:00')
  })
})

it('a row whose expire_date is not a date rejects with StoreError and does not count as absent', async () => {
  const site = new Site()
  const key = site.insertRow('{}')
  site.database.prepare("UPDATE django_session SET expire_date = '2999 soon'").run()
  expect((await catchRejection(site.sessions.load(key))).name).toBe('StoreError')
})
