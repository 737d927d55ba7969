import { describe, expect, it } from 'vitest'
import { NodeRequest } from '../../../src/core/cookie/node-request.ts'
import { createSessions, type SessionEvent, type SessionOptions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { seed } from '../../../src/testing/testing.ts'
import { catchError, TestApp } from '../fixture.ts'

const OWN = 'https://shop.example'

async function visit(method: string, headers: Record<string, string>, options: Partial<SessionOptions> = {}, url = `${OWN}/cart`) {
  const events: SessionEvent[] = []
  const sessions = createSessions<any>({ store: new MemoryStore(), onEvent: (event) => events.push(event), ...options })
  const { cookie } = await seed(sessions, { userId: 'ada' })
  events.length = 0
  return { session: await sessions.open(new Request(url, { method, headers: { ...headers, cookie } })), sessions, events }
}

type Case = readonly [what: string, method: string, headers: Record<string, string>]

const OURS: readonly Case[] = [
  ['a form of the same page', 'POST', { origin: OWN, 'sec-fetch-site': 'same-origin' }],
  ['a form that the user sends again', 'POST', { origin: OWN, 'sec-fetch-site': 'none' }],
  ['a client that is no browser', 'POST', {}],
  ['an older browser', 'POST', { origin: OWN }],
  ['a link on another site', 'GET', { 'sec-fetch-site': 'cross-site' }],
  ['a HEAD, OPTIONS or TRACE request', 'OPTIONS', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
  ['a WebSocket of the same page', 'GET', { upgrade: 'websocket', origin: OWN }],
  ['another protocol', 'GET', { upgrade: 'h2c', origin: 'https://evil.example' }],
]

const FOREIGN: readonly Case[] = [
  ['a form of another site', 'POST', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
  ['a form of a sibling host', 'POST', { origin: 'https://blog.shop.example', 'sec-fetch-site': 'same-site' }],
  ['a form of another site in an older browser', 'POST', { origin: 'https://evil.example' }],
  ['a form of a sandboxed page', 'POST', { origin: 'null' }],
  ['the same host over HTTP', 'POST', { origin: 'http://shop.example' }],
  ['the same host on another port', 'POST', { origin: 'https://shop.example:8443' }],
  ['a PUT request', 'PUT', { origin: 'https://evil.example' }],
  ['a DELETE request', 'DELETE', { origin: 'https://evil.example' }],
  ['a method that is not known', 'PURGE', { origin: 'https://evil.example' }],
  ['a WebSocket of another site', 'GET', { upgrade: 'WebSocket', origin: 'https://evil.example' }],
  ['a WebSocket whose site is not known', 'GET', { upgrade: 'websocket', 'sec-fetch-site': 'none' }],
  ['a header that contradicts the origin', 'POST', { origin: OWN, 'sec-fetch-site': 'cross-site' }],
]

describe('a request that a page of another origin may have sent', () => {
  it.each(OURS)('has its session: %s', async (_, method, headers) => {
    expect((await visit(method, headers)).session.userId).toBe('ada')
  })

  it.each(FOREIGN)('has no session, and cannot start one: %s', async (_, method, headers) => {
    const { session, sessions, events } = await visit(method, headers)
    expect([session.userId, session.isNew]).toEqual([undefined, true])
    for (const change of [() => session.set('cart', [1]), () => session.login('eve'), () => session.cycleId()])
      expect(catchError(change)).toMatchObject({ code: 'ERR_SESSION_CSRF', status: 403, origin: headers['origin'] })
    session.logout()
    expect((await sessions.commit(session, { status: 200 })).getSetCookie()).toEqual([])
    expect(await sessions.users.list('ada')).toHaveLength(1)
    expect(events).toContainEqual({ type: 'absent', reason: 'cross-site' })
    expect(events).toContainEqual({ type: 'cookie-refused', reason: 'cross-site' })
  })

  it('names the origin and the option', async () => {
    const { session } = await visit('POST', { origin: 'https://evil.example' })
    expect(catchError(() => session.login('eve')).message).toMatch(/'https:\/\/evil\.example'.*`trustedOrigins`/)
  })

  it('of a trusted origin has its session', async () => {
    const options = { trustedOrigins: ['https://www.shop.example', 'https://app.example'] }
    for (const [, method, headers] of FOREIGN) {
      const { session } = await visit(method, { ...headers, origin: 'https://app.example' }, options)
      expect(session.userId).toBe('ada')
    }
    expect((await visit('POST', { origin: 'https://evil.example' }, options)).session.userId).toBeUndefined()
  })

  it('has its session where the check is off', async () => {
    expect((await visit('POST', { origin: 'https://evil.example' }, { trustedOrigins: 'any' })).session.userId).toBe('ada')
  })

  it('is compared as HTTPS where a proxy ends TLS', async () => {
    const options = { cookie: { secure: true } } as const
    expect((await visit('POST', { origin: OWN }, options, 'http://shop.example/cart')).session.userId).toBe('ada')
    expect((await visit('POST', { origin: 'http://shop.example' }, options, 'http://shop.example/cart')).session.userId).toBeUndefined()
  })

  it.each([
    ['shop.example:443', {}, 'https', 'ada'],
    ['Shop.Example', {}, 'https', 'ada'],
    ['[2001:DB8:0::1]:8443', { origin: 'https://[2001:db8::1]:8443' }, 'https', 'ada'],
    ['shop.example:443', {}, 'http', 'ada'],
    ['shop.example:8443', {}, 'https', undefined],
    ['shop.example:80', {}, 'https', undefined],
    ['[', {}, 'https', undefined],
  ] as const)('is compared with the Host %s, as a proxy may send it', async (host, given, scheme, user) => {
    const sessions = createSessions<any>({ store: new MemoryStore(), cookie: { secure: true } })
    const { cookie } = await seed(sessions, { userId: 'ada' })
    const headers = { origin: OWN, ...given, host, cookie }
    const session = await sessions.open(NodeRequest.from({ headers, socket: {}, secure: scheme === 'https', method: 'POST' }, undefined))
    expect(session.userId).toBe(user)
  })

  it('is not noticed where the method is not known', async () => {
    const app = new TestApp()
    await app.request((session) => session.login('ada'))
    const header = (name: string): string | undefined => ({ origin: 'https://evil.example', cookie: app.browser.cookie })[name]
    expect((await app.sessions.open({ secure: true, loopback: false, header })).userId).toBe('ada')
  })

  it.each<[string, Record<string, string>, boolean, string | undefined]>([
    ['HTTP/1.1', { host: 'shop.example:8080' }, false, 'http://shop.example:8080'],
    ['HTTP/2', { ':authority': 'shop.example' }, true, 'https://shop.example'],
    ['no host', {}, true, undefined],
  ])('is compared with the origin of a request of Node: %s', (_, headers, secure, origin) => {
    const request = NodeRequest.from({ headers, socket: {}, secure, method: 'POST' }, undefined)
    expect([request.origin, request.method]).toEqual([origin, 'POST'])
  })

  it.each(
    [['https://shop.example/'], ['shop.example'], ['https://Shop.example'], ['https://*.example'], ['null'], 7, 'https://shop.example'].map(
      (each) => [each],
    ),
  )('refuses trustedOrigins: %j', (value) => {
    const trustedOrigins = typeof value === 'string' && value !== 'https://shop.example' ? [value] : value
    const error = catchError(() => createSessions({ store: new MemoryStore(), trustedOrigins: trustedOrigins as never }))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining('trustedOrigins')])
  })
})
