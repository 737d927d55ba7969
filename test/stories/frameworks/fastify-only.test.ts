import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyServerOptions } from 'fastify'
import { describe, expect, it } from 'vitest'
import { session } from '../../../src/adapters/fastify.ts'
import { SessionEndedError } from '../../../src/core/base/errors.ts'
import type { Sessions } from '../../../src/core/manager/sessions.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { Browser } from '../harness/browser.ts'
import { fastifyHijacked, listenFastify } from '../harness/fastify-harness.ts'
import { RawConnection } from '../harness/raw-connection.ts'
import { createScriptedManager, failingWrites } from '../harness/story-app.ts'

async function createApp(sessions: Sessions, options: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const app = fastify({ forceCloseConnections: true, ...options }) as unknown as FastifyInstance
  await app.register(session, { sessions })
  return app
}

/** Records the store operations. */
function createRecordedManager(): ReturnType<typeof createScriptedManager> & { readonly operations: string[] } {
  const given = createScriptedManager()
  const operations: string[] = []
  given.store.script = (operation) => void operations.push(operation)
  return { ...given, operations }
}

const removedHeaders = ['location', 'etag', 'last-modified', 'cache-control', 'set-cookie']

/** Creates an app whose writes fail, with an error handler in an inner context. */
async function createAppWithInnerErrorHandler(): Promise<FastifyInstance> {
  const { sessions, store } = createScriptedManager()
  store.script = failingWrites
  const app = await createApp(sessions)
  app.register(async (inner) => {
    inner.setErrorHandler((error: Error & { code?: string }, request, reply) => {
      if (request.url === '/worse') throw new Error('worse')
      return reply.code(507).send({ inner: error.code })
    })
    inner.get('/*', (request, reply) => {
      request.session.set('a', 1)
      return reply.redirect('/there')
    })
  })
  return app
}

