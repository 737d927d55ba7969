import { createServer, type IncomingHttpHeaders, type RequestListener, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as onExpress from '../../src/adapters/express.ts'
import * as onFastify from '../../src/adapters/fastify.ts'
import * as onHono from '../../src/adapters/hono.ts'
import * as onKoa from '../../src/adapters/koa.ts'
import * as onNode from '../../src/adapters/node.ts'
import { withSession } from '../../src/adapters/web.ts'
import { createSessions, type Sessions } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { seed, testClock } from '../../src/testing/testing.ts'
import { catchError } from '../core/fixture.ts'

const OPTIONS = { within: '10m', redirectTo: '/confirm?why=age' } as const
/** Sec-Fetch-Mode: a navigation of a browser. */
const NAVIGATION = { 'sec-fetch-mode': 'navigate' }

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** `fetch` would set Sec-Fetch-Mode itself. */
function get(port: number, path: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers }, (res) => {
      let body = ''
      res.on('data', (part) => (body += String(part))).on('end', () => resolve({ status: res.statusCode, headers: res.headers, body }))
    })
      .on('error', reject)
      .end()
  })
}

/** A server of each framework that protects `/account` with `requireUser(OPTIONS)`. */
const SERVERS: Readonly<Record<string, (sessions: Sessions) => RequestListener | Promise<RequestListener>>> = {
  Express: (sessions) => {
    const app = express()
      .use(onExpress.session(sessions))
      .use('/account', onExpress.requireUser(OPTIONS), (_req, res) => void res.send('account'))
    return app.use((error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
      res.status((error as { status?: number }).status ?? 500).send(error.message)
    })
  },
  Koa: (sessions) => {
    const app = new Koa()
    app.silent = true
    app
      .use(onKoa.session(sessions))
      .use(onKoa.requireUser(OPTIONS))
      .use((ctx) => void (ctx.body = 'account'))
    return app.callback()
  },
  Fastify: async (sessions) => {
    const app = fastify()
    await app.register(onFastify.session, sessions)
    app.get('/account', { preHandler: onFastify.requireUser(OPTIONS) }, async () => 'account')
    await app.ready()
    return app.routing as RequestListener
  },
  Node: (sessions) => {
    const [open, check] = [onNode.session(sessions), onNode.requireUser(OPTIONS)]
    return (req, res) => {
      const fail = (error: unknown): void => void res.writeHead((error as { status: number }).status).end()
      open(req, res, (error) =>
        error === undefined ? check(req, res, (refused) => (refused === undefined ? res.end('account') : fail(refused))) : fail(error),
      )
    }
  },
}

const clock = testClock(new Date('2026-01-01T00:00Z'))
const sessions = createSessions({ store: new MemoryStore(), clock })

