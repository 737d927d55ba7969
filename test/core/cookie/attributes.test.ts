import { describe, expect, it } from 'vitest'
import type { CookieOptions, SessionOptions } from '../../../src/index.ts'
import { incoming } from '../../helpers/incoming.ts'
import { catchError, TestApp } from '../fixture.ts'

const HTTPS = { secure: true, loopback: false }
const LOOPBACK = { secure: false, loopback: true }
const PLAIN = { secure: false, loopback: false }

/** Returns the `Set-Cookie` of a new session, with the id replaced by `ID`. */
async function setCookieOf(
  cookie: CookieOptions,
  connection: typeof HTTPS,
  options: Partial<SessionOptions> = {},
): Promise<string | undefined> {
  const app = new TestApp({ cookie, ...options })
  const session = await app.sessions.open(incoming(undefined, connection))
  session.set('a', 1)
  const headers = await app.sessions.commit(session, { status: 200 })
  expect(headers.get('vary')).toBe('Cookie')
  return headers.getSetCookie()[0]?.replace(session.id ?? '', 'ID')
}

/** Returns the `Set-Cookie` that ends a session. */
async function deletionOf(cookie: CookieOptions, connection: typeof HTTPS): Promise<string | undefined> {
  const app = new TestApp({ cookie })
  const first = await app.sessions.open(incoming(undefined, connection))
  first.set('a', 1)
  const [pair = ''] = (await app.sessions.commit(first, { status: 200 })).getSetCookie()[0]?.split(';') ?? []
  const session = await app.sessions.open(incoming(pair, connection))
  session.flush()
  expect((await app.rows()).length).toBe(1)
  const headers = await app.sessions.commit(session, { status: 200 })
  expect((await app.rows()).length).toBe(0)
  return headers.getSetCookie()[0]
}

const MONTH = 'Max-Age=2592000'
const PAST = 'Expires=Thu, 01 Jan 1970 00:00:00 GMT'

