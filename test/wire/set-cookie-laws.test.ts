import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CookieOptions, cookieTransport } from '../../src/core/cookie/cookie-transport.ts'
import { type Carrier, type CookieToSet, NOTHING_PRESENTED, printSetCookie } from '../../src/core/cookie/transport.ts'
import { ConfigError, createSessions, type SessionOptions } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { type CookieAttributes, serializeCookie, serializeDeletion } from '../../src/wire/set-cookie.ts'
import { incoming } from '../helpers/incoming.ts'

const DEFAULTS: CookieAttributes = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' }

interface Parsed {
  readonly name: string
  readonly value: string
  readonly attributes: Readonly<Record<string, string | true>>
}

/**
 * Parses a Set-Cookie as a browser does (RFC 6265bis, 5.6), but throws for a duplicate attribute.
 */
function parsed(header: string): Parsed {
  const [pair = '', ...rest] = header.split(';')
  const attributes: Record<string, string | true> = {}
  for (const part of rest) {
    const [, name = '', value] = /^ ?([^=]*)(?:=(.*))?$/.exec(part) ?? []
    const key = name.toLowerCase()
    if (Object.hasOwn(attributes, key)) throw new Error(`${key} is a duplicate`)
    attributes[key] = value ?? true
  }
  return { name: pair.slice(0, pair.indexOf('=')), value: pair.slice(pair.indexOf('=') + 1), attributes }
}

/** Returns the requested attributes in the expected form. */
function expectedAttributes({
  path,
  domain,
  secure,
  httpOnly,
  sameSite,
  partitioned,
  priority,
}: CookieAttributes): Record<string, string | true> {
  return {
    path,
    ...(domain === undefined ? {} : { domain }),
    ...(secure ? { secure } : {}),
    ...(httpOnly ? { httponly: true } : {}),
    ...(sameSite === undefined ? {} : { samesite: capital(sameSite) }),
    ...(partitioned === true ? { partitioned } : {}),
    ...(priority === undefined ? {} : { priority: capital(priority) }),
  }
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}

const domain = fc.constantFrom('example.com', 'shop.example.co.uk', 'xn--mnchen-3ya.de')
const path = fc.constantFrom('/', '/shop', '/a/b', '/a%20b/', "/~!$&'()*+,:@=._-")
const attributes: fc.Arbitrary<CookieAttributes> = fc.record(
  {
    path,
    domain,
    secure: fc.boolean(),
    httpOnly: fc.boolean(),
    sameSite: fc.constantFrom('lax' as const, 'strict' as const, 'none' as const),
    partitioned: fc.boolean(),
    priority: fc.constantFrom('low' as const, 'medium' as const, 'high' as const),
  },
  { requiredKeys: ['path', 'secure', 'httpOnly'] },
)
const name = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/)
const value = fc.stringMatching(/^[A-Za-z0-9_.-]{0,60}$/)

describe('serializeCookie and serializeDeletion', () => {
  it('print the name, the value and exactly the requested attributes, each once', () => {
    fc.assert(
      fc.property(name, value, attributes, fc.option(fc.integer({ min: 1, max: 34_560_000 }), { nil: undefined }), (key, text, x, age) => {
        const lifetime: Record<string, string> = age === undefined ? {} : { 'max-age': String(age) }
        expect(parsed(serializeCookie(key, text, x, age))).toEqual({
          name: key,
          value: text,
          attributes: { ...expectedAttributes(x), ...lifetime },
        })
      }),
    )
  })

  it('print a deletion with the attributes of the cookie, an expiry in the past and no value', () => {
    fc.assert(
      fc.property(name, attributes, (key, x) => {
        const { name: deleted, value: left, attributes: found } = parsed(serializeDeletion(key, x))
        const { expires, ...rest } = found
        expect([deleted, left, rest, Date.parse(String(expires))]).toEqual([key, '', expectedAttributes(x), 0])
      }),
    )
  })

  it('print one line of printable ASCII', () => {
    fc.assert(
      fc.property(name, value, attributes, (key, text, x) => {
        expect(serializeCookie(key, text, x, 60)).toMatch(/^[\x20-\x7e]+$/)
        expect(serializeDeletion(key, x)).toMatch(/^[\x20-\x7e]+$/)
      }),
    )
  })

  const BREAKING = ['\r\nSet-Cookie: a=b', '\n', '\0', '; Domain=evil.example']

  it.each(BREAKING)('throw for %j in a name, value, path or domain', (text) => {
    expect(() => serializeCookie(`sid${text}`, 'x', DEFAULTS)).toThrow(TypeError)
    expect(() => serializeCookie('sid', `x${text}`, DEFAULTS)).toThrow(TypeError)
    expect(() => serializeCookie('sid', 'x', { ...DEFAULTS, path: `/${text}` })).toThrow(TypeError)
    expect(() => serializeCookie('sid', 'x', { ...DEFAULTS, domain: `example.com${text}` })).toThrow(TypeError)
  })
})

