import { describe, expect, it } from 'vitest'
import { whyNotLoopback } from '../../src/wire/loopback.ts'

interface Given {
  readonly hosts?: readonly (string | undefined)[]
  readonly headers?: Readonly<Record<string, string>>
  readonly peer?: string
  readonly environment?: string
}

const why = ({ hosts = ['localhost:3000'], headers = {}, ...rest }: Given): string | undefined =>
  whyNotLoopback({ hosts, names: Object.keys(headers), header: (name) => headers[name], ...rest })

const arrival = (
  host: string | undefined,
  headers: Record<string, string> = {},
  rest: { peer?: string; environment?: string } = {},
): boolean => why({ hosts: [host], headers, ...rest }) === undefined

describe('a request from this machine', () => {
  it.each([
    'localhost',
    'localhost:3000',
    'LOCALHOST',
    'app.localhost',
    'a.b.localhost:80',
    '127.0.0.1',
    '127.0.0.1:8080',
    '127.255.0.3',
    '[::1]',
    '[::1]:3000',
  ])('returns true for %s', (host) => {
    expect(arrival(host)).toBe(true)
  })

  it.each([
    undefined,
    '',
    'example.com',
    'localhost.example.com',
    'notlocalhost',
    '127.0.0.1.example.com',
    '128.0.0.1',
    '1127.0.0.1',
    '0.0.0.0',
    '10.0.0.1',
    '192.168.0.1',
    '[::2]',
    '[::1',
    '::1.example.com',
    'localhost@example.com',
    'example.com:localhost',
    'localhost:80:80',
    'localhost, example.com',
  ])('returns false for %s', (host) => {
    expect(arrival(host)).toBe(false)
  })

  it.each([
    ['127.0.0.1', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['127.9.9.9', true],
    ['10.0.0.1', false],
    ['::ffff:10.0.0.1', false],
    ['', false],
    ['fe80::1', false],
    [undefined, true],
  ])('for the peer %s returns %s', (peer, expected) => {
    expect(arrival('localhost', {}, peer === undefined ? {} : { peer })).toBe(expected)
  })

  it('returns true only if every host is local', () => {
    const named = (...hosts: (string | undefined)[]): boolean => why({ hosts }) === undefined
    expect([
      named('localhost', '127.0.0.1:80'),
      named('localhost', 'example.com'),
      named('example.com', 'localhost'),
      named('localhost', undefined),
    ]).toEqual([true, false, false, false])
  })

  it('returns false in production', () => {
    expect([
      arrival('localhost', {}, { environment: 'production' }),
      arrival('localhost', {}, { environment: 'development' }),
      arrival('localhost', {}, { environment: 'test' }),
    ]).toEqual([false, true, true])
  })
})

describe('a request with an invalid host', () => {
  it.each(['127.999.0.1', 'shop.example/.localhost', 'shop.example#.localhost', 'user@localhost', 'localhost:', 'a..localhost'])(
    'is not local: %s',
    (host) => {
      expect(arrival(host)).toBe(false)
    },
  )

  it('is not local without a host and with another host', () => {
    expect(why({ hosts: [] })).toBe('it names no host')
    expect(why({ hosts: ['localhost', 'shop.example'] })).toBe('its host is "shop.example"')
  })
})

describe('forwarding headers', () => {
  it.each<[string, string, ...(string | undefined)[]]>([
    ['x-forwarded-for', '::1', '127.0.0.1', '::ffff:127.0.0.1', '127.0.0.1:5000', '[::1]:5000', '::1, 127.0.0.1'],
    ['x-forwarded-host', 'localhost:3000', '127.0.0.1:3000', 'app.localhost', '[::1]:3000', 'localhost, localhost:3000'],
    ['x-forwarded-server', 'localhost'],
    ['x-forwarded-proto', 'http', 'HTTP', 'ws', 'http, http'],
    ['x-forwarded-scheme', 'http'],
    ['x-forwarded-port', '3000', '80', '3000, 3000'],
    ['x-forwarded-ssl', 'off'],
    ['x-real-ip', '127.0.0.1'],
    ['forwarded', 'for=127.0.0.1;host=localhost:3000;proto=http', 'for="[::1]:3000", For=127.0.0.1; Proto=HTTP'],
    ['via', '1.1 localhost', 'HTTP/1.1 127.0.0.1:8080 (a comment)'],
  ])('%s with a local value is local', (name, ...values) => {
    for (const value of values) expect([value, why({ headers: { [name]: value ?? '' } })]).toEqual([value, undefined])
  })

  it.each<[string, ...string[]]>([
    ['x-forwarded-for', '203.0.113.7', '127.0.0.1, 203.0.113.7', 'unknown', '', '127.0.0.1,', '[::2]:1', '::ffff:10.0.0.1'],
    ['x-forwarded-host', 'shop.example', 'localhost, shop.example', 'localhost.shop.example', ''],
    ['x-forwarded-server', 'web-1'],
    ['x-forwarded-proto', 'https', 'http, https', 'wss', ''],
    ['x-forwarded-scheme', 'https'],
    ['x-forwarded-protocol', 'ssl'],
    ['x-forwarded-port', '443', '3000, 443', ''],
    ['x-forwarded-ssl', 'on', ''],
    ['front-end-https', 'on'],
    ['x-url-scheme', 'https'],
    ['x-real-ip', '203.0.113.7'],
    ['x-client-ip', '203.0.113.7'],
    ['x-cluster-client-ip', '203.0.113.7'],
    ['true-client-ip', '203.0.113.7'],
    ['fastly-client-ip', '203.0.113.7'],
    ['x-original-host', 'shop.example'],
    ['x-original-url', '/cart'],
    ['x-forwarded-prefix', '/shop'],
    ['x-forwarded', 'for=127.0.0.1'],
    ['forwarded', 'for=203.0.113.7', 'for=127.0.0.1;proto=https', 'for=127.0.0.1;host=shop.example', 'for=_hidden', 'secret=a', ''],
    ['via', '1.1 vegur', '1.1 localhost, 1.1 proxy.example', ''],
  ])('%s with another value is not local, and is named', (name, ...values) => {
    for (const value of values)
      expect([value, why({ headers: { [name]: value } })]).toEqual([value, `its header \`${name}\` is "${value}"`])
  })

  it('of the development server of Next are local', () => {
    const headers = {
      'x-forwarded-for': '::1',
      'x-forwarded-host': 'localhost:3000',
      'x-forwarded-port': '3000',
      'x-forwarded-proto': 'http',
    }
    expect(why({ headers })).toBeUndefined()
    expect(why({ headers: { ...headers, 'x-forwarded-proto': 'https' } })).toBe('its header `x-forwarded-proto` is "https"')
  })
})

describe('the page that sends a request', () => {
  it.each<[string, string, string | undefined]>([
    ['origin', 'http://localhost:3000', undefined],
    ['origin', 'http://127.0.0.1:5173', undefined],
    ['origin', 'null', undefined],
    ['origin', 'capacitor://localhost', undefined],
    ['origin', 'https://shop.example', 'its header `origin` names "https://shop.example"'],
    ['origin', 'http://shop.example', 'its header `origin` names "http://shop.example"'],
    ['origin', 'https://localhost:3000', 'its header `origin` names "https://localhost:3000"'],
    ['referer', 'http://localhost:3000/cart?id=1', undefined],
    ['referer', '/cart', undefined],
    ['referer', '', undefined],
    ['referer', 'https://shop.example/reset?token=secret', 'its header `referer` names "https://shop.example"'],
    ['referer', 'https://localhost/', 'its header `referer` names "https://localhost"'],
  ])('%s: %s', (name, value, expected) => {
    expect(why({ headers: { [name]: value } })).toBe(expected)
    expect(why({ headers: { [name]: value, 'sec-fetch-site': 'same-origin' } })).toBe(expected)
  })

  it('says nothing about this server if it is of another site, as after a login at a provider', () => {
    const headers = { origin: 'https://accounts.example', referer: 'https://accounts.example/', 'sec-fetch-site': 'cross-site' }
    expect(why({ headers })).toBeUndefined()
    expect(why({ headers: { ...headers, 'x-forwarded-proto': 'https' } })).toBe('its header `x-forwarded-proto` is "https"')
  })
})

describe('the reason', () => {
  it('is short and contains no control characters', () => {
    const reason = why({ hosts: [`evil\n${'x'.repeat(1000)}`] }) ?? ''
    expect(reason.length).toBeLessThan(150)
    expect(reason).toContain('"evil\\n')
  })

  it.each<[Given, string]>([
    [{ environment: 'production' }, 'NODE_ENV is production'],
    [{ hosts: ['shop.example'] }, 'its host is "shop.example"'],
    [{ hosts: [undefined] }, 'its host is missing'],
    [{ peer: '10.0.0.1' }, 'its peer is "10.0.0.1"'],
  ])('of %j is %s', (given, expected) => {
    expect(why(given)).toBe(expected)
  })
})
