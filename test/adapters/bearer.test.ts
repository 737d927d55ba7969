// The transport of clients that are no browsers, over HTTP and with every kind of adapter.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http'
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
import { createSessions, type Session, type Sessions } from '../../src/index.ts'
import { CookieStore } from '../../src/stores/cookie.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { testClock } from '../../src/testing/testing.ts'
import { catchError, catchRejection } from '../core/fixture.ts'
import { SECRET } from '../stores/cookie/cookie-secret.ts'

const HOST = '127.0.0.1'

/** What the routes of every server do. */
async function act(session: Session<any>, action: string): Promise<unknown> {
  switch (action) {
    case 'login':
      session.login('ada', { device: 'Shop for Android' })
      await session.save()
      return { token: session.id }
    case 'increment':
      return session.increment('n')
    case 'cycle':
      return session.cycleId()
    case 'logout':
      return session.logout()
    case 'account':
      return session.requireUser({ within: '10m' })
    default:
      return session.toObject()
  }
}

async function answer(session: Session<any>, url: string): Promise<string> {
  return JSON.stringify((await act(session, url.slice(1))) ?? null)
}

type Listen = (sessions: Sessions<any>) => RequestListener | Promise<RequestListener>

const SERVERS: Readonly<Record<string, Listen>> = {
  Express: (sessions) => {
    const app = express().set('env', 'test').use(onExpress.session(sessions))
    return app.use(async (req, res) => void res.send(await answer(req.session, req.url)))
  },
  Koa: (sessions) => {
    const app = new Koa()
    app.silent = true
    app.use(onKoa.session(sessions))
    app.use(async (ctx) => {
      ctx.body = await answer(ctx['session'] as Session<any>, ctx.url)
    })
    return app.callback()
  },
  Fastify: async (sessions) => {
    const app = fastify()
    await app.register(onFastify.session, sessions)
    app.all('*', async (req) => answer(req.session, req.url))
    await app.ready()
    return app.routing as RequestListener
  },
  Node: (sessions) => onNode.withSession(sessions, async (req, res, session) => void res.end(await answer(session, String(req.url)))),
}

type Handle = (request: Request) => Response | Promise<Response>

const HANDLERS: Readonly<Record<string, (sessions: Sessions<any>) => Handle>> = {
  web: (sessions) => withSession(sessions, async ({ url }, session) => new Response(await answer(session, new URL(url).pathname))),
  Hono: (sessions) => {
    const app = new Hono<{ Variables: { session: Session<any> } }>().use(onHono.session(sessions))
    app.use('/account', onHono.requireUser({ within: '10m' }))
    return app.all('*', async (c) => c.body(await answer(c.get('session'), c.req.path))).fetch as Handle
  },
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: any
}

type Fields = readonly (readonly [name: string, value: string])[]
type Send = (path: string, headers?: Fields, method?: string) => Promise<Answer>

