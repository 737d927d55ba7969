import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { session } from '../../../src/adapters/koa.ts'
import type { Sessions } from '../../../src/core/manager/sessions.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { Browser } from '../harness/browser.ts'
import { listen } from '../harness/node-response.ts'
import { RawConnection } from '../harness/raw-connection.ts'
import { createScriptedManager, failingWrites } from '../harness/story-app.ts'

function createApp(...all: readonly (Sessions | Koa.Middleware)[]): Koa {
  const app = new Koa()
  app.silent = true
  for (const each of all) app.use(typeof each === 'function' ? each : session(each))
  return app
}

const serve = (app: Koa): ReturnType<typeof listen> => listen(createServer(app.callback()))

describe('Koa 3', () => {
  it('accepts options and exposes the manager it creates', async () => {
    const middleware = session<{ visits: number }>({ store: new MemoryStore() })
    await using server = await serve(
      createApp(middleware, (ctx) => {
        ctx.body = [middleware.sessions.of(ctx) === (ctx.session as unknown), middleware.sessions.of(ctx).increment('visits')]
      }),
    )
    expect((await new Browser(server.port).get('/')).body).toBe('[true,1]')
  })

  it('keeps the new cookie on a thrown error', async () => {
    const { sessions, rows } = createScriptedManager()
    await using server = await serve(
      createApp(sessions, (ctx) => {
        ctx.session.set('a', 1)
        ctx.set('ETag', '"x"')
        ctx.throw(422, 'invalid value')
      }),
    )
    const page = await new Browser(server.port).get('/')
    expect([page.status, page.body, page.setCookies.length, page.headers.get('etag'), await rows()]).toEqual([
      422,
      'invalid value',
      1,
      null,
      1,
    ])
  })

  it('saves changes that outer middleware makes after the handler', async () => {
    const { sessions } = createScriptedManager()
    const app = createApp(
      sessions,
      async (ctx, next) => {
        await next()
        ctx.session.increment('visits')
      },
      (ctx) => void (ctx.body = ctx.session),
    )
    await using server = await serve(app)
    const browser = new Browser(server.port)
    expect([(await browser.get('/')).body, (await browser.get('/')).body]).toEqual(['{"visits":1}', '{"visits":2}'])
  })

  it.each<[string, (ctx: Koa.Context) => unknown]>([
    ['a text', (ctx) => (ctx.body = 'body')],
    ['JSON', (ctx) => (ctx.body = { body: true })],
    ['a redirect', (ctx) => ctx.redirect('/there')],
    ['a stream', (ctx) => (ctx.body = Readable.from(['bo', 'dy']))],
    ['a web stream', (ctx) => (ctx.body = new Response('body').body)],
    ['a Response', (ctx) => (ctx.body = new Response('body'))],
    ['a status', (ctx) => (ctx.status = 204)],
    [
      'a response without Koa',
      (ctx) => {
        ctx.respond = false
        ctx.res.end('body')
      },
    ],
  ])('replaces %s with the page of ctx.onerror if the commit fails, and emits the error', async (_, respond) => {
    const { sessions, store } = createScriptedManager()
    const codes: unknown[] = []
    const app = createApp(sessions, (ctx) => {
      ctx.session.set('a', 1)
      ctx.set({ ETag: '"x"', 'Last-Modified': 'today' })
      respond(ctx)
    })
    app.on('error', (error) => codes.push(error.code))
    await using server = await serve(app)
    expect((await new Browser(server.port).get('/')).setCookies).toHaveLength(1)
    store.script = failingWrites
    const page = await new Browser(server.port).get('/')
    expect([page.status, page.body, page.setCookies, codes[0]]).toEqual([503, 'Service Unavailable', [], 'ERR_SESSION_STORE'])
    for (const name of ['location', 'etag', 'last-modified']) expect([name, page.headers.get(name)]).toEqual([name, null])
  })

  it('supports two managers, each installed once', async () => {
    const { sessions } = createScriptedManager()
    const admins = createScriptedManager({ as: 'adminSession', cookie: { name: 'admin' } })
    const app = createApp(sessions, admins.sessions, sessions, admins.sessions, (ctx) => {
      ctx.body = [ctx.session.increment('visits'), admins.sessions.of(ctx).increment('visits'), ctx['adminSession'].get('visits')]
    })
    await using server = await serve(app)
    const page = await new Browser(server.port).get('/')
    expect([page.body, page.setCookies.map((each) => each.split('=')[0])]).toEqual(['[1,1,1]', ['sid', 'admin']])
  })

  it('rejects a second manager with the same name, a name of Koa, and an assignment', async () => {
    const codes: unknown[] = []
    for (const app of [
      createApp(createScriptedManager().sessions, createScriptedManager().sessions),
      createApp(createScriptedManager({ as: 'app' }).sessions),
      createApp(createScriptedManager().sessions, (ctx) => void Object.assign(ctx, { session: undefined })),
    ]) {
      app.on('error', (error) => codes.push(error.code ?? error.name))
      await using server = await serve(app)
      expect((await new Browser(server.port).get('/')).status).toBe(500)
    }
    expect(codes).toEqual(['ERR_SESSION_CONFIG', 'ERR_SESSION_CONFIG', 'ERR_SESSION_CONFIG'])
  })

  it('uses the protocol of a proxy with app.proxy', async () => {
    const app = createApp(createScriptedManager().sessions, (ctx) => void (ctx.body = ctx.session.increment('visits')))
    app.proxy = true
    await using server = await serve(app)
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /', { Host: 'shop.example', 'X-Forwarded-Proto': 'https' })
    expect((await connection.response()).header('set-cookie')).toMatch(/^__Host-sid=.*; Secure/)
  })

  it('throws for a failed load at the first use, and middleware can catch it', async () => {
    const { sessions, store } = createScriptedManager()
    const app = createApp(
      sessions,
      async (ctx, next) => {
        try {
          await next()
        } catch (error) {
          ctx.status = (error as { status: number }).status
          ctx.body = [(error as { code: string }).code, ctx.session.get('visits', 0)]
        }
      },
      (ctx) => {
        ctx.body = ctx.path === '/static' ? 'page' : ctx.session.increment('visits')
      },
    )
    await using server = await serve(app)
    const browser = new Browser(server.port)
    await browser.get('/')
    store.script = () => Promise.reject(new Error('down'))
    expect(await browser.get('/')).toMatchObject({ status: 503, body: '["ERR_SESSION_STORE",0]', setCookies: [] })
    expect(await browser.get('/static')).toMatchObject({ status: 200, body: 'page' })
  })
})
