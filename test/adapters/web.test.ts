import { describe, expect, it } from 'vitest'
import { withSession } from '../../src/adapters/web.ts'
import { createScriptedManager, failingWrites } from '../stories/harness/story-app.ts'

const page = (path = '/'): Request => new Request(`http://localhost${path}`)

describe('withSession', () => {
  it('passes the other arguments of the runtime to the handler', async () => {
    const handle = withSession(createScriptedManager().sessions, (_request, session, env: { readonly greeting: string }, times: number) => {
      session.set('times', times)
      return new Response(env.greeting.repeat(times))
    })
    expect(await (await handle(page(), { greeting: 'hi' }, 2)).text()).toBe('hihi')
  })

  it('exposes the manager, which knows the session of the request', async () => {
    const request = page()
    const handle = withSession(
      createScriptedManager().sessions,
      (request, session): Response => new Response(String(handle.sessions.of(request) === session)),
    )
    expect(await (await handle(request)).text()).toBe('true')
  })

  it.each([
    ['a redirect', (): Response => Response.redirect('http://localhost/there', 303)],
    ['a response of fetch', (): Promise<Response> => fetch('data:text/plain,body')],
  ])('adds the cookie to %s, whose headers are immutable', async (_, respond) => {
    const handle = withSession(createScriptedManager().sessions, (_request, session) => {
      session.set('a', 1)
      return respond()
    })
    const response = await handle(page())
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(response.headers.get('cache-control')).toBe('private, no-store')
  })

  it('returns the same response if there is nothing to add', async () => {
    const response = new Response('x')
    expect(await withSession(createScriptedManager().sessions, () => response)(page())).toBe(response)
  })

  it('returns a protocol switch unchanged, after the commit', async () => {
    const { sessions, rows } = createScriptedManager()
    const switching = Object.create(Response.prototype, { status: { value: 101 }, headers: { value: new Headers() } }) as Response
    const handle = withSession(sessions, (_request, session) => {
      session.set('a', 1)
      return switching
    })
    expect(await handle(page())).toBe(switching)
    expect(await rows()).toBe(1)
  })

  it('cancels the body of a response whose commit fails', async () => {
    const { sessions, store } = createScriptedManager()
    store.script = failingWrites
    const cancelled = Promise.withResolvers<void>()
    const handle = withSession(sessions, (_request, session) => {
      session.set('a', 1)
      return new Response(new ReadableStream({ cancel: () => cancelled.resolve() }), { headers: { ETag: '"x"', Location: '/there' } })
    })
    const response = await handle(page())
    await cancelled.promise
    expect([response.status, await response.text(), response.headers.get('etag'), response.headers.get('location')]).toEqual([
      503,
      '',
      null,
      null,
    ])
  })

  it('rejects if the handler returns no Response, and saves nothing', async () => {
    const { sessions, rows } = createScriptedManager()
    const handle = withSession(sessions, (_request, session): Response => {
      session.set('a', 1)
      return undefined as unknown as Response
    })
    await expect(handle(page())).rejects.toThrow('has to return a Response')
    expect(await rows()).toBe(0)
  })

  it('rejects with the error of the handler', async () => {
    const { sessions } = createScriptedManager()
    const failure = new Error('broken handler')
    const handle = withSession(sessions, () => Promise.reject(failure))
    await expect(handle(page())).rejects.toBe(failure)
  })

  it('opens and commits once if it is nested', async () => {
    const { sessions, store } = createScriptedManager()
    const operations: string[] = []
    store.script = (operation) => void operations.push(operation)
    const inner = withSession(sessions, (_request, session) => new Response(String(session.increment('visits'))))
    const outer = withSession(sessions, (request, session) => {
      session.set('a', 1)
      return inner(request)
    })
    const response = await outer(page())
    expect([await response.text(), response.headers.getSetCookie().length, operations]).toEqual(['1', 1, ['create']])
  })
})