describe('the session cookie', () => {
  const https = { secure: true, loopback: false }
  const local = { secure: false, loopback: true }
  const connection = fc.constantFrom(https, local)

  it('is deleted with the name, path, domain and partition it was set with', () => {
    const options = fc.record(
      {
        name: fc.constantFrom('sid', '__Host-sid', 'admin'),
        path,
        domain,
        partitioned: fc.boolean(),
        secure: fc.constantFrom('auto' as const, true as const),
      },
      { requiredKeys: [] },
    )
    const place = (header: string): unknown => {
      const { 'max-age': _age, expires: _expires, ...rest } = parsed(header).attributes
      return [parsed(header).name, rest]
    }
    fc.assert(
      fc.property(options, connection, (given, over) => {
        const issued = issue(given, over)
        const [{ name } = { name: '' }] = issued
        const cleared =
          carrierOf(given, over)
            ?.clear({ tokens: [], names: [name] })
            .map(printSetCookie) ?? []
        expect(issued).not.toEqual([])
        expect(cleared.map(place)).toEqual(issued.map(printSetCookie).map(place))
      }),
    )
  })

  it('follows the rules of its prefix', () => {
    const options = fc.record(
      { name: fc.constantFrom('sid', '__Host-sid', '__Secure-sid', '__host-sid'), path, domain },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(options, connection, (given, over) => {
        const { name: key, attributes: found } = parsed(printed(issue(given, over)))
        if (/^__(?:host|secure)-/i.test(key)) expect(found['secure']).toBe(true)
        if (/^__host-/i.test(key)) expect([found['path'], found['domain']]).toEqual(['/', undefined])
      }),
    )
  })

  it.each([
    [86_400_000, '86400'],
    [1500, '2'],
    [1, '1'],
    [0, '1'],
    [-5, '1'],
  ])('with %j ms left has a Max-Age of %j whole seconds', (left, expected) => {
    expect(parsed(printed(issue({}, https, left))).attributes['max-age']).toBe(expected)
  })

  it.each([['/a<b'], ['/a"b'], ['/a\\b'], ['/a b'], ['/é']])('rejects the path %j at the start, or can print it', (given) => {
    expectPrintable({ path: given })
  })

  it('prints every accepted option', () => {
    const character = fc.constantFrom(...Array.from({ length: 0x82 }, (_, code) => String.fromCharCode(code)))
    const text = fc.array(character, { maxLength: 6 }).map((characters) => characters.join(''))
    const cookie = fc.record(
      { name: text, path: text.map((rest) => `/${rest}`), domain: fc.oneof(text, fc.domain()) },
      { requiredKeys: [] },
    )
    fc.assert(fc.property(cookie, expectPrintable), { numRuns: 500 })
  })
})

function expectPrintable(cookie: NonNullable<SessionOptions['cookie']>): void {
  if (!accepts(cookie)) return
  const cleared = carrierOf(cookie, { secure: true, loopback: false })?.clear({ tokens: [], names: ['x'] }) ?? []
  expect(printed(issue(cookie, { secure: true, loopback: false }))).toMatch(/^[\x20-\x7e]+$/)
  expect(printed(cleared)).toMatch(/^[\x20-\x7e]+$/)
}

function carrierOf(options: CookieOptions, over: { readonly secure: boolean; readonly loopback: boolean }): Carrier | undefined {
  const carrier = cookieTransport(options).carrierFor(incoming(undefined, over))
  return 'reason' in carrier ? undefined : carrier
}

function issue(
  options: CookieOptions,
  over: { readonly secure: boolean; readonly loopback: boolean },
  left = 1000,
): readonly CookieToSet[] {
  return carrierOf(options, over)?.issue('x', { lifetime: left }, NOTHING_PRESENTED) ?? []
}

function printed([cookie]: readonly CookieToSet[]): string {
  return cookie === undefined ? '' : printSetCookie(cookie)
}

function accepts(cookie: NonNullable<SessionOptions['cookie']>): boolean {
  try {
    createSessions({ store: new MemoryStore(), cookie })
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return false
  }
}
