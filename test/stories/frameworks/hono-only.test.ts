import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { secureHeaders } from 'hono/secure-headers'
import { streamSSE, streamText } from 'hono/streaming'
import { describe, expect, it } from 'vitest'
import { session } from '../../../src/adapters/hono.ts'
import type { Sessions } from '../../../src/core/manager/sessions.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { Browser } from '../harness/browser.ts'
import { listen } from '../harness/node-response.ts'
import { createScriptedManager, failingWrites, type RunningServer, renderErrorPage, type StoryApp } from '../harness/story-app.ts'

function createApp(sessions: Sessions): Hono {
  const app = new Hono()
  app.use(session(sessions))
  app.onError((error, c) => {
    const { status, body } = renderErrorPage({} as StoryApp, error)
    return c.text(body as string, status as 500)
  })
  return app
}

function failing(): Sessions {
  const { sessions, store } = createScriptedManager()
  store.script = failingWrites
  return sessions
}

const serve = ({ fetch }: Hono, overrideGlobalObjects = true): Promise<RunningServer> =>
  listen(createAdaptorServer({ fetch, overrideGlobalObjects }) as Server)

/** Changes the session, so that there is something to save. */
function withChange(c: Context): Context {
  c.var.session.set('a', 1)
  return c
}

/** Sends a request without a server. */
const sendRequest = async (app: Hono, path = '/', init: RequestInit = {}): Promise<Response> => app.request(path, init)

