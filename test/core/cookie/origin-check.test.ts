import { describe, expect, it } from 'vitest'
import { NodeRequest } from '../../../src/core/cookie/node-request.ts'
import { createSessions, type SessionOptions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { seed } from '../../../src/testing/testing.ts'
import { OWN, visit } from '../attacks/forged-requests.ts'
import { catchError, TestApp } from '../fixture.ts'

// The tests that run on every store are in test/core/attacks/forged-requests.ts.
async function userOf(origin: string, options: Partial<SessionOptions> = {}, url = `${OWN}/cart`): Promise<unknown> {
  return (await visit('POST', { origin }, { store: new MemoryStore(), ...options }, url)).session.userId
}

describe('a request that a page of another origin may have sent', () => {
  it('names the origin and the option', async () => {
    const { session } = await visit('POST', { origin: 'https://evil.example' }, { store: new MemoryStore() })
    expect(catchError(() => session.login('eve')).message).toMatch(/'https:\/\/evil\.example'.*`trustedOrigins`/)
  })

  it('has its session where the check is off', async () => {
    expect(await userOf('https://evil.example', { trustedOrigins: 'any' })).toBe('ada')
  })

  it('is compared as HTTPS where a proxy ends TLS', async () => {
    const options = { cookie: { secure: true } } as const
    expect(await userOf(OWN, options, 'http://shop.example/cart')).toBe('ada')
    expect(await userOf('http://shop.example', options, 'http://shop.example/cart')).toBeUndefined()
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
