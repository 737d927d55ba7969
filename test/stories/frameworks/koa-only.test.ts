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

function quiet(...all: readonly (Sessions | Koa.Middleware)[]): Koa {
  const app = new Koa()
  app.silent = true
  for (const each of all) app.use(typeof each === 'function' ? each : session(each))
  return app
}

const serve = (app: Koa): ReturnType<typeof listen> => listen(createServer(app.callback()))

describe('Koa 3', () => {
  it('takes options, and has the manager it made of them', async () => {
    const middleware = session<{ visits: number }>({ store: new MemoryStore() })
    await using server = await serve(
      quiet(middleware, (ctx) => {
        ctx.body = [middleware.sessions.of(ctx) === (ctx.session as unknown), middleware.sessions.of(ctx).increment('visits')]
      }),
    )
    expect((await new Browser(server.port).get('/')).body).toBe('[true,1]')
  })

  it('keeps the new cookie on an error that is thrown', async () => {
    const { sessions, rows } = createScriptedManager()
    await using server = await serve(
      quiet(sessions, (ctx) => {
        ctx.session.set('a', 1)
        ctx.set('ETag', '"x"')
        ctx.throw(422, 'no such thing')
      }),
    )
    const page = await new Browser(server.port).get('/')
    expect([page.status, page.body, page.setCookies.length, page.headers.get('etag'), await rows()]).toEqual([
      422,
      'no such thing',
      1,
      null,
      1,
    ])
  })

  it('saves what middleware around it does after the handler', async () => {
    const { sessions } = createScriptedManager()
    const app = quiet(
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
      'what bypasses Koa',
      (ctx) => {
        ctx.respond = false
        ctx.res.end('body')
      },
    ],
  ])('turns %s whose commit fails into the page of ctx.onerror, and tells the application', async (_, answer) => {
    const { sessions, store } = createScriptedManager()
    const codes: unknown[] = []
    const app = quiet(sessions, (ctx) => {
      ctx.session.set('a', 1)
      ctx.set({ ETag: '"x"', 'Last-Modified': 'today' })
      answer(ctx)
    })
    app.on('error', (error) => codes.push(error.code))
    await using server = await serve(app)
    expect((await new Browser(server.port).get('/')).setCookies).toHaveLength(1)
    store.script = failingWrites
    const page = await new Browser(server.port).get('/')
    expect([page.status, page.body, page.setCookies, codes[0]]).toEqual([503, 'Service Unavailable', [], 'ERR_SESSION_STORE'])
    for (const name of ['location', 'etag', 'last-modified']) expect([name, page.headers.get(name)]).toEqual([name, null])
  })

  it('has two managers side by side, and each once', async () => {
    const { sessions } = createScriptedManager()
    const admins = createScriptedManager({ as: 'adminSession', cookie: { name: 'admin' } })
    const app = quiet(sessions, admins.sessions, sessions, admins.sessions, (ctx) => {
      ctx.body = [ctx.session.increment('visits'), admins.sessions.of(ctx).increment('visits'), ctx['adminSession'].get('visits')]
    })
    await using server = await serve(app)
    const page = await new Browser(server.port).get('/')
    expect([page.body, page.setCookies.map((each) => each.split('=')[0])]).toEqual(['[1,1,1]', ['sid', 'admin']])
  })

  it('refuses a second manager of the same name, a name of Koa, and an assignment', async () => {
    const codes: unknown[] = []
    for (const app of [
      quiet(createScriptedManager().sessions, createScriptedManager().sessions),
      quiet(createScriptedManager({ as: 'app' }).sessions),
      quiet(createScriptedManager().sessions, (ctx) => void Object.assign(ctx, { session: undefined })),
    ]) {
      app.on('error', (error) => codes.push(error.code ?? error.name))
      await using server = await serve(app)
      expect((await new Browser(server.port).get('/')).status).toBe(500)
    }
    expect(codes).toEqual(['ERR_SESSION_CONFIG', 'ERR_SESSION_CONFIG', 'TypeError'])
  })

  it('believes a proxy where app.proxy says so', async () => {
    const app = quiet(createScriptedManager().sessions, (ctx) => void (ctx.body = ctx.session.increment('visits')))
    app.proxy = true
    await using server = await serve(app)
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /', { Host: 'shop.example', 'X-Forwarded-Proto': 'https' })
    expect((await connection.response()).header('set-cookie')).toMatch(/^__Host-sid=.*; Secure/)
  })

  it('tells of a failed load at the first use, where middleware can catch it', async () => {
    const { sessions, store } = createScriptedManager()
    const app = quiet(
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