describe('Hono 4', () => {
  it('accepts options and exposes the manager it creates', async () => {
    const middleware = session<{ visits: number }>({ store: new MemoryStore() })
    const app = new Hono()
    app.use(middleware)
    app.get('/', (c) => c.json([middleware.sessions.of(c) === (c.var.session as unknown), middleware.sessions.of(c).increment('visits')]))
    expect(await (await sendRequest(app)).json()).toEqual([true, 1])
  })

  it('adds the cookie to a response of fetch, whose headers are immutable', async () => {
    const app = createApp(createScriptedManager().sessions)
    app.get('/', (c) => {
      withChange(c)
      return fetch('data:text/plain,body')
    })
    const page = await sendRequest(app)
    expect([page.status, await page.text(), page.headers.getSetCookie().length, page.headers.get('vary')]).toEqual([
      200,
      'body',
      1,
      'Cookie',
    ])
  })

  it('returns the same response if there is nothing to add', async () => {
    const response = new Response('x')
    const app = createApp(createScriptedManager().sessions)
    app.get('/', () => response)
    expect(await sendRequest(app)).toBe(response)
  })

  it('returns a protocol switch unchanged, after the commit', async () => {
    const { sessions, rows } = createScriptedManager()
    const switching = Object.create(Response.prototype, { status: { value: 101 }, headers: { value: new Headers() } }) as Response
    const app = createApp(sessions)
    app.get('/', (c) => {
      withChange(c)
      return switching
    })
    expect(await sendRequest(app)).toBe(switching)
    expect(await rows()).toBe(1)
  })

  it('streams text and events', async () => {
    const { sessions, rows } = createScriptedManager()
    const app = createApp(sessions)
    app.get('/text', (c) => {
      withChange(c)
      return streamText(c, async (out) => void (await (await out.write('bo')).write('dy')))
    })
    app.get('/events', (c) => {
      withChange(c)
      return streamSSE(c, async (out) => out.writeSSE({ data: String(c.var.session.get('a')) }))
    })
    await using server = await serve(app)
    const pages = [await new Browser(server.port).get('/text'), await new Browser(server.port).get('/events')]
    expect(pages.map(({ body, setCookies }) => [body, setCookies.length])).toEqual([
      ['body', 1],
      ['data: 1\n\n', 1],
    ])
    expect(pages[1]?.headers.get('content-type')).toBe('text/event-stream')
    expect(await rows()).toBe(2)
  })

  const responses: [string, (c: Context) => Response | Promise<Response>][] = [
    ['a text', (c) => c.text('body')],
    ['a redirect', (c) => c.redirect('/there')],
    ['a response of fetch', () => fetch('data:text/plain,body')],
    ['a new Response', () => new Response('body', { status: 201, headers: { Location: '/there', ETag: '"x"', 'X-Mine': '1' } })],
    ['a stream', (c) => streamText(c, async (out) => void (await out.write('body')))],
    [
      'a prepared status',
      (c) => {
        c.status(304)
        return c.body(null)
      },
    ],
  ]
  describe.each(responses)('%s whose commit fails', (_, respond) => {
    const app = (onError?: Parameters<Hono['onError']>[0]): Hono => {
      const made = createApp(failing())
      if (onError !== undefined) made.onError(onError)
      made.get('/', (c) => {
        withChange(c)
        c.header('ETag', '"x"')
        c.header('X-Mine', '1')
        c.header('Set-Cookie', 'mine=1')
        return respond(c)
      })
      return made
    }
    const nothingLeft = (page: Response): void => {
      for (const name of ['location', 'etag', 'x-mine', 'set-cookie']) expect([name, page.headers.get(name)]).toEqual([name, null])
    }

    it.each([true, false])('is replaced by the error page without its headers (on a server: %s)', async (served) => {
      await using server = served ? await serve(app()) : undefined
      const page = server === undefined ? await sendRequest(app()) : await fetch(`http://127.0.0.1:${server.port}/`)
      expect([page.status, await page.text()]).toEqual([503, 'error page: ERR_SESSION_STORE'])
      nothingLeft(page)
    })

    it.each<[string, Parameters<Hono['onError']>[0]]>([
      ['sets no status', (_error, c) => c.text('sorry')],
      ['has status 200', (_error, c) => c.text('sorry', 200, { Location: '/x' })],
      ['redirects', (_error, c) => new Response('sorry', { status: 302, headers: { Location: '/error' }, statusText: c.req.method })],
      ['sets headers', (_error, c) => c.newResponse('sorry', { headers: { 'X-Page': '1' } })],
    ])('is sent as an error if the error page %s', async (_name, page) => {
      const response = await sendRequest(app(page))
      expect([response.status, await response.text()]).toEqual([503, 'sorry'])
      nothingLeft(response)
    })
  })

  it('cancels the stream of a response whose commit fails', async () => {
    const cancelled = Promise.withResolvers<void>()
    const app = createApp(failing())
    app.get('/', (c) => withChange(c).body(new ReadableStream({ cancel: () => cancelled.resolve() })))
    expect((await sendRequest(app)).status).toBe(503)
    await cancelled.promise
  })

  it('keeps headers of middleware before and around it', async () => {
    const app = new Hono()
    app.use(cors(), secureHeaders(), session(failing()))
    app.onError((_error, c) => c.text('sorry'))
    app.get('/', (c) => {
      withChange(c)
      return c.text('body', 200, { ETag: '"x"', Vary: 'Origin' })
    })
    const { status, headers } = await sendRequest(app)
    expect([status, headers.get('access-control-allow-origin'), headers.get('x-content-type-options'), headers.get('etag')]).toEqual([
      503,
      '*',
      'nosniff',
      null,
    ])
  })

  it('uses the default error page of Hono', async () => {
    const app = new Hono()
    app.use(session(failing()))
    app.get('/', (c) => withChange(c).redirect('/there'))
    const error = console.error
    const logged: unknown[] = []
    console.error = (...args: unknown[]) => void logged.push(...args)
    try {
      const page = await sendRequest(app)
      expect([page.status, await page.text(), page.headers.get('location')]).toEqual([500, 'Internal Server Error', null])
    } finally {
      console.error = error
    }
    expect(logged).toEqual([expect.objectContaining({ code: 'ERR_SESSION_STORE' })])
  })

  it('passes a failed commit to the error handler of its application', async () => {
    const inner = new Hono()
    inner.use(session(failing()))
    inner.onError((_error, c) => c.text('inner', 200))
    inner.get('/', (c) => withChange(c).text('body'))
    const app = new Hono()
    app.onError((_error, c) => c.text('outer', 500))
    app.route('/inner', inner)
    const page = await sendRequest(app, '/inner')
    expect([page.status, await page.text()]).toEqual([503, 'inner'])
  })

  it('saves changes of a thrown error with status 4xx, and performs a logout for any thrown value', async () => {
    const { sessions, rows } = createScriptedManager()
    const app = createApp(sessions)
    app.onError((error, c) => (error instanceof HTTPException ? error.getResponse() : c.text('sorry', 500)))
    app.get('/', (c) => {
      c.var.session.login(1)
      throw new HTTPException(422)
    })
    app.get('/logout', (c) => {
      c.var.session.logout()
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- tests any rejection
      return Promise.reject('something')
    })
    await using server = await serve(app)
    const browser = new Browser(server.port)
    const page = await browser.get('/')
    expect([page.status, page.setCookies.length, await rows()]).toEqual([422, 1, 1])
    expect((await browser.get('/logout')).status).toBe(500)
    expect(await rows()).toBe(0)
  })

  it('supports two managers, each installed once', async () => {
    const admins = createScriptedManager({ as: 'adminSession', cookie: { name: 'admin' } })
    const { sessions } = createScriptedManager()
    const app = new Hono()
    app.use(session(sessions), session(admins.sessions), session(sessions), session(admins.sessions))
    app.get('/', (c) => c.json([c.var.session.increment('visits'), admins.sessions.of(c).increment('visits'), 'adminSession' in c.var]))
    const page = await sendRequest(app)
    expect(await page.json()).toEqual([1, 1, true])
    expect(page.headers.getSetCookie().map((each) => each.split('=')[0])).toEqual(['admin', 'sid'])
  })

  it('rejects a second manager with the same name', async () => {
    const app = createApp(createScriptedManager().sessions)
    app.use(session(createScriptedManager().sessions))
    app.get('/', (c) => c.text('body'))
    const page = await sendRequest(app)
    expect([page.status, await page.text()]).toEqual([500, 'error page: ERR_SESSION_CONFIG'])
  })

  it.each([
    ['Node', { incoming: { socket: { remoteAddress: '10.0.0.1' } } }],
    ['Deno', { remoteAddr: { hostname: '10.0.0.1' } }],
    ['Bun', { requestIP: () => ({ address: '10.0.0.1' }) }],
  ])('on %s does not trust a localhost Host header of a remote peer', async (_, env) => {
    const app = createApp(createScriptedManager().sessions)
    app.get('/', (c) => withChange(c).text('body'))
    expect(await (await app.request('http://localhost/', {}, env)).text()).toBe('error page: ERR_SESSION_CONFIG')
    expect((await app.request('https://localhost/', {}, env)).headers.get('set-cookie')).toMatch(/^__Host-sid=/)
    expect((await app.request('http://localhost/', {}, {})).headers.get('set-cookie')).toMatch(/^sid=/)
  })

  it('adds its headers to a response of notFound', async () => {
    const app = createApp(createScriptedManager().sessions)
    app.notFound((c) => withChange(c).text('nothing here', 404))
    const page = await sendRequest(app)
    expect([page.status, page.headers.getSetCookie().length]).toEqual([404, 1])
  })
})
