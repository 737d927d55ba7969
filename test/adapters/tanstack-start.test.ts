import { describe, expect, it, vi } from 'vitest'
import { session } from '../../src/adapters/tanstack-start.ts'
import { createSessions, type Session, type SessionOptions, type Sessions, StoreError } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { endAndChange, streamedPage, visitorWithCart } from './visitor.ts'

interface Fixture {
  readonly sessions: Sessions
  /** Sends a request with the cookie of a visitor through the middleware; resolves to what Start gets. */
  request(handler: (session: Session) => Response | Promise<Response>, headers?: Readonly<Record<string, string>>): Promise<Response>
}

async function start(options: Partial<SessionOptions> = {}): Promise<Fixture> {
  const sessions = createSessions({ store: new MemoryStore(), ...options })
  const cookie = await visitorWithCart(sessions)
  const middleware = session(sessions)
  return {
    sessions,
    async request(handler, headers = {}) {
      const request = new Request('https://shop.example/', { headers: { ...headers, cookie } })
      const next = async ({ context }: { context: { session: Session } }) => ({ context, response: await handler(context.session) })
      return (await middleware({ request, next })).response
    },
  }
}

describe('the middleware of TanStack Start', () => {
  it('adds its cookie to the response of a redirect, which stays the same object', async () => {
    const { request } = await start()
    const redirect = Object.assign(new Response(undefined, { status: 303 }), { options: { to: '/account' } })
    const response = await request((session) => {
      session.login('ada')
      return redirect
    })
    expect(response).toBe(redirect)
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-sid=/)])
    expect(response.headers.get('Cache-Control')).toBe('private, no-store')
  })

  it('copies a response with immutable headers', async () => {
    const { request } = await start()
    const response = await request((session) => {
      session.login('ada')
      return Response.redirect('https://shop.example/account', 303)
    })
    expect([response.status, response.headers.get('Location')]).toEqual([303, 'https://shop.example/account'])
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-sid=/)])
  })

  it('responds with a sentence when the commit failed', async () => {
    const fixture = await start()
    const page = await fixture.request((session) => endAndChange(fixture, session))
    expect([page.status, await page.text()]).toEqual([409, 'Your session ended. Please reload the page.'])
  })

  it('rejects for the caller of a server function, with the status and headers of the response', async () => {
    const fixture = await start()
    const call = fixture.request((session) => endAndChange(fixture, session), { 'x-tsr-serverfn': 'true' })
    await expect(call).rejects.toMatchObject({ message: 'Your session ended. Please reload the page.', status: 409 })
    const { headers } = (await call.catch((error) => error)) as Response
    expect(headers.get('Vary')).toBe('Cookie')
  })

  it('does not run a handler whose session cannot be loaded, and does not show why', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const store = new MemoryStore()
    const { request } = await start({ store })
    store.load = () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.3:5432'))
    const handler = (): Response => expect.unreachable()
    const page = await request(handler)
    expect([page.status, await page.text()]).toEqual([503, 'Please try again.'])
    await expect(request(handler, { 'x-tsr-serverfn': 'true' })).rejects.toMatchObject({ message: 'Please try again.', status: 503 })
    expect(printed.mock.calls).toEqual([[expect.any(StoreError)], [expect.any(StoreError)]])
  })

  it('commits what is changed while the page streams, with saveOnEnd', async () => {
    const { request } = await start({ saveOnEnd: true })
    const page = await request(streamedPage)
    expect(await page.text()).toBe('page')
    expect(await (await request((session) => Response.json(session))).json()).toEqual({ cart: ['bread'], read: true })
  })

  it('commits once if it is installed twice', async () => {
    const { sessions } = await start()
    const middleware = session(sessions)
    const request = new Request('https://shop.example/')
    const inner = async ({ context }: { context: { session: Session } }) => {
      context.session.login('ada')
      return { context, response: new Response('hello') }
    }
    const { response } = await middleware({ request, next: () => middleware({ request, next: inner }) })
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(await response.text()).toBe('hello')
  })
})
