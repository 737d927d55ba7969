import { beforeEach, describe, expect, it, vi } from 'vitest'
import { attributesOf, Cookie } from '../../src/express-session/cookie/cookie.ts'

const NOW = Date.UTC(2030, 0, 1)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW })
  return () => vi.useRealTimers()
})

describe('req.session.cookie', () => {
  it('has the defaults of express-session', () => {
    const { path, httpOnly, expires, maxAge, originalMaxAge } = new Cookie()
    expect({ path, httpOnly, expires, maxAge, originalMaxAge }).toEqual({
      path: '/',
      httpOnly: true,
      expires: null,
      maxAge: null,
      originalMaxAge: null,
    })
  })

  it('takes its options, and ignores data', () => {
    const cookie = new Cookie({ path: '/a', secure: true, domain: 'shop.example', sameSite: 'lax', priority: 'high', data: { path: '/b' } })
    expect(cookie.data).toMatchObject({ path: '/a', secure: true, domain: 'shop.example', sameSite: 'lax', priority: 'high' })
  })

  it('moves its expiry with maxAge, and remembers the original', () => {
    const cookie = new Cookie({ maxAge: 60_000 })
    vi.setSystemTime(NOW + 10_000)
    expect([cookie.maxAge, cookie.originalMaxAge, cookie.expires]).toEqual([50_000, 60_000, new Date(NOW + 60_000)])
    cookie.maxAge = cookie.originalMaxAge
    expect(cookie.expires).toEqual(new Date(NOW + 70_000))
  })

  it('takes the original from a date', () => {
    const cookie = new Cookie()
    cookie.expires = new Date(NOW + 5000)
    expect([cookie.maxAge, cookie.originalMaxAge]).toEqual([5000, 5000])
  })

  it.each([null, false] as const)('ends with the browser with expires %s', (expires) => {
    const cookie = new Cookie({ maxAge: 1000 })
    cookie.expires = expires
    expect([cookie.originalMaxAge, attributesOf(cookie)]).toEqual([null, { path: '/', secure: false, httpOnly: true }])
  })

  it('keeps a given original, as of a stored session', () => {
    expect(new Cookie({ expires: new Date(NOW + 100), originalMaxAge: 5000 }).originalMaxAge).toBe(5000)
  })

  it.each(['42', true, () => 0])('refuses the maxAge %s', (maxAge) => {
    expect(() => new Cookie({ maxAge })).toThrow('maxAge must be a number or Date')
  })

  it.each([42, 'text', true])('refuses the options %s', (options) => {
    expect(() => new Cookie(options as never)).toThrow('argument options must be a object')
  })

  it('prints itself as JSON and as a header', () => {
    const cookie = new Cookie({ maxAge: 1000, sameSite: true, secure: true, partitioned: true })
    expect(JSON.parse(JSON.stringify(cookie))).toEqual({
      originalMaxAge: 1000,
      partitioned: true,
      expires: new Date(NOW + 1000).toISOString(),
      secure: true,
      httpOnly: true,
      path: '/',
      sameSite: true,
    })
    expect(cookie.serialize('sid', 'a/b')).toBe(
      'sid=a%2Fb; Path=/; Expires=Tue, 01 Jan 2030 00:00:01 GMT; HttpOnly; Secure; Partitioned; SameSite=Strict',
    )
  })
})
