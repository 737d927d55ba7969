import { describe, expect, it } from 'vitest'
import type { CookieOptions, SessionOptions } from '../../../src/index.ts'
import { incoming } from '../../incoming.ts'
import { thrown, World } from '../fixture.ts'

const HTTPS = { secure: true, loopback: false }
const LOOPBACK = { secure: false, loopback: true }
const PLAIN = { secure: false, loopback: false }

/** The `Set-Cookie` of a new session, with its id written `ID`. */
async function birth(cookie: CookieOptions, connection: typeof HTTPS, options: Partial<SessionOptions> = {}): Promise<string | undefined> {
  const world = new World({ cookie, ...options })
  const session = await world.sessions.open(incoming(undefined, connection))
  session.set('a', 1)
  const headers = await world.sessions.commit(session, { status: 200 })
  expect(headers.get('vary')).toBe('Cookie')
  return headers.getSetCookie()[0]?.replace(session.id ?? '', 'ID')
}

/** The `Set-Cookie` that ends a session. */
async function death(cookie: CookieOptions, connection: typeof HTTPS): Promise<string | undefined> {
  const world = new World({ cookie })
  const first = await world.sessions.open(incoming(undefined, connection))
  first.set('a', 1)
  const [pair = ''] = (await world.sessions.commit(first, { status: 200 })).getSetCookie()[0]?.split(';') ?? []
  const session = await world.sessions.open(incoming(pair, connection))
  session.flush()
  expect((await world.rows()).length).toBe(1)
  const headers = await world.sessions.commit(session, { status: 200 })
  expect((await world.rows()).length).toBe(0)
  return headers.getSetCookie()[0]
}

const MONTH = 'Max-Age=2592000'
const PAST = 'Expires=Thu, 01 Jan 1970 00:00:00 GMT'

describe('the cookie, attribute for attribute', () => {
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
      'with secure: true, whatever is seen',
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
  ])('%s', async (_name, cookie, connection, born, dead) => {
    const sorted = (header: string | undefined): string[] | undefined => header?.split('; ').sort()
    expect(sorted(await birth(cookie, connection))).toEqual(sorted(born))
    expect(sorted(await death(cookie, connection))).toEqual(sorted(dead))
  })

  it('without Max-Age when it ends with the browser', async () => {
    expect(await birth({}, HTTPS, { browserSession: true })).toBe('__Host-sid=ID; Path=/; HttpOnly; Secure; SameSite=Lax')
  })

  it('Max-Age is the absolute lifetime', async () => {
    expect(await birth({}, HTTPS, { absolute: '400d', idle: '1h' })).toContain('Max-Age=34560000;')
    expect(await birth({}, HTTPS, { absolute: '1ms', idle: '1ms' })).toContain('Max-Age=1;')
  })
})

describe('over plain HTTP that is not loopback', () => {
  it('nothing is created; a write throws a ConfigError naming the setting of the framework', async () => {
    const world = new World()
    const session = await world.sessions.open(incoming(undefined, { ...PLAIN, remedy: "app.set('trust proxy', 1)" }))
    for (const write of [
      () => session.set('a', 1),
      () => session.login(1),
      () => session.flash('a', 1),
      () => session.increment('n'),
      () => (session.data['a'] = 1),
    ]) {
      const error = thrown(write)
      expect(error.code).toBe('ERR_SESSION_CONFIG')
      expect(error.message).toContain("app.set('trust proxy', 1)")
      expect(error.message).toContain('secure: true')
    }
    const headers = await world.sessions.commit(session, { status: 200 })
    expect([headers.getSetCookie(), (await world.rows()).length]).toEqual([[], 0])
    expect(world.events).toContainEqual({ type: 'cookie-refused', reason: 'insecure' })
  })

  it('reading is as with no session, whatever cookie came', async () => {
    const world = new World()
    await world.visit((session) => void session.set('a', 1))
    const session = await world.sessions.open(incoming(`${world.browser.cookie}; sid=${world.browser.id}`, PLAIN))
    expect([session.get('a'), session.size, session.userId, session.isNew]).toEqual([undefined, 0, undefined, true])
    session.flush()
    const headers = await world.sessions.commit(session, { status: 200 })
    expect([headers.getSetCookie(), (await world.rows()).length]).toEqual([[], 1])
    expect(world.reasons('absent')).toEqual(['no-cookie', 'insecure'])
  })
})
