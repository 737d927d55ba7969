import { describe, expect, it } from 'vitest'
import { withPrivacy, withVary } from '../../src/adapters/shared/caching.ts'

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