async function answerOf(status: number, headers: Headers, text: string): Promise<Answer> {
  const isJson = /^[[{"\dn]/.test(text) && status === 200
  return { status, headers, body: isJson ? (JSON.parse(text) as unknown) : text }
}

function sendTo(port: number): Send {
  return async (path, headers = [], method = 'POST') => {
    const raw = [...headers, ['Host', `${HOST}:${port}`], ['Content-Length', '0']].flat()
    const [res] = (await once(request({ host: HOST, port, path, method, headers: raw as never }).end(), 'response')) as [IncomingMessage]
    const parts: unknown[] = []
    for await (const part of res) parts.push(part)
    const received = new Headers()
    for (const [name, values = []] of Object.entries(res.headersDistinct)) for (const value of values) received.append(name, value)
    return answerOf(Number(res.statusCode), received, parts.join(''))
  }
}

function sendWith(handle: Handle): Send {
  return async (path, headers = [], method = 'POST') => {
    const given = new Headers()
    for (const [name, value] of headers) given.append(name, value)
    const response = await handle(new Request(`https://shop.test${path}`, { method, headers: given }))
    return answerOf(response.status, response.headers, await response.text())
  }
}

const bearer = (id: string, scheme = 'Bearer'): Fields => [['Authorization', `${scheme} ${id}`]]

const clock = testClock(new Date('2026-01-01T00:00Z'))
const store = new MemoryStore()
const api = createSessions<any>({ store, clock, transport: 'bearer', cycleId: '15m' })
const site = createSessions<any>({ store, clock })

describe.each([...Object.keys(SERVERS), ...Object.keys(HANDLERS)])("transport: 'bearer' with %s", (name) => {
  const server = createServer()
  let send: Send

  beforeAll(async () => {
    const listen = SERVERS[name]
    if (listen === undefined) {
      send = sendWith((HANDLERS[name] as (typeof HANDLERS)[string])(api))
      return
    }
    server.on('request', await listen(api))
    await once(server.listen(0, HOST), 'listening')
    send = sendTo((server.address() as AddressInfo).port)
  })
  afterAll(() => void server.close())

  async function logIn(): Promise<string> {
    const { headers } = await send('/login')
    return String(headers.get('session-id'))
  }

  it('a login sends the id in a header that no cache stores, and no cookie', async () => {
    const { status, headers, body } = await send('/login')
    expect([status, body.token]).toEqual([200, headers.get('session-id')])
    expect(headers.getSetCookie()).toEqual([])
    expect([headers.get('cache-control'), headers.get('vary')]).toEqual(['private, no-store', expect.stringContaining('Authorization')])
    const read = await send('/read', bearer(body.token), 'GET')
    expect([read.body, read.headers.get('session-id')]).toEqual([{ userId: 'ada' }, null])
    expect(read.headers.get('vary')).toContain('Authorization')
  })

  it('changes the session of the id, whatever the case of the scheme', async () => {
    const id = await logIn()
    for (const [index, scheme] of ['Bearer', 'bearer', 'BEARER'].entries())
      expect((await send('/increment', bearer(id, scheme))).body).toBe(index + 1)
  })

  it('sends a new id after cycleId() and when it is too old, and an empty one after a logout', async () => {
    const first = await logIn()
    const second = String((await send('/cycle', bearer(first))).headers.get('session-id'))
    expect([second === first, (await send('/read', bearer(second))).body]).toEqual([false, { userId: 'ada' }])
    clock.advance('15m')
    const third = String((await send('/read', bearer(second))).headers.get('session-id'))
    for (const id of [second, third]) expect((await send('/read', bearer(id))).body).toEqual({ userId: 'ada' })
    const ended = await send('/logout', bearer(third))
    expect([ended.headers.get('session-id'), ended.headers.get('cache-control')]).toEqual(['', 'private, no-store'])
    for (const id of [first, second, third]) expect((await send('/read', bearer(id))).body).toEqual({})
  })

  it('needs no origin check, because a browser sends no such header by itself', async () => {
    const headers: Fields = [...bearer(await logIn()), ['Origin', 'https://evil.test'], ['Sec-Fetch-Site', 'cross-site']]
    expect((await send('/increment', headers)).body).toBe(1)
  })

  it('reads no cookie, and its ids are not valid in one', async () => {
    const id = await logIn()
    for (const cookie of [`sid=${id}`, `__Host-sid=${id}`]) expect((await send('/read', [['Cookie', cookie]])).body).toEqual({})
    const visitor = site.create().set('userId', 'ada')
    await visitor.save()
    expect((await send('/read', bearer(String(visitor.id)))).body).toEqual({})
    expect((await site.load(id)).toObject()).toEqual({})
  })

  it('asks for a login and for a fresh one with 401 and `WWW-Authenticate`', async () => {
    const without = await send('/account')
    expect([without.status, without.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    const id = await logIn()
    expect((await send('/account', bearer(id))).status).toBe(200)
    clock.advance('11m')
    const old = await send('/account', bearer(id))
    expect([old.status, old.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer error="insufficient_user_authentication", max_age="600"',
    ])
  })

  it.each<[string, (id: string) => Fields]>([
    ['no token', () => [['Authorization', 'Bearer']]],
    ['an empty token', () => [['Authorization', 'Bearer ']]],
    ['another scheme', (id) => [['Authorization', `Basic ${id}`]]],
    ['no scheme', (id) => [['Authorization', id]]],
    ['a scheme that begins alike', (id) => [['Authorization', `Bearerx ${id}`]]],
    ['two tokens', (id) => [['Authorization', `Bearer ${id} ${id}`]]],
    ['two tokens with a comma', (id) => [['Authorization', `Bearer ${id},${id}`]]],
    ['two headers', (id) => [...bearer(id), ...bearer(id)]],
    ['two headers of which one is another scheme', (id) => [...bearer(id), ['Authorization', 'Basic YTpi']]],
    ['a token in quotes', (id) => [['Authorization', `Bearer "${id}"`]]],
    ['a token with a parameter', (id) => [['Authorization', `Bearer ${id}; a=b`]]],
    ['a token with another byte', (id) => [['Authorization', `Bearer ${id.slice(0, -1)}\u00e9`]]],
    ['a cut token', (id) => bearer(id.slice(0, -1))],
    ['a long token', (id) => bearer(id.padEnd(12_000, 'a'))],
    ['a JSON Web Token', () => bearer('eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.')],
    ['many separators', () => [['Authorization', `Bearer ${'. ~'.repeat(3000)}`]]],
  ])('a header with %s leads to no session, and a change starts a new one', async (_case, headers) => {
    const id = await logIn()
    const read = await send('/read', headers(id))
    expect([read.status, read.body]).toEqual([200, {}])
    const changed = await send('/increment', headers(id))
    expect([changed.status, changed.body]).toEqual([200, 1])
    expect(changed.headers.get('session-id')).not.toBe(id)
  })
})

describe("a manager with transport: 'bearer'", () => {
  it('shares its users with the default cookie, and not with another realm', async () => {
    const sessions = { store: new MemoryStore(), clock } as const
    const [mobile, web] = [createSessions<any>({ ...sessions, transport: 'bearer' }), createSessions<any>(sessions)]
    const staff = createSessions<any>({ ...sessions, transport: 'bearer', realm: 'staff' })
    for (const each of [mobile, web, staff]) await each.create().set('userId', 'ada').save()
    expect(await Promise.all([mobile, web, staff].map(({ users }) => users.list('ada').then(({ length }) => length)))).toEqual([2, 2, 1])
    const employee = staff.create().set('userId', 'ada')
    await employee.save()
    expect((await mobile.load(String(employee.id))).toObject()).toEqual({})
    expect(await web.users.revoke('ada')).toBe(2)
    expect((await staff.users.list('ada')).length).toBe(2)
  })

  it('refuses plain HTTP from other machines: no session is read or written', async () => {
    const id = api.create().set('cart', 1)
    await id.save()
    const header = (name: string): string | undefined => (name === 'authorization' ? `Bearer ${id.id}` : undefined)
    const session = await api.open({ secure: false, loopback: false, header })
    expect(session.toObject()).toEqual({})
    const error = catchError(() => session.set('cart', 2))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining('plain HTTP')])
    const behindProxy = createSessions<any>({ store, clock, transport: 'bearer', cookie: { secure: true } })
    expect((await behindProxy.open({ secure: false, loopback: false, header })).toObject()).toEqual({ cart: 1 })
  })

  it('works with sealed tokens, which change with the data', async () => {
    const send = sendWith(
      (HANDLERS['web'] as (typeof HANDLERS)[string])(
        createSessions<any>({ store: new CookieStore({ secrets: SECRET }), transport: 'bearer' }),
      ),
    )
    let token = String((await send('/login')).headers.get('session-id'))
    for (const n of [1, 2]) {
      const { body, headers } = await send('/increment', bearer(token))
      expect(body).toBe(n)
      token = String(headers.get('session-id'))
    }
    expect((await send('/read', bearer(token))).body).toEqual({ userId: 'ada', n: 2 })
    const forged = token.slice(0, -8) + (token.at(-8) === 'A' ? 'B' : 'A') + token.slice(-7)
    expect((await send('/read', bearer(forged))).body).toEqual({})
  })

  it.each([{ cookie: { name: 'api' } }, { trustedOrigins: ['https://www.shop.test'] }, { browserSession: true }])(
    'refuses %o, which has no effect',
    (options) => {
      const error = catchError(() => createSessions({ store, transport: 'bearer', ...options }))
      expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining("transport: 'bearer'")])
    },
  )

  it('refuses a cookie jar', async () => {
    const jar = { read: () => undefined, write: () => undefined }
    expect((await catchRejection(api.open(jar))).code).toBe('ERR_SESSION_CONFIG')
  })
})
