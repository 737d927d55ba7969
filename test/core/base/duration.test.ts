import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { milliseconds } from '../../../src/core/base/duration.ts'
import { DAY } from '../fixture.ts'

describe('milliseconds', () => {
  it.each<[unknown, number]>([
    ['90s', 90_000],
    ['30m', 1_800_000],
    ['12h', 43_200_000],
    ['14d', 14 * DAY],
    ['2w', 14 * DAY],
    ['250ms', 250],
    ['1.5h', 5_400_000],
    ['400d', 400 * DAY],
  ])('converts %s to %i ms', (duration, expected) => {
    expect(milliseconds(duration)).toBe(expected)
  })

  it.each([
    0,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1,
    90,
    '401d',
    '0s',
    '',
    '5',
    'm',
    '1y',
    '1 h',
    ' 1h',
    '1h ',
    '-1h',
    '1e3s',
    '1h30m',
    null,
    undefined,
    {},
    true,
    5n,
  ])('returns undefined for %s', (duration) => {
    expect(milliseconds(duration)).toBeUndefined()
  })

  it('returns at most 400 days', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double(),
          fc.string(),
          fc.tuple(fc.nat(), fc.constantFrom('ms', 's', 'm', 'h', 'd', 'w')).map(([amount, unit]) => `${amount}${unit}`),
        ),
        (duration) => {
          const length = milliseconds(duration)
          if (length !== undefined) expect(length >= 0 && length <= 400 * DAY).toBe(true)
        },
      ),
    )
  })
})
