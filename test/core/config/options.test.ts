import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSessions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { catchError } from '../fixture.ts'

const store = new MemoryStore()

/** Returns the message of the ConfigError that these options cause. */
function configErrorMessage(options: unknown): string {
  const error = catchError(() => createSessions(options as never))
  expect(error.code).toBe('ERR_SESSION_CONFIG')
  return error.message
}

describe('valid options', () => {
  it.each<[string, object]>([
    ['only a store', {}],
    [
      'all of them',
      {
        cookie: { name: 'sid', path: '/', secure: true, httpOnly: true, sameSite: 'none', partitioned: true, priority: 'low' },
        idle: '14d',
        absolute: '400d',
        browserSession: true,
        saveOnError: true,
        saveOnEnd: true,
        lazy: true,
        whenEnded: 'discard',
        maxSize: 1,
        timeout: { operation: '1ms', request: '3s' },
        schema: { cart: z.array(z.number()) },
        properties: { otp: { secret: true }, theme: { client: true, secret: false } },
        clock: Date.now,
        onEvent: () => undefined,
        as: 'adminSession',
        random: (size: number) => crypto.getRandomValues(new Uint8Array(size)),
      },
    ],
    [
      'undefined for all',
      Object.fromEntries(
        [
          'cookie',
          'idle',
          'absolute',
          'browserSession',
          'saveOnError',
          'saveOnEnd',
          'lazy',
          'whenEnded',
          'maxSize',
          'timeout',
          'codec',
          'schema',
          'properties',
          'as',
          'onEvent',
          'clock',
          'random',
        ].map((name) => [name, undefined]),
      ),
    ],
    [
      'undefined for all of the cookie',
      { cookie: { name: undefined, path: undefined, domain: undefined, secure: undefined, sameSite: undefined } },
    ],
    ['a domain', { cookie: { domain: 'sub.example-1.com' } }],
    ['every character of a name', { cookie: { name: "!#$%&'*+-.^_`|~a1" } }],
  ])('accepts %s', (_name, options) => {
    expect(() => createSessions({ store, ...options } as never)).not.toThrow()
  })
})