describe.each(Object.entries(SERVERS))('requireUser of %s', (_, makeServer) => {
  const server = createServer()
  let port = 0

  beforeAll(async () => {
    server.on('request', await makeServer(sessions))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => server.close())

  it('lets a request of a fresh login continue', async () => {
    const { cookie } = await seed(sessions, { userId: 'ada' })
    expect(await get(port, '/account', { cookie })).toMatchObject({ status: 200, body: 'account' })
  })

  it('redirects a navigation, with the path as `next`', async () => {
    const { status, headers } = await get(port, '/account?tab=1&x=%2F', NAVIGATION)
    expect([status, headers.location, headers['cache-control']]).toEqual([
      303,
      '/confirm?why=age&next=%2Faccount%3Ftab%3D1%26x%3D%252F',
      'no-store',
    ])
    expect(headers.vary).toContain('Cookie')
  })

  it('gives a script the error: 401 without a login, 403 for an old one', async () => {
    expect(await get(port, '/account', { 'sec-fetch-mode': 'cors' })).toMatchObject({ status: 401 })
    const { cookie } = await seed(sessions, { userId: 'ada' })
    clock.advance('11m')
    expect(await get(port, '/account', { cookie })).toMatchObject({ status: 403 })
    expect(await get(port, '/account', { cookie, ...NAVIGATION })).toMatchObject({ status: 303 })
  })

  it('gives a navigation with a replaced id the 409, and not the login page', async () => {
    const { cookie, session } = await seed(sessions, { userId: 'ada' })
    session.cycleId()
    await session.save()
    expect(await get(port, '/account', { cookie, ...NAVIGATION })).toMatchObject({ status: 409 })
  })
})

describe('requireUser of Hono', () => {
  const app = new Hono()
  app
    .use(onHono.session(sessions))
    .use('/account', onHono.requireUser(OPTIONS))
    .get('/account', (c) => c.text('account'))
  const send = (headers: Record<string, string>): Promise<Response> =>
    Promise.resolve(app.request('https://shop.example/account?tab=1', { headers }))

  it('lets a fresh login continue, redirects a navigation, and gives everything else the status', async () => {
    const { cookie } = await seed(sessions, { userId: 'ada' })
    expect(await (await send({ cookie })).text()).toBe('account')
    const redirected = await send(NAVIGATION)
    expect([redirected.status, redirected.headers.get('location')]).toEqual([303, '/confirm?why=age&next=%2Faccount%3Ftab%3D1'])
    expect((await send({})).status).toBe(401)
    clock.advance('11m')
    expect((await send({ cookie })).status).toBe(403)
  })
})

describe('session.requireUser in a handler of web requests', () => {
  it('becomes a response with the status', async () => {
    const handler = withSession(
      sessions,
      async (_request: Request, session) => new Response(String(await session.requireUser({ within: '10m' }))),
    )
    const send = (cookie?: string): Promise<Response> =>
      handler(new Request('https://shop.example/', cookie === undefined ? {} : { headers: { cookie } }))
    const { cookie } = await seed(sessions, { userId: 'ada' })
    expect([(await send()).status, await (await send(cookie)).text()]).toEqual([401, 'ada'])
    clock.advance('11m')
    expect((await send(cookie)).status).toBe(403)
  })
})

describe('requireUser', () => {
  it('never puts another host into `next`, and does not redirect a page to itself', async () => {
    const app = express()
    app.use((req, res, next) => {
      req.originalUrl = String(req.headers['x-target'])
      next()
      return res
    })
    app.use(onExpress.session(sessions), onExpress.requireUser({ redirectTo: '/login' }))
    const server = createServer(app).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const locations = []
    for (const target of ['//evil.example/', '/\\evil.example', 'https://evil.example/', '/login?next=%2F', '/ok'])
      locations.push((await get(port, '/', { ...NAVIGATION, 'x-target': target })).headers.location)
    server.close()
    expect(locations).toEqual(['/login', '/login', '/login', undefined, '/login?next=%2Fok'])
  })

  it.each([{ within: 600 }, { level: 0 }, { redirectTo: 'login' }, { redirectTo: '//evil.example' }])('refuses %o', (options) => {
    const error = catchError(() => onExpress.requireUser(options as never))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining(Object.keys(options)[0] as string)])
  })

  it.each<[what: string, requireUser: (options: never) => unknown]>([
    ['Express', onExpress.requireUser],
    ['Koa', onKoa.requireUser],
    ['Fastify', onFastify.requireUser],
    ['Hono', onHono.requireUser],
    ['Node', onNode.requireUser],
  ])('of %s refuses unknown options and options that are no object when it is made', (_, requireUser) => {
    for (const options of [{ whithin: '10m' }, { Level: 2 }, '10m', null, new Map([['level', 2]])])
      expect(catchError(() => requireUser(options as never)).code).toBe('ERR_SESSION_CONFIG')
  })

  it('that was not called is an error of every request, which says to call it', async () => {
    const node = express().use(onExpress.requireUser as never, (_req, res) => void res.send('account'))
    let reported: unknown
    node.use((error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
      reported = error
      res.status(500).end()
    })
    const server = createServer(node).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    expect(await get((server.address() as AddressInfo).port, '/', {})).toMatchObject({ status: 500 })
    server.close()
    expect(reported).toMatchObject({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining('app.use(requireUser())') as string })
    const fast = fastify()
    fast.get('/', { preHandler: onFastify.requireUser as never }, () => 'account')
    expect((await fast.inject('/')).statusCode).toBe(500)
    const web = new Hono().onError((error, c) => c.text(error.message, 500)).use(onHono.requireUser as never)
    expect(await (await web.request('https://shop.example/')).text()).toContain('app.use(requireUser())')
  })

  it('names a missing session()', async () => {
    const check = onExpress.requireUser({ as: 'admin' })
    const error = await new Promise<{ code?: string; message?: string }>((resolve) =>
      check({ headers: {} } as never, {} as never, (reason) => resolve(reason as Error)),
    )
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining('`admin`')])
  })
})