describe('Fastify 5', () => {
  it('accepts options and exposes the manager it creates', async () => {
    const app = fastify()
    await app.register(session, { store: new MemoryStore() })
    app.get('/', (request) => [app.sessions.of(request) === request.session, request.session.increment('visits')])
    expect((await app.inject('/')).json()).toEqual([true, 1])
  })

  it('rejects invalid options at registration', async () => {
    const app = fastify()
    app.register(session, { store: new MemoryStore(), secret: 'x' } as never)
    await expect(app.ready()).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })

  it('works with inject, also with a payload stream', async () => {
    const { sessions } = createScriptedManager()
    const app = await createApp(sessions)
    app.get('/', (request, reply) => {
      request.session.increment('visits')
      return reply.send(Readable.from(['a', 'b']))
    })
    app.get('/see', ({ session }) => session)
    const page = await app.inject('/')
    expect([page.statusCode, page.body, page.cookies.length]).toEqual([200, 'ab', 1])
    const cookies = { sid: page.cookies[0]?.value ?? '' }
    expect((await app.inject({ url: '/see', cookies })).json()).toEqual({ visits: 1 })
    expect(await text((await app.inject({ url: '/', cookies, payloadAsStream: true })).stream())).toBe('ab')
    expect((await app.inject({ url: '/see', cookies })).json()).toEqual({ visits: 2 })
  })

  it.each<[string, (reply: FastifyReply) => unknown]>([
    ['a text', (reply) => reply.send('body')],
    ['a stream', (reply) => reply.send(Readable.from(['bo', 'dy']))],
    ['a web stream', (reply) => reply.send(new Response('body').body)],
    ['a Response', (reply) => reply.send(new Response('body', { headers: { ETag: '"x"' } }))],
    ['a raw reply', (reply) => reply.raw.end('body')],
    ['a hijacked reply', (reply) => reply.hijack().raw.end('body')],
    ['a hijacked reply, in pieces', (reply) => reply.hijack().raw.writeHead(200).write('bo') && reply.raw.end('dy')],
  ])('saves the changes made with %s, and sends an error if that fails', async (_, send) => {
    const { sessions, store, rows } = createScriptedManager()
    const app = await createApp(sessions)
    app.get('/', (request, reply) => {
      request.session.set('a', 1)
      reply.header('Location', '/there').header('ETag', '"x"')
      send(reply)
    })
    await using server = await listenFastify(app)
    const page = await new Browser(server.port).get('/')
    expect([page.status, page.body, page.setCookies.length, await rows()]).toEqual([200, 'body', 1, 1])
    store.script = failingWrites
    const failed = await new Browser(server.port).get('/')
    expect([failed.status, failed.body.includes('body')]).toEqual([503, false])
    for (const name of removedHeaders) expect([name, failed.headers.get(name)]).toEqual([name, null])
  })

  it('sends an error for a hijacked reply whose commit fails', async () => {
    const { sessions, store } = createScriptedManager()
    store.script = failingWrites
    await using server = await fastifyHijacked.start({
      sessions,
      handler(_req, res, opened) {
        opened.set('a', 1)
        res.writeHead(302, { Location: '/there', ETag: '"x"' }).end('moved')
      },
    })
    const page = await new Browser(server.port).get('/')
    expect([page.status, page.body, page.headers.get('location')]).toEqual([503, 'Service Unavailable\n', null])
  })

  it('passes the error of a failed commit to the error handler of the context', async () => {
    const app = await createAppWithInnerErrorHandler()
    const page = await app.inject('/')
    expect([page.statusCode, page.json(), page.headers.location]).toEqual([507, { inner: 'ERR_SESSION_STORE' }, undefined])
  })

  it('passes an error of that error handler to the outer one', async () => {
    const app = await createAppWithInnerErrorHandler()
    const worse = await app.inject('/worse')
    expect([worse.statusCode, worse.json().message, worse.headers.location]).toEqual([500, 'worse', undefined])
  })

  describe('of an error of this package with status 500 and above, its default error handler', () => {
    const secret = /shop|db\.internal|plain HTTP|disk/
    const fails = (): never => {
      throw new Error('password authentication failed for user "shop" at db.internal')
    }
    const schema = { type: 'object', properties: { message: { type: 'string' }, statusCode: { type: 'number' } } }

    it.each<
      [string, Record<string, unknown>, (manager: ReturnType<typeof createScriptedManager>) => unknown, Record<string, string>, number]
    >([
      ['a failed commit', {}, ({ store }) => (store.script = (operation) => (operation === 'create' ? fails() : undefined)), {}, 503],
      ['a failed load', {}, ({ store }) => (store.script = fails), { cookie: `sid=${'a'.repeat(16)}.${'b'.repeat(32)}` }, 503],
      ['a refused cookie', {}, () => undefined, { host: 'shop.example' }, 500],
      ['a response schema', { schema: { response: { '5xx': schema } } }, ({ store }) => (store.script = fails), {}, 503],
    ])('shows the status text and logs the error: %s', async (_, options, prepare, headers, status) => {
      const manager = createScriptedManager()
      const lines: string[] = []
      const app = await createApp(manager.sessions, { logger: { level: 'error', stream: { write: (line) => void lines.push(line) } } })
      app.get('/', options, ({ session }) => session.increment('visits'))
      prepare(manager)
      const page = await app.inject({ url: '/', headers })
      const message = status === 503 ? 'Service Unavailable' : 'Internal Server Error'
      expect([page.statusCode, page.json().statusCode, page.json().message]).toEqual([status, status, message])
      expect(page.body).not.toMatch(secret)
      expect(lines.join('')).toMatch(secret)
    })

    it('of an outer context gets the error that an inner handler sends again, with its cause', async () => {
      const { sessions, store } = createScriptedManager()
      const app = await createApp(sessions)
      const seen: unknown[] = []
      app.setErrorHandler((error, _request, reply) => {
        seen.push(error)
        return reply.send(error)
      })
      await app.register(async (inner) => {
        inner.setErrorHandler((error, _request, reply) => {
          seen.push(error)
          return reply.send(error)
        })
        inner.get('/', ({ session }) => session.increment('visits'))
      })
      store.script = failingWrites
      const page = await app.inject('/')
      expect([page.statusCode, page.json().message]).toEqual([503, 'Service Unavailable'])
      expect(seen).toEqual([
        expect.objectContaining({ code: 'ERR_SESSION_STORE', message: expect.stringContaining('disk full') }),
        expect.objectContaining({ message: 'Service Unavailable', cause: seen[0] }),
      ])
      expect(seen[1]).toMatchObject({ code: 'ERR_SESSION_STORE', status: 503 })
    })

    it('leaves the message of 4xx, of other errors, and what an error handler chooses to send', async () => {
      const { sessions, store } = createScriptedManager()
      const app = await createApp(sessions)
      app.get('/', () => Promise.reject(new Error('of the application')))
      app.get('/ended', () => Promise.reject(new SessionEndedError('ended')))
      await app.register(async (inner) => {
        inner.setErrorHandler((error: Error, _request, reply) => reply.code(500).send({ text: error.message }))
        inner.get('/custom', ({ session }) => session.increment('visits'))
      })
      store.script = failingWrites
      expect((await app.inject('/')).json().message).toBe('of the application')
      expect((await app.inject('/ended')).json()).toMatchObject({ statusCode: 409, message: expect.stringContaining('session ended') })
      expect((await app.inject('/custom')).json().text).toContain('disk full')
    })
  })

  it.each(['an async hook', 'an async handler'])('waits for %s to create the error page', async (which) => {
    const { sessions, store } = createScriptedManager()
    store.script = failingWrites
    const app = await createApp(sessions)
    if (which === 'an async hook') app.addHook('onError', async () => new Promise((resolve) => setImmediate(resolve)))
    app.setErrorHandler(async (error: Error & { code?: string }) => {
      if (which === 'an async handler') await new Promise((resolve) => setImmediate(resolve))
      return { page: error.code }
    })
    app.get('/', async (request, reply) => {
      request.session.set('a', 1)
      return reply.header('ETag', '"x"').send(Readable.from(['a', 'b']))
    })
    await using server = await listenFastify(app)
    const page = await new Browser(server.port).get('/')
    expect([page.status, page.body, page.headers.get('etag')]).toEqual([503, '{"page":"ERR_SESSION_STORE"}', null])
  })

  it.each([400, 500])('commits once if an onSend hook throws and the error page has status %i', async (status) => {
    const { sessions, operations, rows } = createRecordedManager()
    const app = await createApp(sessions)
    let runs = 0
    app.addHook('onSend', async (request) => {
      runs += 1
      request.session.set('runs', runs)
      if (runs === 1) throw Object.assign(new Error('broken hook'), { status })
    })
    app.get('/', (request, reply) => {
      request.session.set('a', 1)
      return reply.header('ETag', '"x"').redirect('/there')
    })
    const page = await app.inject('/')
    expect([page.statusCode, page.json().message, page.cookies.length]).toEqual([status, 'broken hook', status === 400 ? 1 : 0])
    expect([page.headers.location, page.headers['etag'], runs]).toEqual([undefined, undefined, 2])
    expect([operations, await rows()]).toEqual(status === 400 ? [['create'], 1] : [[], 0])
  })

  it('runs onSend hooks again after a failed commit, and commits once', async () => {
    const { sessions, store } = createScriptedManager()
    const operations: string[] = []
    store.script = (operation) => {
      if (operation !== 'load') operations.push(operation) // the breaker probes the store
      return failingWrites(operation)
    }
    const app = await createApp(sessions)
    const statuses: number[] = []
    app.addHook('onSend', async (_request, reply) => void statuses.push(reply.statusCode))
    app.get('/', (request, reply) => {
      request.session.set('a', 1)
      return reply.header('X-Mine', 'kept').header('Set-Cookie', 'mine=1').redirect('/there')
    })
    const page = await app.inject('/')
    expect([page.statusCode, page.json().code, page.headers.location, page.headers['x-mine']]).toEqual([
      503,
      'ERR_SESSION_STORE',
      undefined,
      'kept',
    ])
    expect([statuses, new Set(operations), page.cookies]).toEqual([[302, 503], new Set(['create']), []])
  })

  it('keeps headers set before the session and removes trailers', async () => {
    const { sessions, store } = createScriptedManager()
    store.script = failingWrites
    const app = fastify({ forceCloseConnections: true })
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('Set-Cookie', 'csrf=1').header('X-Request-Id', '7')
      reply.raw.setHeader('Link', '</style.css>')
    })
    await app.register(session, { sessions })
    app.get('/', (request, reply) => {
      request.session.set('a', 1)
      reply.trailer('Checksum', async () => '42')
      return reply.header('Set-Cookie', 'mine=1').header('Link', '</page>').send('body')
    })
    await using server = await listenFastify(app as unknown as FastifyInstance)
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /')
    const page = await connection.response()
    expect([page.status, page.all('set-cookie'), page.header('x-request-id'), page.header('link')]).toEqual([
      503,
      ['csrf=1'],
      '7',
      '</style.css>',
    ])
    expect([page.header('trailer'), page.trailers]).toEqual([undefined, ''])
  })

  it('is available in the context that registers it and in inner ones', async () => {
    const { sessions } = createScriptedManager()
    const app = fastify()
    await app.register(async (shop) => {
      await shop.register(session, { sessions })
      shop.get('/shop', (request) => request.session.increment('visits'))
      shop.register(async (inner) => {
        inner.get('/shop/inner', (request) => String(sessions.of(request).size))
      })
    })
    app.get('/outside', (request) => ['session' in request, 'sessions' in app])
    app.get('/of', (request) => sessions.of(request))
    expect((await app.inject('/shop')).body).toBe('1')
    expect((await app.inject('/shop/inner')).body).toBe('0')
    expect((await app.inject('/outside')).json()).toEqual([false, false])
    expect((await app.inject('/of')).json()).toMatchObject({ statusCode: 500, code: 'ERR_SESSION_CONFIG' })
  })

  it('supports two managers, each in its context', async () => {
    const { sessions } = createScriptedManager()
    const admins = createScriptedManager({ as: 'adminSession', cookie: { name: 'admin' } })
    const app = await createApp(sessions)
    app.register(async (inner) => {
      await inner.register(session, { sessions: admins.sessions })
      inner.get('/admin', (request) => [request.session.increment('visits'), admins.sessions.of(request).increment('visits')])
      inner.get('/names', (request) => ['adminSession' in request, Reflect.get(inner, 'adminSessions') === admins.sessions])
    })
    app.get('/', (request) => [request.session.increment('visits'), 'adminSession' in request])
    await using server = await listenFastify(app)
    const browser = new Browser(server.port)
    expect([(await browser.get('/')).body, (await browser.get('/admin')).body]).toEqual(['[1,false]', '[2,1]'])
    expect((await browser.get('/names')).body).toBe('[true,true]')
    expect([...browser.cookies.keys()]).toEqual(['sid', 'admin'])
  })

  it('is installed once if registered twice, and rejects another manager with the same name', async () => {
    const { sessions, operations } = createRecordedManager()
    const app = await createApp(sessions)
    await app.register(session, { sessions })
    app.register(async (inner) => {
      await inner.register(session, { sessions })
      inner.get('/', (request) => request.session.increment('visits'))
    })
    const page = await app.inject('/')
    expect([page.body, page.cookies.length, operations]).toEqual(['1', 1, ['create']])
    const other = await createApp(sessions)
    other.register(session, { sessions: createScriptedManager().sessions })
    await expect(other.ready()).rejects.toThrow(
      "request.session exists already. Give this manager another name: app.register(session, { as: 'adminSession'",
    )
  })

  it('rejects an assignment to request.session', async () => {
    const app = await createApp(createScriptedManager().sessions)
    app.get('/', (request) => Object.assign(request, { session: undefined }))
    expect((await app.inject('/')).statusCode).toBe(500)
  })

  it("uses the protocol of a proxy with 'trustProxy'", async () => {
    const app = await createApp(createScriptedManager().sessions, { trustProxy: 'loopback' })
    app.get('/', (request) => request.session.increment('visits'))
    const headers = { host: 'shop.example', 'x-forwarded-proto': 'https' }
    expect(String((await app.inject({ url: '/', headers })).headers['set-cookie'])).toMatch(/^__Host-sid=.*; Secure/)
    const plain = await createApp(createScriptedManager().sessions)
    plain.get('/', (request) => request.session.increment('visits'))
    plain.setErrorHandler((error: Error, _request, reply) => reply.code(500).send(error.message))
    expect((await plain.inject({ url: '/', headers })).body).toContain('trustProxy')
  })

  it('has the session in every hook, in the not-found handler and in the error handler of a failed load', async () => {
    const { sessions, store } = createScriptedManager()
    const app = await createApp(sessions)
    for (const hook of ['onRequest', 'preValidation', 'preHandler'] as const)
      app.addHook(hook, async (request) => void request.session.push('hooks', hook))
    app.setNotFoundHandler((request, reply) => reply.code(404).send(request.session.get('hooks')))
    app.setErrorHandler((error: Error & { status: number }, request, reply) =>
      reply.code(error.status).send({ empty: request.session.size }),
    )
    await using server = await listenFastify(app)
    const browser = new Browser(server.port)
    expect(await browser.get('/nowhere')).toMatchObject({ status: 404, body: '["onRequest","preValidation","preHandler"]' })
    store.script = () => Promise.reject(new Error('down'))
    expect(await browser.get('/nowhere')).toMatchObject({ status: 503, body: '{"empty":0}', setCookies: [] })
  })
})
