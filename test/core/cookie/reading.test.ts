import { describe, expect, it } from 'vitest'
import { adapterOf } from '../../../src/core/manager/sessions.ts'
import { incoming } from '../../helpers/incoming.ts'
import { TestApp } from '../fixture.ts'

const HTTPS = { secure: true, loopback: false }
const LOOPBACK = { secure: false, loopback: true }
describe('the connection of a Request', () => {
  const opened = async (url: string, headers: Record<string, string> = {}): Promise<string | undefined> => {
    const app = new TestApp()
    const session = await app.sessions.open(new Request(url, { headers }))
    try {
      session.set('a', 1)
    } catch {
      return 'refused'
    }
    return (await app.sessions.commit(session, { status: 200 })).getSetCookie()[0]?.split('=')[0]
  }

  it.each<[string, string, Record<string, string>]>([
    ['https://example.com/', '__Host-sid', {}],
    ['http://example.com/', 'refused', {}],
    ['http://localhost:3000/', 'sid', {}],
    ['http://app.localhost/', 'sid', {}],
    ['http://127.0.0.1/', 'sid', {}],
    ['http://127.8.8.8:80/', 'sid', {}],
    ['http://[::1]:3000/', 'sid', {}],
    ['http://localhost.example.com/', 'refused', {}],
    ['http://127.0.0.1.example.com/', 'refused', {}],
    ['http://notlocalhost/', 'refused', {}],
    ['http://localhost/', 'refused', { forwarded: 'for=1.2.3.4' }],
    ['http://localhost/', 'refused', { 'x-forwarded-for': '1.2.3.4' }],
    ['http://localhost/', 'refused', { 'x-forwarded-proto': 'https' }],
    ['http://localhost/', 'refused', { via: '1.1 proxy' }],
    ['https://localhost/', '__Host-sid', { 'x-forwarded-for': '1.2.3.4' }],
  ])('%s gives %s with %o', async (url, expected, headers) => {
    expect(await opened(url, headers)).toBe(expected)
  })

  it('is not loopback in production', async () => {
    const { vi } = await import('vitest')
    vi.stubEnv('NODE_ENV', 'production')
    expect(await opened('http://localhost/')).toBe('refused')
  })
})

describe('the name of the cookie', () => {
  it('is the one name that would be written', async () => {
    const app = new TestApp()
    await app.request((session) => void session.set('a', 1))
    const { id } = app.browser
    const reads = async (cookie: string, connection = HTTPS): Promise<boolean> =>
      (await app.sessions.open(incoming(cookie, connection))).has('a')
    expect(await reads(`__Host-sid=${id}`)).toBe(true)
    for (const name of [
      'sid',
      '__Secure-sid',
      '__host-sid',
      '__HOST-SID',
      'x__Host-sid',
      '__Host-sidx',
      '\u00a0__Host-sid',
      '%5F%5FHost-sid',
    ])
      expect(await reads(`${name}=${id}`), name).toBe(false)
    expect(await reads(`sid=${id}`, LOOPBACK)).toBe(true)
    expect(await reads(`__Host-sid=${id}`, LOOPBACK)).toBe(false)
  })

  it('separates the sessions of two managers', async () => {
    const app = new TestApp()
    const admin = app.createManager({ as: 'adminSession', cookie: { name: 'admin' } })
    await app.request((session) => void session.set('a', 1))
    const session = await admin.open(incoming(app.browser.cookie, HTTPS))
    expect([adapterOf(admin).name, session.size]).toEqual(['adminSession', 0])
  })
})

describe('the response headers', () => {
  it('contain a cookie only for a new id or a deletion', async () => {
    const app = new TestApp()
    const counts: number[] = []
    const count = async (handler: (session: any) => unknown): Promise<void> =>
      void counts.push((await app.request(handler)).headers.getSetCookie().length)
    await count((session) => session.get('a'))
    await count((session) => session.set('a', 1))
    await count((session) => session.set('a', 2))
    await count((session) => session.get('a'))
    app.clock.advance(7_200_000)
    await count((session) => session.get('a'))
    await count((session) => session.clear())
    await count((session) => session.cycleId())
    await count((session) => session.login(1))
    await count((session) => session.delete('userId'))
    await count((session) => session.flush())
    expect(counts).toEqual([0, 1, 0, 0, 0, 0, 1, 1, 0, 1])
  })

  it('contain at most one cookie', async () => {
    const app = new TestApp()
    await app.request((session) => void session.set('a', 1))
    const { headers } = await app.request(async (session) => {
      session.cycleId()
      await session.save()
      session.login(1)
      await session.save()
      session.flush()
      await session.save()
      session.set('b', 1)
    })
    expect(headers.getSetCookie().length).toBe(1)
    expect(await app.read()).toEqual({ b: 1 })
  })

  it('keep the cookie of the browser if its id is unknown, expired or ended', async () => {
    const app = new TestApp({ idle: '1h' })
    await app.request((session) => void session.set('a', 1))
    const cookie = app.browser.cookie
    app.clock.advance(3_600_000)
    expect((await app.request((session) => session.get('a'))).headers.getSetCookie()).toEqual([])
    expect(app.browser.cookie).toBe(cookie)
  })

  it('contain Vary: Cookie after any access to the session', async () => {
    const accesses: ((session: any) => unknown)[] = [
      (s) => s.get('a'),
      (s) => s.has('a'),
      (s) => s.size,
      (s) => [...s],
      (s) => s.userId,
      (s) => s.id,
      (s) => s.handle,
      (s) => s.isNew,
      (s) => s.toObject(),
      (s) => 'a' in s.data,
      (s) => s.flashed('x'),
      (s) => s.expiresAt,
      (s) => s.endsWithBrowser,
      (s) => s.flush(),
      (s) => s.clear(),
      (s) => s.delete('a'),
      (s) => s.modified && s.get('a'),
    ]
    for (const access of accesses.slice(0, -1)) {
      const app = new TestApp()
      await app.request((session) => void session.set('a', 1))
      expect((await app.request(access)).headers.get('vary'), String(access)).toBe('Cookie')
    }
  })
})
