import { describe, expect, it } from 'vitest'
import { csrfToken, verifyCsrfToken } from '../../../src/csrf/csrf.ts'
import { createSessions, type Session, type SessionEvent, type SessionOptions, type Sessions } from '../../../src/index.ts'
import { seed } from '../../../src/testing/testing.ts'
import { incoming } from '../../helpers/incoming.ts'
import { listAllEntries } from '../../helpers/list-all-entries.ts'
import { catchError } from '../fixture.ts'
import { appOn, type OpenStore, optionsOn } from './stores.ts'

export const OWN = 'https://shop.example'

interface Visit {
  readonly session: Session<any>
  /** The cookie of the visitor. */
  readonly cookie: string
  readonly sessions: Sessions<any>
  /** The events since the session of the visitor was created. */
  readonly events: readonly SessionEvent[]
}

/** Opens the session of a request to our site by a visitor who is logged in as ada. */
export async function visit(method: string, headers: Record<string, string>, options: SessionOptions, url = `${OWN}/cart`): Promise<Visit> {
  const events: SessionEvent[] = []
  const sessions = createSessions<any>({ onEvent: (event) => events.push(event), ...options })
  const { cookie } = await seed(sessions, { userId: 'ada' })
  events.length = 0
  return { session: await sessions.open(new Request(url, { method, headers: { ...headers, cookie } })), cookie, sessions, events }
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

/** Attacks with requests that a page of another origin sends. */
export function testForgedRequests(open: OpenStore): void {
  async function visitOn(method: string, headers: Record<string, string>, options: Partial<SessionOptions> = {}): Promise<Visit> {
    return visit(method, headers, { ...optionsOn(await open()), ...options })
  }

  describe('a request that a page of another origin may have sent', () => {
    it.each(OURS)('has its session: %s', async (_, method, headers) => {
      expect((await visitOn(method, headers)).session.userId).toBe('ada')
    })

    it.each(FOREIGN)('has no session, and cannot start one: %s', async (_, method, headers) => {
      const { session, cookie, sessions, events } = await visitOn(method, headers)
      expect([session.userId, session.isNew]).toEqual([undefined, true])
      for (const change of [() => session.set('cart', [1]), () => session.login('eve'), () => session.cycleId()])
        expect(catchError(change)).toMatchObject({ code: 'ERR_SESSION_CSRF', status: 403, origin: headers['origin'] })
      session.logout()
      expect((await sessions.commit(session, { status: 200 })).getSetCookie()).toEqual([])
      expect((await sessions.open(incoming(cookie))).userId).toBe('ada')
      expect(events).toContainEqual({ type: 'absent', reason: 'cross-site' })
      expect(events).toContainEqual({ type: 'cookie-refused', reason: 'cross-site' })
    })

    it('of a trusted origin has its session', async () => {
      const options = { trustedOrigins: ['https://www.shop.example', 'https://app.example'] }
      for (const [, method, headers] of FOREIGN) {
        const { session } = await visitOn(method, { ...headers, origin: 'https://app.example' }, options)
        expect(session.userId).toBe('ada')
      }
      expect((await visitOn('POST', { origin: 'https://evil.example' }, options)).session.userId).toBeUndefined()
    })
  })

  describe('a token of `sojourn/csrf`', () => {
    const isRefused = (session: Session<any>, token: string): boolean => {
      try {
        verifyCsrfToken(session, token)
        return false
      } catch (error) {
        return (error as { readonly code?: string }).code === 'ERR_SESSION_CSRF'
      }
    }

    it('is of one session and one id, and is in no row', async () => {
      const [app, other] = [await appOn(open, { cart: [1] }), await appOn(open, { cart: [2] })]
      const token = csrfToken(await app.open())
      verifyCsrfToken(await app.open(), token)
      expect(isRefused(await other.open(), token)).toBe(true)
      expect(JSON.stringify(await listAllEntries(app.store))).not.toContain(token)
      for (const renew of [(session: Session<any>) => session.login('ada'), (session: Session<any>) => session.cycleId()]) {
        const before = csrfToken(await app.open())
        await app.request(renew)
        expect(isRefused(await app.open(), before)).toBe(true)
      }
    })
  })
}
