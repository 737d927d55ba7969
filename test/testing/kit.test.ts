import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withSession } from '../../src/adapters/node.ts'
import { createSessions, type Sessions } from '../../src/index.ts'
import { CookieStore } from '../../src/stores/cookie.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { seed, sessionOf, testClock } from '../../src/testing/testing.ts'
import { incoming } from '../helpers/incoming.ts'

interface Data {
  userId: string
  cart: string[]
}

const clock = testClock(new Date('2026-01-01T00:00Z'))
const sessions = createSessions<Data>({ store: new MemoryStore(), clock, idle: '30m' })
const server = createServer(
  withSession(sessions, (req, res, session) => {
    if (req.url === '/login') session.login('ada')
    else if (req.url === '/logout') session.logout()
    else session.push('cart', 'milk')
    res.end(String(session.userId))
  }),
)
let url = ''

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => server.close())

describe('seed', () => {
  it('stores a session, whose cookie a server on localhost accepts', async () => {
    const { cookie, session } = await seed(sessions, { userId: 'ada', cart: ['bread'] })
    const response = await fetch(url, { headers: { cookie } })
    await session.reload()
    expect([await response.text(), session.get('cart'), session.userId]).toEqual(['ada', ['bread', 'milk'], 'ada'])
  })

  it('gives a cookie that is accepted over HTTPS too', async () => {
    const { cookie } = await seed(sessions, { cart: ['bread'] })
    expect((await sessions.open(incoming(cookie))).get('cart')).toEqual(['bread'])
  })

  it('stores a session without properties, which has a cookie', async () => {
    const { cookie, session } = await seed(sessions)
    await fetch(url, { headers: { cookie } })
    await session.reload()
    expect([session.isNew, session.get('cart')]).toEqual([false, ['milk']])
  })

  it.each([
    ['with another cookie', { cookie: { name: 'admin', path: '/admin' } }],
    ['that is always Secure', { cookie: { secure: true as const, domain: 'shop.example' } }],
    ['that loads lazily', { lazy: true }],
  ])('works for a manager %s', async (_, options) => {
    const others = createSessions<Data>({ store: new MemoryStore(), ...options })
    const { cookie, session } = await seed(others, { cart: ['bread'] })
    const visitor = await others.open(incoming(cookie))
    await visitor.load()
    expect([session.get('cart'), visitor.get('cart')]).toEqual([['bread'], ['bread']])
  })

  it('works for sessions in a sealed cookie of several pieces', async () => {
    const others = createSessions<Data>({ store: new CookieStore({ secrets: ['a secret of at least 32 characters'], maxSize: 12_288 }) })
    const cart = Array.from({ length: 500 }, () => crypto.randomUUID().slice(0, 12))
    const { cookie } = await seed(others, { cart })
    expect((await others.open(incoming(cookie))).get('cart')).toEqual(cart)
  })
})

describe('sessionOf', () => {
  it("finds the session of a response with transport: 'bearer', and `seed` has its id", async () => {
    const api = createSessions<Data>({ store: new MemoryStore(), clock, transport: 'bearer' })
    const { cookie, session } = await seed(api, { userId: 'ada' })
    expect([cookie, (await api.load(session.id ?? '')).userId]).toEqual(['', 'ada'])
    const header = (name: string): string | undefined => (name === 'authorization' ? `Bearer ${session.id}` : undefined)
    const opened = await api.open({ secure: true, loopback: false, header })
    opened.cycleId()
    const headers = await api.commit(opened, { status: 200 })
    expect((await sessionOf(api, { headers })).id).toBe(opened.id)
  })

  it('finds the session whose cookie a response sets', async () => {
    const session = await sessionOf(sessions, await fetch(`${url}/login`))
    session.set('cart', ['bread'])
    await session.save()
    expect([session.userId, session.handle]).toEqual(['ada', expect.any(String)])
  })

  it.each([
    ['an array of lines', (lines: string[]) => ({ 'set-cookie': lines })],
    ['one line', (lines: string[]) => ({ 'set-cookie': String(lines[0]) })],
    [
      'Headers with other cookies',
      (lines: string[]) => new Headers([['set-cookie', 'theme=dark'], ...lines.map((line) => ['set-cookie', line] as [string, string])]),
    ],
  ])('takes the headers as %s', async (_, headers) => {
    const response = await fetch(`${url}/login`)
    expect((await sessionOf(sessions, { headers: headers(response.headers.getSetCookie()) })).userId).toBe('ada')
  })

  it('rejects if the response sets no cookie, or deletes it', async () => {
    const { cookie } = await seed(sessions, { cart: [] })
    const kept = await fetch(url, { headers: { cookie } })
    await expect(sessionOf(sessions, kept)).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining('reload()'),
    })
    const deleted = await fetch(`${url}/logout`, { headers: { cookie } })
    await expect(sessionOf(sessions, deleted)).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })

  it('loads a session of a lazy manager', async () => {
    const lazy: Sessions<Data> = createSessions<Data>({ store: new MemoryStore(), lazy: true })
    const visitor = await lazy.open(incoming(undefined))
    await visitor.load()
    visitor.set('cart', ['bread'])
    const headers = await lazy.commit(visitor, { status: 200 })
    expect((await sessionOf(lazy, { headers })).get('cart')).toEqual(['bread'])
  })
})

describe('testClock', () => {
  it('moves time for a manager', async () => {
    const { session } = await seed(sessions, { cart: [] })
    clock.advance('29m')
    await session.reload()
    expect(session.get('cart')).toEqual([])
    clock.set(new Date(clock() + 60_000))
    await session.reload()
    expect(session.get('cart')).toBeUndefined()
  })

  it('starts now, and refuses what is not a duration', () => {
    expect(Math.abs(testClock()() - Date.now())).toBeLessThan(60_000)
    expect(() => clock.advance(5 as never)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining("'5s'") }),
    )
  })
})
