import { describe, expect, it } from 'vitest'
import { constantTimeEqual } from '../../src/wire/constant-time-equal.ts'

const SECRET = 'VoS_0i5w1h0MUb6YcZmLXuQBvN3nqHh7k8SPrR8oVeg'

describe('constantTimeEqual', () => {
  it('returns true only if every character is equal', () => {
    expect(constantTimeEqual(SECRET, `${SECRET}`)).toBe(true)
    for (let at = 0; at < SECRET.length; at++)
      expect(constantTimeEqual(SECRET, `${SECRET.slice(0, at)}!${SECRET.slice(at + 1)}`)).toBe(false)
  })

  it.each([
    [SECRET, SECRET.slice(1)],
    [SECRET, `${SECRET}x`],
    [SECRET, ''],
    ['', SECRET],
    ['é', 'e'],
    ['\0', ''],
  ])('returns false for other lengths or characters: %j, %j', (one, other) => {
    expect(constantTimeEqual(one, other)).toBe(false)
  })

  it('returns true for two empty texts', () => {
    expect(constantTimeEqual('', '')).toBe(true)
  })
})
