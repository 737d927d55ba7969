import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import express4 from 'express4'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import { afterEach, describe, expect, it } from 'vitest'
import { session } from '../../src/adapters/express.ts'
import { session as fastifySession } from '../../src/adapters/fastify.ts'
import { session as honoSession } from '../../src/adapters/hono.ts'
import { createSessions, type Sessions } from '../../src/index.ts'
import { inspector } from '../../src/inspector/inspector.ts'
import { MemoryStore } from '../../src/stores/memory.ts'

const closes: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closes.splice(0)) await close()
})

/** A manager with the session of an operator, and the cookie of that session. */
async function createManager(): Promise<{ sessions: Sessions<any>; headers: Record<string, string>; handle: string }> {
  const sessions = createSessions<any>({ store: new MemoryStore() })
  const mine = sessions.create()
  mine.set('cart', [1]).login('ada')
  await mine.save()
  return { sessions, headers: { cookie: `sid=${mine.id}`, 'sec-fetch-site': 'same-origin' }, handle: mine.handle ?? '' }
}

/** Allows requests with the session of a user. */
function inspectorOf(sessions: Sessions<any>): ReturnType<typeof inspector> {
  return inspector({
    sessions,
    authorize(_request, original) {
      const { userId } = sessions.of(original)
      return userId === undefined ? undefined : { name: String(userId), changes: true }
    },
  })
}

/** The servers, each with the inspector under /admin/sessions. */
const SERVERS: Readonly<Record<string, (sessions: Sessions<any>) => Promise<string>>> = {
  'Express 5': (sessions) => listen(express().use(session(sessions)).use('/admin/sessions', inspectorOf(sessions).express)),
  'Express 5 with a body parser': (sessions) =>
    listen(
      express()
        .use(express.urlencoded({ extended: false }), session(sessions))
        .use('/admin/sessions', inspectorOf(sessions).express),
    ),
  'Express 5 with parsers of texts and bytes': (sessions) =>
    listen(
      express()
        .use(express.text({ type: 'text/*' }), express.raw({ type: '*/*' }), session(sessions))
        .use('/admin/sessions', inspectorOf(sessions).express),
    ),
  'Express 4 with a parser of JSON': (sessions) => {
    const app = express4()
    app.use(express4.json(), session(sessions)) // its body of a form is {}
    app.use('/admin/sessions', inspectorOf(sessions).express)
    return listen(app)
  },
  'Express 4': (sessions) => {
    const app = express4()
    app.use(session(sessions))
    app.use('/admin/sessions', inspectorOf(sessions).express)
    return listen(app)
  },
  Hono: async (sessions) => {
    const app = new Hono()
    const handler = inspectorOf(sessions)
    app.use(honoSession(sessions))
    app.all('/admin/sessions/*', (c) => handler(c.req.raw, c))
    return listen(getRequestListener(app.fetch))
  },
  Fastify: async (sessions) => {
    const app = fastify()
    closes.push(() => app.close())
    await app.register(fastifySession, sessions)
    await app.register(inspectorOf(sessions).fastify, { prefix: '/admin/sessions' })
    return app.listen({ host: '127.0.0.1', port: 0 })
  },
}

async function listen(app: RequestListener): Promise<string> {
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closes.push(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a method that Request does not support', () => {
  it('is refused', async () => {
    const { sessions, headers } = await createManager()
    const url = new URL(await (SERVERS['Express 5'] as (typeof SERVERS)[string])(sessions))
    for (const [given, status] of [
      [{}, 404],
      [headers, 405],
    ] as const) {
      const request = httpRequest({ host: url.hostname, port: url.port, path: '/admin/sessions', method: 'TRACE', headers: given }).end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      response.resume()
      expect(response.statusCode).toBe(status)
    }
  })
})

describe('Fastify over HTTP/2', () => {
  it('shows the inspector and makes a change', async () => {
    const { sessions, headers, handle } = await createManager()
    const app = fastify({ http2: true })
    closes.push(() => app.close())
    await app.register(fastifySession, sessions)
    await app.register(inspectorOf(sessions).fastify, { prefix: '/admin/sessions' })
    const client = connect(await app.listen({ host: '127.0.0.1', port: 0 }))
    closes.push(() => client.close())
    const path = `/admin/sessions?session=${handle}&confirm=revoke`
    const asked = await send(client, { ...headers, ':path': path })
    expect(asked.text).toContain('End this session?')
    const cookie = `${headers['cookie']}; ${String(asked.headers['set-cookie']).split(';')[0]}`
    const token = /name="token" value="([^"]*)"/.exec(asked.text)?.[1] ?? ''
    // A browser of before 2023, of which only the origin is compared with the host.
    const { 'sec-fetch-site': _, ...old } = headers
    const posted = { ...old, cookie, ':path': path, ':method': 'POST', 'content-type': 'application/x-www-form-urlencoded' }
    const origin = `http://${new URL(app.listeningOrigin).host}`
    expect((await send(client, { ...posted, origin: 'http://evil.example' }, `token=${token}`)).headers[':status']).not.toBe(303)
    expect((await send(client, { ...posted, origin }, `token=${token}`)).headers[':status']).toBe(303)
    expect(await sessions.users.list('ada')).toEqual([])
  })
})

/** Sends a request over HTTP/2. */
async function send(
  client: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body = '',
): Promise<{ readonly headers: IncomingHttpHeaders; readonly text: string }> {
  const stream = client.request(headers)
  if (body !== '') stream.end(body)
  const [received] = (await once(stream, 'response')) as [IncomingHttpHeaders]
  return { headers: received, text: await text(stream) }
}

describe.each(Object.keys(SERVERS))('%s', (name) => {
  it('shows the inspector under a prefix to an operator only', async () => {
    const { sessions, headers, handle } = await createManager()
    const url = `${await SERVERS[name]?.(sessions)}/admin/sessions`
    for (const address of [url, `${url}/`]) {
      const response = await fetch(address, { headers })
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
      expect(await response.text()).toContain(handle)
      expect((await fetch(address)).status).toBe(404)
    }
  })

  it('makes a change that is confirmed', async () => {
    const { sessions, headers, handle } = await createManager()
    const page = `${await SERVERS[name]?.(sessions)}/admin/sessions?session=${handle}&property=cart&confirm=delete-property`
    const asked = await fetch(page, { headers })
    const [, token = ''] = /name="token" value="([^"]*)"/.exec(await asked.text()) ?? []
    const cookie = asked.headers
      .getSetCookie()
      .map((each) => each.split(';')[0])
      .join('; ')
    const changed = await fetch(page, {
      method: 'POST',
      headers: { ...headers, cookie: `${headers['cookie']}; ${cookie}` },
      body: new URLSearchParams({ token }),
      redirect: 'manual',
    })
    expect([changed.status, changed.headers.get('location')]).toEqual([303, `?session=${handle}&done=property-deleted`])
    const mine = await sessions.load((headers['cookie'] ?? '').slice('sid='.length))
    expect([mine.has('cart'), mine.userId]).toEqual([false, 'ada'])
  })
})