describe('cookie attributes', () => {
  it.each<[string, CookieOptions, typeof HTTPS, string, string]>([
    [
      'over HTTPS',
      {},
      HTTPS,
      `__Host-sid=ID; ${MONTH}; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `__Host-sid=; Path=/; ${PAST}; HttpOnly; Secure; SameSite=Lax`,
    ],
    ['on loopback', {}, LOOPBACK, `sid=ID; ${MONTH}; Path=/; HttpOnly; SameSite=Lax`, `sid=; Path=/; ${PAST}; HttpOnly; SameSite=Lax`],
    [
      'with secure: true over plain HTTP',
      { secure: true },
      PLAIN,
      `__Host-sid=ID; ${MONTH}; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `__Host-sid=; Path=/; ${PAST}; HttpOnly; Secure; SameSite=Lax`,
    ],
    [
      'with secure: true on loopback',
      { secure: true },
      LOOPBACK,
      `__Host-sid=ID; ${MONTH}; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `__Host-sid=; Path=/; ${PAST}; HttpOnly; Secure; SameSite=Lax`,
    ],
    [
      'with a domain',
      { domain: 'example.com' },
      HTTPS,
      `__Secure-sid=ID; ${MONTH}; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `__Secure-sid=; Domain=example.com; Path=/; ${PAST}; HttpOnly; Secure; SameSite=Lax`,
    ],
    [
      'with a domain on loopback',
      { domain: 'example.com' },
      LOOPBACK,
      `sid=ID; ${MONTH}; Path=/; HttpOnly; SameSite=Lax`,
      `sid=; Path=/; ${PAST}; HttpOnly; SameSite=Lax`,
    ],
    [
      'with a path',
      { path: '/app' },
      HTTPS,
      `__Secure-sid=ID; ${MONTH}; Path=/app; HttpOnly; Secure; SameSite=Lax`,
      `__Secure-sid=; Path=/app; ${PAST}; HttpOnly; Secure; SameSite=Lax`,
    ],
    [
      'with a name',
      { name: 'admin' },
      HTTPS,
      `__Host-admin=ID; ${MONTH}; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `__Host-admin=; Path=/; ${PAST}; HttpOnly; Secure; SameSite=Lax`,
    ],
    [
      'with a name that has its prefix',
      { name: '__Host-admin' },
      HTTPS,
      `__Host-admin=ID; ${MONTH}; Path=/; HttpOnly; Secure; SameSite=Lax`,
      `__Host-admin=; Path=/; ${PAST}; HttpOnly; Secure; SameSite=Lax`,
    ],
    [
      'strict',
      { sameSite: 'strict' },
      HTTPS,
      `__Host-sid=ID; ${MONTH}; Path=/; HttpOnly; Secure; SameSite=Strict`,
      `__Host-sid=; Path=/; ${PAST}; HttpOnly; Secure; SameSite=Strict`,
    ],
    [
      'partitioned',
      { secure: true, sameSite: 'none', partitioned: true },
      HTTPS,
      `__Host-sid=ID; ${MONTH}; Path=/; HttpOnly; Secure; Partitioned; SameSite=None`,
      `__Host-sid=; Path=/; ${PAST}; HttpOnly; Secure; Partitioned; SameSite=None`,
    ],
    [
      'readable by scripts',
      { httpOnly: false },
      HTTPS,
      `__Host-sid=ID; ${MONTH}; Path=/; Secure; SameSite=Lax`,
      `__Host-sid=; Path=/; ${PAST}; Secure; SameSite=Lax`,
    ],
    [
      'of high priority',
      { priority: 'high' },
      HTTPS,
      `__Host-sid=ID; ${MONTH}; Path=/; HttpOnly; Secure; Priority=High; SameSite=Lax`,
      `__Host-sid=; Path=/; ${PAST}; HttpOnly; Secure; Priority=High; SameSite=Lax`,
    ],
  ])('%s', async (_name, cookie, connection, setCookie, deletion) => {
    const sorted = (header: string | undefined): string[] | undefined => header?.split('; ').sort()
    expect(sorted(await setCookieOf(cookie, connection))).toEqual(sorted(setCookie))
    expect(sorted(await deletionOf(cookie, connection))).toEqual(sorted(deletion))
  })

  it('omit Max-Age if the session ends with the browser', async () => {
    expect(await setCookieOf({}, HTTPS, { browserSession: true })).toBe('__Host-sid=ID; Path=/; HttpOnly; Secure; SameSite=Lax')
  })

  it('set Max-Age to the absolute lifetime', async () => {
    expect(await setCookieOf({}, HTTPS, { absolute: '400d', idle: '1h' })).toContain('Max-Age=34560000;')
    expect(await setCookieOf({}, HTTPS, { absolute: '1ms', idle: '1ms' })).toContain('Max-Age=1;')
  })
})

describe('over plain HTTP that is not loopback', () => {
  it('a write throws a ConfigError with the framework setting, and nothing is created', async () => {
    const app = new TestApp()
    const session = await app.sessions.open(incoming(undefined, { ...PLAIN, remedy: "app.set('trust proxy', 1)" }))
    for (const write of [
      () => session.set('a', 1),
      () => session.login(1),
      () => session.flash('a', 1),
      () => session.increment('n'),
      () => (session.data['a'] = 1),
    ]) {
      const error = catchError(write)
      expect(error.code).toBe('ERR_SESSION_CONFIG')
      expect(error.message).toContain("app.set('trust proxy', 1)")
      expect(error.message).toContain('secure: true')
    }
    const headers = await app.sessions.commit(session, { status: 200 })
    expect([headers.getSetCookie(), (await app.rows()).length]).toEqual([[], 0])
    expect(app.events).toContainEqual({ type: 'cookie-refused', reason: 'insecure' })
  })

  it('a read finds no session, for any cookie', async () => {
    const app = new TestApp()
    await app.request((session) => void session.set('a', 1))
    const session = await app.sessions.open(incoming(`${app.browser.cookie}; sid=${app.browser.id}`, PLAIN))
    expect([session.get('a'), session.size, session.userId, session.isNew]).toEqual([undefined, 0, undefined, true])
    session.flush()
    const headers = await app.sessions.commit(session, { status: 200 })
    expect([headers.getSetCookie(), (await app.rows()).length]).toEqual([[], 1])
    expect(app.eventReasons('absent')).toEqual(['no-cookie', 'insecure'])
  })
})
