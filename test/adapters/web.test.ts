import { describe, expect, it, vi } from 'vitest'
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

function raise(thrown: unknown): never {
  throw thrown
}

describe('a session that is read for the first time after the response', () => {
  it('is an event and one warning, because `Vary` is missing', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const events: unknown[] = []
    const { sessions } = createScriptedManager({ onEvent: (event) => events.push(event) })
    const handle = withSession(sessions, (_request, session): Response => {
      const bytes = (): Uint8Array => new TextEncoder().encode(session.get('name', 'nobody'))
      const pull = (stream: ReadableStreamDefaultController): void => {
        stream.enqueue(bytes())
        stream.close()
      }
      const body = new ReadableStream({ pull }, { highWaterMark: 0 })
      return new Response(body)
    })
    for (let times = 0; times < 2; times += 1) {
      const response = await handle(page())
      expect([response.headers.get('vary'), await response.text()]).toEqual([null, 'nobody'])
    }
    expect(events.filter((event) => (event as { type: string }).type === 'late-read')).toHaveLength(2)
    expect(warn.mock.calls).toEqual([[expect.stringContaining('Vary: Cookie')]])
  })

  it('is no event if it was read before', async () => {
    const events: unknown[] = []
    const { sessions } = createScriptedManager({ onEvent: ({ type }) => events.push(type) })
    const request = page()
    await withSession(sessions, (_request, session) => new Response(session.get('name', 'nobody')))(request)
    sessions.of(request).get('name')
    expect(events).not.toContain('late-read')
  })
})

/** The error that Next 16 throws in redirect() and notFound(). */
const errorOfNext = (digest: string): Error => Object.assign(new Error(digest.split(';')[0]), { digest })

describe('a thrown response', () => {
  it('is the response: committed with its status, and with the cookie', async () => {
    const { sessions, rows } = createScriptedManager()
    const handle = withSession(sessions, (_request, session): Response => {
      session.login('ada')
      return raise(new Response(undefined, { status: 302, headers: { Location: '/cart' } }))
    })
    const response = await handle(page())
    expect([response.status, response.headers.get('location'), response.headers.getSetCookie().length, await rows()]).toEqual([
      302,
      '/cart',
      1,
      1,
    ])
  })

  it('of another realm is a response too', async () => {
    const { status, headers } = new Response('x', { status: 403 })
    const handle = withSession(createScriptedManager().sessions, (): Response => {
      return raise({ status, headers, body: null })
    })
    expect((await handle(page())).status).toBe(403)
  })

  it('with a status of 500 and above saves nothing but a flush', async () => {
    const { sessions, rows } = createScriptedManager()
    const handle = withSession(sessions, (_request, session): Response => {
      session.set('a', 1)
      return raise(new Response('sorry', { status: 500 }))
    })
    const response = await handle(page())
    expect([response.status, await response.text(), await rows()]).toEqual([500, 'sorry', 0])
  })

  it.each<[string, (response: Response) => Response]>([
    ['thrown', raise],
    ['returned', (response) => response],
  ])('that is a network error and %s saves nothing, because its client gets no cookie', async (_, respondWith) => {
    const events: string[] = []
    const { sessions, rows } = createScriptedManager({ onEvent: ({ type }) => void events.push(type) })
    const handle = withSession(sessions, (_request, session): Response => {
      session.set('a', 1)
      return respondWith(Response.error())
    })
    const { type } = await handle(page())
    expect([type, await rows()]).toEqual(['error', 0])
    expect(events).not.toContain('cookie-set')
  })

  it('is dropped if the commit fails', async () => {
    const { sessions, store } = createScriptedManager()
    store.script = failingWrites
    const handle = withSession(sessions, (_request, session): Response => {
      session.login('ada')
      return raise(Response.redirect('http://localhost/cart'))
    })
    const response = await handle(page())
    expect([response.status, response.headers.get('location'), response.headers.getSetCookie()]).toEqual([503, null, []])
  })

  it.each<[string, string, RequestInit, number, string | null]>([
    ['redirect()', 'NEXT_REDIRECT;replace;/cart;307;', {}, 307, '/cart'],
    ['redirect() with a semicolon in its URL', 'NEXT_REDIRECT;push;/a;b=1;c;307;', {}, 307, '/a;b=1;c'],
    ['permanentRedirect()', 'NEXT_REDIRECT;replace;https://shop.example/;308;', {}, 308, 'https://shop.example/'],
    ['redirect() after a form', 'NEXT_REDIRECT;push;/cart;307;', { method: 'POST', body: new URLSearchParams({ a: '1' }) }, 303, '/cart'],
    ['redirect() after JSON', 'NEXT_REDIRECT;replace;/cart;307;', { method: 'POST', body: '{}' }, 307, '/cart'],
    ['notFound()', 'NEXT_HTTP_ERROR_FALLBACK;404', {}, 404, null],
    ['unauthorized()', 'NEXT_HTTP_ERROR_FALLBACK;401', {}, 401, null],
  ])('of Next, %s, keeps the login', async (_, digest, init, status, location) => {
    const { sessions, rows } = createScriptedManager()
    const handle = withSession(sessions, (_request, session): Response => {
      session.login('ada')
      return raise(errorOfNext(digest))
    })
    const response = await handle(new Request('http://localhost/', init))
    expect([response.status, response.headers.get('location'), response.headers.getSetCookie().length, await rows()]).toEqual([
      status,
      location,
      1,
      1,
    ])
  })

  it.each<[string, unknown]>([
    ['another error of Next', errorOfNext('DYNAMIC_SERVER_USAGE')],
    ['an error with a status', Object.assign(new Error('no'), { status: 404, headers: {} })],
    ['undefined', undefined],
    ['a text', 'NEXT_REDIRECT'],
  ])('is not %s', async (_, thrown) => {
    const { sessions, rows } = createScriptedManager()
    const handle = withSession(sessions, (_request, session): Response => {
      session.login('ada')
      return raise(thrown)
    })
    expect(
      await handle(page()).then(
        () => 'resolved',
        (error: unknown) => ['rejected', error],
      ),
    ).toEqual(['rejected', thrown])
    expect(await rows()).toBe(0)
  })
})