describe('a ConfigError for an invalid option names the option, the value and the remedy', () => {
  class Class {}
  const invalid: [option: string, value: unknown, expected: RegExp][] = [
    ['idle', 0, /0/],
    ['idle', -1, /-1/],
    ['idle', '0s', /'0s'/],
    ['idle', 'soon', /'soon'/],
    ['idle', Number.NaN, /NaN/],
    ['idle', null, /null/],
    ['idle', {}, /object/],
    ['idle', 86_400_000, /'86400000s' for seconds or '86400000ms' for milliseconds/],
    ['idle', '401d', /'401d'.*400 days/],
    ['absolute', 0, /0/],
    ['absolute', '401d', /400 days/],
    ['absolute', 30 * 86_400_000, /a number has no unit/],
    ['absolute', Number.POSITIVE_INFINITY, /Infinity/],
    ['browserSession', 'yes', /'yes'/],
    ['saveOnError', 1, /1.*true or false/],
    ['saveOnEnd', 1, /1.*true or false/],
    ['lazy', 'true', /true or false/],
    ['whenEnded', 'ignore', /'ignore'.*'error', 'discard'/],
    ['maxSize', 0, /0/],
    ['maxSize', 1.5, /1\.5/],
    ['maxSize', '1mb', /'1mb'/],
    ['timeout', 0, /0.*operation/],
    ['timeout', '5s', /'5s'.*operation/],
    ['timeout', [], /array/],
    ['codec', {}, /object.*decode/],
    ['codec', null, /null/],
    ['schema', [], /array/],
    ['schema', { a: 1 }, /"a".*Standard Schema/],
    ['schema', { _a: z.string() }, /"_a".*reserved/],
    ['properties', ['otp'], /\{ otp: \{ secret: true \}/],
    ['properties', { otp: true }, /pass \{ secret: true \}.*"otp"/],
    ['properties', { _otp: { secret: true } }, /"_otp".*reserved/],
    ['properties', { otp: { secret: true, client: true } }, /"otp" is secret/],
    ['as', 'admin-session', /'admin-session'/],
    ['as', '', /''/],
    ['as', 5, /5/],
    ['as', '__proto__', /'__proto__'/],
    ['as', 'constructor', /'constructor'.*every object/],
    ['as', 'toString', /'toString'.*every object/],
    ['as', 'then', /'then'.*promise/],
    ['onEvent', 'log', /'log'.*function/],
    ['clock', 5, /5.*function/],
    ['random', {}, /function/],
    ['store', {}, /object.*load/],
    ['store', null, /null/],
    ['store', MemoryStore, /function.*new/],
    ['store', 'memory', /'memory'/],
    ['store', Class, /new/],
    ['cookie', 'sid', /'sid'/],
    ['cookie', null, /null/],
  ]
  it.each(invalid)('%s: %o', (option, value, expected) => {
    const message = configErrorMessage({ store, [option]: value })
    expect(message).toContain(`\`${option}\``)
    expect(message).toMatch(expected)
  })

  const invalidCookies: [option: string, cookie: object, expected: RegExp][] = [
    ['name', { name: 'a=b' }, /'a=b'/],
    ['name', { name: 'a;b' }, /'a;b'/],
    ['name', { name: 'séance' }, /séance/],
    ['name', { name: 'a b' }, /'a b'/],
    ['name', { name: '' }, /''/],
    ['name', { name: 'a\r\nb' }, /letters/],
    ['name', { name: '__Host-s', path: '/app' }, /__Host-/],
    ['name', { name: '__host-s', domain: 'x.com' }, /__host-/],
    ['name', { name: '__HOST-' }, /__HOST-/],
    ['name', { name: '__Secure-' }, /prefix/],
    ['path', { path: '/\r\nX: y' }, /path/],
    ['path', { path: 'app' }, /'app'/],
    ['path', { path: '/a;b' }, /'\/a;b'/],
    ['path', { path: '' }, /''/],
    ['path', { path: `/${'a'.repeat(1024)}` }, /path/],
    ['domain', { domain: 'https://x.com' }, /'https:\/\/x\.com'/],
    ['domain', { domain: 'x.com.' }, /'x\.com\.'/],
    ['domain', { domain: '.x.com' }, /'\.x\.com'/],
    ['domain', { domain: `${'a.'.repeat(512)}com` }, /domain/],
    ['domain', { domain: 'x.com:80' }, /domain/],
    ['domain', { domain: '' }, /''/],
    ['domain', { domain: 'x.com; Path=/' }, /domain/],
    ['secure', { secure: false }, /false.*auto/],
    ['secure', { secure: 'yes' }, /'yes'/],
    ['secure', { name: '__Secure-s', secure: false }, /false/],
    ['httpOnly', { httpOnly: 'no' }, /'no'/],
    ['sameSite', { sameSite: 'Lax' }, /'Lax'.*'lax'/],
    ['sameSite', { sameSite: 'Lax; Domain=evil.com' }, /'lax'/],
    ['sameSite', { sameSite: true }, /true/],
    ['sameSite', { sameSite: 'none' }, /secure: true/],
    ['partitioned', { partitioned: true }, /secure: true/],
    ['partitioned', { partitioned: true, secure: true }, /sameSite/],
    ['partitioned', { partitioned: 'yes' }, /'yes'/],
    ['priority', { priority: 'High; HttpOnly' }, /'low', 'medium', 'high'/],
  ]
  it.each(invalidCookies)('cookie.%s: %o', (option, cookie, expected) => {
    const message = configErrorMessage({ store, cookie })
    expect(message).toContain(`\`cookie.${option}\``)
    expect(message).toMatch(expected)
  })

  it.each([
    ['operation', 0],
    ['operation', '5'],
    ['request', null],
    ['request', -1],
  ])('timeout.%s: %o', (option, value) => {
    expect(configErrorMessage({ store, timeout: { [option]: value } })).toContain(`\`timeout.${option}\``)
  })

  it('shows only the start of a long text', () => {
    expect(configErrorMessage({ store, idle: 'x'.repeat(500) }).length).toBeLessThan(300)
  })
})

describe('unknown options', () => {
  it.each([undefined, null, 5, 'memory', [], () => store])('rejects %o in place of the options', (options) => {
    expect(configErrorMessage(options)).toContain('store')
  })

  it('reports a missing store with an example', () => {
    expect(configErrorMessage({})).toMatch(/`store`.*new SqliteStore/)
    expect(configErrorMessage({ store: undefined })).toMatch(/`store`/)
  })

  it.each(['cokie', 'Idle', 'toString', '__proto__x', 'constructor'])('rejects %s and lists the known options', (name) => {
    const message = configErrorMessage({ store, [name]: 1 })
    expect(message).toContain(`\`${name}\``)
    expect(message).toContain('idle')
  })

  it('rejects cookie.htttpOnly and lists the known options', () => {
    expect(configErrorMessage({ store, cookie: { htttpOnly: true } })).toMatch(/`cookie\.htttpOnly`.*httpOnly/)
    expect(configErrorMessage({ store, timeout: { total: 5 } })).toMatch(/`timeout\.total`.*operation/)
  })

  it.each<[string, object, RegExp]>([
    ['secret', { secret: 'keyboard cat' }, /needs no signature/],
    ['secrets', { secrets: ['a'] }, /only a store that keeps sessions in the cookie/],
    ['keys', { keys: ['a'] }, /needs no signature/],
    ['resave', { resave: false }, /saved when they change/],
    ['saveUninitialized', { saveUninitialized: true }, /never saved/],
    ['rolling', { rolling: true }, /idle/],
    ['cookie.maxAge', { cookie: { maxAge: 60_000 } }, /absolute/],
    ['cookie.expires', { cookie: { expires: new Date() } }, /absolute/],
    ['ttl', { ttl: 5 }, /idle.*absolute/],
    ['maxAge', { maxAge: 5 }, /idle.*absolute/],
    ['name', { name: 'sid' }, /cookie: \{ name \}/],
    ['unset', { unset: 'destroy' }, /flush/],
    ['genid', { genid: () => 'x' }, /always random/],
    ['proxy', { proxy: true }, /trust proxy/],
  ])('rejects %s of another library with its equivalent', (option, options, equivalent) => {
    const message = configErrorMessage({ store, ...options })
    expect(message).toContain(`\`${option}\``)
    expect(message).toMatch(equivalent)
    expect(message).not.toContain('keyboard cat')
  })
})
