import { describe, expect, it } from 'vitest'
import { isLoopback } from '../../src/wire/loopback.ts'

const arrival = (
  host: string | undefined,
  headers: Record<string, string> = {},
  rest: { peer?: string; environment?: string } = {},
): boolean => isLoopback({ hosts: [host], headers: Object.keys(headers), ...rest })

describe('isLoopback', () => {
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
    'forwarded',
    'via',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'x-forwarded-port',
    'x-forwarded-server',
    'x-forwarded-ssl',
    'x-forwarded-scheme',
  ])('returns false with a %s header, even an empty one', (name) => {
    expect([arrival('localhost', { [name]: 'x' }), arrival('localhost', { [name]: '' })]).toEqual([false, false])
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
    const named = (...hosts: (string | undefined)[]): boolean => isLoopback({ hosts, headers: [] })
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

describe('isLoopback with an invalid host or a proxy', () => {
  it.each(['127.999.0.1', 'shop.example/.localhost', 'shop.example#.localhost', 'user@localhost', 'localhost:', 'a..localhost'])(
    'returns false for the host %s',
    (host) => {
      expect(arrival(host)).toBe(false)
    },
  )

  it.each(['x-real-ip', 'true-client-ip', 'x-client-ip', 'x-forwarded', 'x-forwarded-ssl', 'x-original-host'])(
    'returns false for the header %s',
    (name) => {
      expect(arrival('localhost', { [name]: '1' })).toBe(false)
    },
  )

  it('returns false without a host and with another host', () => {
    expect(isLoopback({ hosts: [], headers: [] })).toBe(false)
    expect(isLoopback({ hosts: ['localhost', 'shop.example'], headers: [] })).toBe(false)
  })
})
