import { describe, expect, it } from 'vitest'
import { privacyOf, withPrivacy, withVary } from '../../src/adapters/shared/caching.ts'

describe('withVary', () => {
  it.each([
    [undefined, 'Cookie'],
    ['', 'Cookie'],
    ['Origin', 'Origin, Cookie'],
    ['Origin,Accept', 'Origin, Accept, Cookie'],
    ['COOKIE', 'COOKIE'],
    ['accept , cookie', 'accept, cookie'],
    ['Cookie2', 'Cookie2, Cookie'],
    ['*', '*'],
  ])('adds Cookie to %j', (current, expected) => {
    expect(withVary(current, 'Cookie')).toBe(expected)
  })
})

describe('withPrivacy', () => {
  it.each([
    [undefined, 'private, no-store'],
    ['', 'private, no-store'],
    ['no-store', 'no-store'],
    ['no-cache', 'no-cache, private'],
    ['max-age=60', 'max-age=60, private'],
    ['private, max-age=60', 'private, max-age=60'],
    ['public', 'private'],
    ['PUBLIC, max-age=60', 'private, max-age=60'],
    ['public, max-age=5, s-maxage=60', 'private, max-age=5'],
    ['s-maxage = 60', 'private'],
    ['private="x-user, set-cookie", public', 'private="x-user, set-cookie", private'],
    ['x="public, s-maxage=1"', 'x="public, s-maxage=1", private'],
    ['publicly=1', 'publicly=1, private'],
  ])('returns the private form of %j', (current, expected) => {
    expect(withPrivacy(current)).toBe(expected)
  })
})

describe('privacyOf', () => {
  const privacy = (headers: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(privacyOf(Object.keys(headers), (name) => headers[name]))

  it('sets Cache-Control', () => {
    expect(privacy({ 'content-type': 'text/html' })).toEqual({ 'Cache-Control': 'private, no-store' })
    expect(privacy({ 'Cache-Control': 'public, max-age=60' })).toEqual({ 'Cache-Control': 'private, max-age=60' })
  })

  it.each([
    ['CDN-Cache-Control', 'max-age=60', 'max-age=60, private'],
    ['cdn-cache-control', 'public, s-maxage=60', 'private'],
    ['Cloudflare-CDN-Cache-Control', 'max-age=60', 'max-age=60, private'],
    ['Vercel-CDN-Cache-Control', '', 'private, no-store'],
    ['Surrogate-Control', 'max-age=60', 'no-store'],
    ['surrogate-control', 'content="ESI/1.0", max-age=60', 'no-store, content="ESI/1.0"'],
    ['Edge-Control', '!no-store, max-age=1d', 'no-store'],
    ['X-Accel-Expires', '60', '0'],
    ['x-accel-expires', '@1800000000', '0'],
  ])('replaces %s: %s', (name, value, expected) => {
    expect(privacy({ [name]: value })[name]).toBe(expected)
  })

  it('leaves other headers', () => {
    expect(Object.keys(privacy({ Expires: '0', 'x-accel-buffering': 'no', 'surrogate-key': 'a' }))).toEqual(['Cache-Control'])
  })
})
