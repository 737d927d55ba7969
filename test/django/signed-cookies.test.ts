import { describe, expect, it } from 'vitest'
import { type DjangoOptions, djangoLogin, djangoSessions, djangoUser } from '../../src/django/django.ts'
import type { Session, Sessions } from '../../src/index.ts'
import { DjangoSigner } from '../../src/wire/django-signing.ts'
import { Clock, catchError, catchRejection, DAY, HOUR, START } from '../core/fixture.ts'
import { incoming } from '../helpers/incoming.ts'
import { vectors } from './vectors.ts'

const SALT = 'django.contrib.sessions.backends.signed_cookies'
const SECRET = 'abc'
const signer = new DjangoSigner([SECRET], SALT, 1 << 20)

function managerAt(clock: Clock, options: Partial<DjangoOptions> = {}): Sessions<any> {
  return djangoSessions<any>({ secretKey: SECRET, signedCookies: true, clock: clock.read, ...options })
}

/** Runs a request with this value of the cookie and returns the `Set-Cookie` header. */
async function request(
  sessions: Sessions<any>,
  value: string | undefined,
  handler: (session: Session<any>) => unknown,
): Promise<string | undefined> {
  const session = await sessions.open(incoming(value === undefined ? undefined : `sessionid=${value}`, { secure: false }))
  await handler(session)
  const setCookies = (await sessions.commit(session, { status: 200 })).getSetCookie()
  expect(setCookies.length).toBeLessThanOrEqual(1)
  return setCookies[0]
}

const valueOf = (setCookie: string | undefined): string => /^sessionid=([^;]*);/.exec(setCookie ?? '')?.[1] ?? ''

describe('signed cookies', () => {
  it.each(vectors.signed_cookies)('are read, and expire, as in Django: $id', async ({ secret, value, json, age_checks }) => {
    const clock = new Clock()
    const sessions = managerAt(clock, { secretKey: secret })
    for (const { now, accepted } of age_checks) {
      clock.at = now * 1000
      const session = await sessions.load(value)
      const expected = Object.fromEntries(Object.entries(JSON.parse(json) as object).filter(([name]) => !/^_(?!_proto__$)/.test(name)))
      expect(session.toObject()).toEqual(accepted ? expected : {})
      expect(session.id === value).toBe(accepted)
    }
  })

  it.each(vectors.signed_cookies)('are written as in Django: $id', async ({ secret, json, time, value }) => {
    const signer = new DjangoSigner([secret], SALT, 1 << 20)
    const signed = signer.sign(json, time)
    if (!value.startsWith('.')) expect(signed).toBe(value)
    expect(signer.unsign(signed)).toEqual({ text: json, timestamp: time })
  })

  // The omitted vector is a valid cookie that was stored as a row.
  it.each(vectors.tampered.filter(({ id }) => id !== 'wrong_salt_cookie_as_db'))(
    'are rejected when they were tampered with: $id',
    async ({ secret, value, now }) => {
      const clock = new Clock()
      clock.at = now * 1000
      expect((await managerAt(clock, { secretKey: secret }).load(value)).toObject()).toEqual({})
    },
  )

  it('contain the properties and no metadata', async () => {
    const clock = new Clock()
    const sessions = managerAt(clock)
    const first = await request(sessions, undefined, (session) => session.assign({ a: 1, b: 'ü' }))
    expect(first).toContain('Max-Age=1209600; Path=/; HttpOnly; SameSite=Lax')
    clock.advance(HOUR)
    const second = await request(sessions, valueOf(first), (session) => session.delete('a'))
    expect(signer.unsign(valueOf(second))).toEqual({ text: '{"b":"\\u00fc"}', timestamp: (START + HOUR) / 1000 })
    expect(await request(sessions, valueOf(second), (session) => expect(session.get('b')).toBe('ü'))).toBeUndefined()
    expect(await request(sessions, valueOf(second), (session) => session.flush())).toMatch(/^sessionid=;/)
  })

  it('keep the text of every property that Node does not change', async () => {
    const value = signer.sign('{"p":1.0,"n":NaN}', START / 1000)
    const next = await request(managerAt(new Clock()), value, (session) => session.set('a', 1))
    expect(signer.unsign(valueOf(next))?.text).toBe('{"p":1.0,"n":NaN,"a":1}')
  })

  it('contain a login, which a change of the password ends', async () => {
    const sessions = managerAt(new Clock())
    const ada = { id: 1, password: 'x' }
    const value = valueOf(await request(sessions, undefined, (session) => djangoLogin(session, ada)))
    const changed = await request(sessions, value, async (session) => {
      expect(await djangoUser(session, { loadUser: () => ada })).toBe(ada)
      expect(await djangoUser(session, { loadUser: () => ({ ...ada, password: 'y' }) })).toBeUndefined()
    })
    expect(changed).toMatch(/^sessionid=;/)
  })

  it('expire by `_session_expiry`, also where Django ignores it', async () => {
    const clock = new Clock()
    const sessions = managerAt(clock, { absolute: '10d' })
    const value = valueOf(await request(sessions, undefined, (session) => session.set('a', 1)))
    const short = valueOf(await request(sessions, value, (session) => session.setExpiry('1h')))
    clock.advance(HOUR)
    expect((await sessions.load(short)).get('a')).toBeUndefined()
    clock.advance(10 * DAY - HOUR)
    expect((await sessions.load(value)).get('a')).toBeUndefined()
  })

  it('that are too large for browsers reject with CookieTooLargeError', async () => {
    const sessions = managerAt(new Clock())
    const random = Array.from({ length: 900 }, (_, index) => Math.sin(index).toString(36)).join('')
    const session = await sessions.open(incoming(undefined))
    session.set('big', random)
    expect(await catchRejection(sessions.commit(session, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_COOKIE_TOO_LARGE' })
  })

  it('reject claim, revoke and the options of a table', async () => {
    const sessions = managerAt(new Clock())
    const value = valueOf(await request(sessions, undefined, (session) => session.set('a', 1)))
    const session = await sessions.open(incoming(`sessionid=${value}`))
    expect(await catchRejection(session.claim('a'))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    expect(await catchRejection(sessions.revoke(session.handle ?? ''))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    expect(catchError(() => managerAt(new Clock(), { saveEveryRequest: true }))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    expect(catchError(() => managerAt(new Clock(), { table: 'x' }))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })
})
