import { describe, expect, it, vi } from 'vitest'
import { nextSessions } from '../../src/adapters/next.ts'
import { createSessions } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { catchError } from '../core/fixture.ts'

// Which requests count as forged. Next is no dependency here; test/ecosystem has the real one.

/** The request that Next serves. */
const now = vi.hoisted(() => ({ headers: new Headers(), cookies: new Map<string, string>() }))

vi.mock('next/headers.js', () => ({
  headers: async () => now.headers,
  cookies: async () => ({
    get: (name: string) => (now.cookies.has(name) ? { name, value: now.cookies.get(name) } : undefined),
    set: ({ name, value }: { name: string; value: string }) => now.cookies.set(name, value),
  }),
}))
vi.mock('next/server.js', () => ({ after: () => undefined, NextResponse: { next: () => new Response() } }))
vi.mock('next/dist/server/app-render/work-async-storage.external.js', () => ({ workAsyncStorage: { getStore: () => undefined } }))
vi.mock('next/dist/server/app-render/work-unit-async-storage.external.js', () => ({ workUnitAsyncStorage: { getStore: () => undefined } }))

const sessions = createSessions({ store: new MemoryStore(), cookie: { secure: true } })
const { getSession, action, route, proxy } = nextSessions(sessions)

const OWN = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example', host: 'internal:3000' }
const FORGED = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }

/** The name in the session of a visitor, and the code of the error of a change. */
async function attempt(
  via: 'route' | 'proxy' | 'action' | 'getSession',
  method: string,
  headers: Record<string, string>,
): Promise<unknown> {
  const session = sessions.create().set('name', 'ada')
  await session.save()
  now.cookies = new Map([['__Host-sid', session.id as string]])
  now.headers = new Headers({ ...OWN, ...headers })
  const seen: unknown[] = []
  const change = (opened: { get(name: string): unknown; set(name: string, value: unknown): unknown }): Response => {
    seen.push(opened.get('name'))
    try {
      opened.set('name', 'eve')
    } catch (error) {
      seen.push((error as { code?: unknown }).code)
    }
    return new Response()
  }
  const request = { method } as never
  if (via === 'route') await route((_request, opened) => change(opened))(request, undefined)
  if (via === 'proxy') await proxy((_request, opened) => change(opened))(request, undefined as never)
  if (via === 'action') await action(change)()
  if (via === 'getSession') change(await getSession())
  return seen
}

const REFUSED = [undefined, 'ERR_SESSION_CSRF']
const BODY = { 'content-length': '0' }

describe('a request of another origin', () => {
  it.each([
    ['route', 'POST', FORGED],
    ['route', 'DELETE', FORGED],
    ['route', 'POST', { origin: 'https://evil.example' }],
    ['proxy', 'POST', FORGED],
    ['action', 'POST', { ...FORGED, ...BODY }],
    ['action', 'POST', { ...FORGED, 'next-action': 'id' }],
    ['getSession', 'POST', { ...FORGED, ...BODY }],
    ['getSession', 'POST', { ...FORGED, 'transfer-encoding': 'chunked' }],
  ] as const)('has no session in %s() with %s and %o', async (via, method, headers) => {
    expect(await attempt(via, method, headers)).toEqual(REFUSED)
  })

  it.each([
    ['route', 'GET', FORGED],
    ['proxy', 'GET', FORGED],
    ['getSession', 'GET', { 'sec-fetch-site': 'cross-site' }],
  ] as const)('has its session in %s() with %s', async (via, method, headers) => {
    expect(await attempt(via, method, headers)).toEqual(['ada'])
  })
})

describe('a request of the same origin', () => {
  it.each([
    ['route', { origin: 'https://shop.example' }],
    ['route', { 'sec-fetch-site': 'same-origin', origin: 'https://shop.example' }],
    ['action', { origin: 'https://shop.example', ...BODY }],
    ['action', { 'sec-fetch-site': 'same-origin', 'next-action': 'id' }],
    ['proxy', {}],
  ] as const)('has its session in %s() with %o', async (via, headers) => {
    expect(await attempt(via, 'POST', headers)).toEqual(['ada'])
  })
})

it("refuses a manager with transport: 'bearer', because a component sets no header", () => {
  const error = catchError(() => nextSessions(createSessions({ store: new MemoryStore(), transport: 'bearer' })))
  expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining('sojourn/web')])
})
