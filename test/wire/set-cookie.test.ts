import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CookieAttributes, serializeCookie, serializeDeletion } from '../../src/wire/set-cookie.ts'

const plain: CookieAttributes = { path: '/', secure: false, httpOnly: false, sameSite: 'lax' }

/** Returns the attributes of a `Set-Cookie` by their lower-case names. */
function attributes(header: string): Map<string, string> {
  const parts = header.split('; ').slice(1)
  const found = new Map(parts.map((part) => [part.split('=')[0]?.toLowerCase() ?? '', part.slice(part.indexOf('=') + 1)]))
  expect(found.size).toBe(parts.length)
  return found
}

describe('serializeCookie', () => {
  it('prints SameSite and Path', () => {
    expect(serializeCookie('sid', 'v', plain)).toBe('sid=v; Path=/; SameSite=Lax')
  })

  it('prints Max-Age only if it is given', () => {
    expect(serializeCookie('sid', 'v', plain, 60)).toContain('; Max-Age=60')
    expect(serializeCookie('sid', 'v', plain)).not.toContain('Max-Age')
  })

  it('prints exactly the requested attributes, each once', () => {
    const attributesArbitrary = fc.record({
      path: fc.constantFrom('/', '/app'),
      secure: fc.boolean(),
      httpOnly: fc.boolean(),
      sameSite: fc.constantFrom('lax' as const, 'strict' as const, 'none' as const),
      partitioned: fc.boolean(),
    })
    fc.assert(
      fc.property(
        attributesArbitrary,
        fc.option(fc.constantFrom('low' as const, 'medium' as const, 'high' as const), { nil: undefined }),
        fc.option(fc.constant('example.com'), { nil: undefined }),
        (given, priority, domain) => {
          const all: CookieAttributes = {
            ...given,
            ...(priority === undefined ? {} : { priority }),
            ...(domain === undefined ? {} : { domain }),
          }
          const expected = [
            'path',
            'samesite',
            given.secure && 'secure',
            given.httpOnly && 'httponly',
            given.partitioned && 'partitioned',
            priority && 'priority',
            domain && 'domain',
          ].filter(Boolean)
          expect([...attributes(serializeCookie('sid', 'v', all)).keys()].sort()).toEqual([...expected].sort())
          expect([...attributes(serializeDeletion('sid', all)).keys()].sort()).toEqual([...expected, 'expires'].sort())
        },
      ),
    )
  })

  it('prints the value unchanged', () => {
    expect(serializeCookie('sid', 'a-_.Z9', plain)).toMatch(/^sid=a-_\.Z9;/)
  })
})

describe('serializeDeletion', () => {
  it('prints no value and an Expires in the past', () => {
    const header = serializeDeletion('sid', { ...plain, domain: 'example.com', secure: true })
    expect(header).toMatch(/^sid=;/)
    expect(attributes(header).get('expires')).toBe('Thu, 01 Jan 1970 00:00:00 GMT')
    expect(attributes(header).get('domain')).toBe('example.com')
  })
})
