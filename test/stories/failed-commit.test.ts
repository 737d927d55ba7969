import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import compression from 'compression'
import helmet from 'helmet'
import morgan from 'morgan'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/core/base/errors.ts'
import { Browser } from './harness/browser.ts'
import { type Handler, type Middleware, type NodeApp, nodeFrameworks, plainNode } from './harness/node-harness.ts'
import { RawConnection, type RawResponse } from './harness/raw-connection.ts'
import { createScriptedManager, failingWrites, Gate } from './harness/story-app.ts'

const REMOVED_HEADERS = [
  'location',
  'etag',
  'last-modified',
  'content-encoding',
  'content-range',
  'accept-ranges',
  'link',
  'set-cookie',
  'trailer',
]

const diskFull = (): StoreError => new StoreError('create', new Error('disk full'), { applied: false })

/** Ignores backpressure and writes while there is a response, at most 1,000 times. */
async function writeWithoutBackpressure(res: ServerResponse): Promise<void> {
  for (let round = 0; round < 1000 && !res.destroyed; round += 1) {
    res.write('old response ')
    await turn()
  }
  res.end('old response')
}

describe.each(nodeFrameworks)('a failed commit in $name', ({ start }) => {
  async function sendRequest(app: Omit<NodeApp, 'sessions'>, headers: Readonly<Record<string, string>> = {}): Promise<RawResponse> {
    const { sessions, store } = createScriptedManager()
    store.script = failingWrites
    await using server = await start({ sessions, ...app })
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /', headers)
    return await connection.response()
  }

  const withChange =
    (handler: (res: ServerResponse, req: IncomingMessage) => unknown): Handler =>
    (req, res, session) => {
      session.set('a', 1)
      return handler(res, req)
    }

  function expectErrorPage(response: RawResponse): void {
    expect([response.status, response.body]).toEqual([503, 'error page: ERR_SESSION_STORE'])
    for (const name of REMOVED_HEADERS) expect([name, response.header(name)]).toEqual([name, undefined])
  }

  it.each<[string, (res: ServerResponse) => unknown]>([
    ['a redirect', (res) => res.writeHead(302, { Location: '/there' }).end('moved')],
    ['a 304', (res) => res.writeHead(304, { ETag: '"x"' }).end()],
    [
      'a page',
      (res) =>
        res
          .writeHead(200, 'Fine', { ETag: '"x"', Link: '</x>', 'Last-Modified': 'today', 'Content-Length': '4', 'Set-Cookie': 'mine=1' })
          .end('page'),
    ],
    [
      'a page with a content coding',
      (res) => res.writeHead(200, { 'Content-Encoding': 'gzip', 'Transfer-Encoding': 'chunked' }).end('page'),
    ],
    ['a range', (res) => res.writeHead(206, { 'Content-Range': 'bytes 0-3/9', 'Accept-Ranges': 'bytes' }).end('page')],
    ['a pipe', (res) => Readable.from(['a', 'b', 'c'.repeat(100_000)]).pipe(res)],
    ['an endless pipe', (res) => Readable.from(endless()).pipe(res)],
    ['a handler that ignores backpressure', writeWithoutBackpressure],
    [
      'a stream with trailers',
      (res) => {
        res.writeHead(200, { Trailer: 'Checksum' }).write('body')
        res.addTrailers({ Checksum: '42' })
        return res.end()
      },
    ],
  ])('replaces %s with the error page', async (_, handler) => {
    const response = await sendRequest({ handler: withChange(handler) })
    expectErrorPage(response)
    expect(response.trailers).toBe('')
  })

  it('during or after a stream sends the error page', async () => {
    for (const ended of [false, true]) {
      const { sessions, store } = createScriptedManager()
      const gate = new Gate()
      store.script = (operation) => (operation === 'load' ? undefined : gate.wait())
      await using server = await start({
        sessions,
        handler: withChange(async (res) => {
          res.write('a')
          await gate.reached
          res.write('b')
          if (ended) res.end('c')
          gate.fail(diskFull())
          if (!ended) await writeWithoutBackpressure(res)
        }),
      })
      await using connection = await RawConnection.open(server.port)
      connection.request('GET /')
      expectErrorPage(await connection.response())
      store.script = () => undefined
      connection.request('GET /again', { Connection: 'close' })
      expect(await connection.until(() => false)).toMatch(/^HTTP\/1\.1 200 /)
    }
  })

  it('keeps headers that do not describe the representation (CSP, CORS, Vary) and headers set before the session', async () => {
    const before: Middleware = (_req, res, next) => {
      res.setHeader('Set-Cookie', ['csrf=1'])
      res.setHeader('X-Request-Id', '7')
      next()
    }
    const response = await sendRequest({
      before: [before],
      handler: withChange((res) => {
        res.appendHeader('Set-Cookie', 'mine=1')
        res.writeHead(200, { 'Content-Security-Policy': "default-src 'self'", 'Access-Control-Allow-Origin': '*', Vary: 'Origin' }).end('x')
      }),
    })
    expect(response.status).toBe(503)
    expect(response.all('set-cookie')).toEqual(['csrf=1'])
    expect(['content-security-policy', 'access-control-allow-origin', 'vary', 'x-request-id'].map((name) => response.header(name))).toEqual(
      ["default-src 'self'", '*', 'Origin, Cookie', '7'],
    )
  })

  it.each<[string, (res: ServerResponse) => unknown]>([
    ['redirects', (res) => res.writeHead(302, { Location: '/error' }).end('sorry')],
    ['has status 200', (res) => res.writeHead(200).end('sorry')],
    ['sets no status', (res) => res.end('sorry')],
    ['streams', (res) => Readable.from(['sor', 'ry']).pipe(res)],
    [
      'is asynchronous',
      async (res) => {
        await turn()
        res.end('sorry')
      },
    ],
    [
      'is asynchronous and sets a head',
      async (res) => {
        await turn()
        res.statusCode = 503
        res.setHeader('Content-Type', 'text/plain')
        await turn()
        res.write('sor')
        await turn()
        res.end('ry')
      },
    ],
  ])('is sent as an error if the error page %s', async (_, page) => {
    const response = await sendRequest({ handler: withChange((res) => res.end('never seen')), errorPage: (_error, _req, res) => page(res) })
    expect([response.status, response.body, response.header('location')]).toEqual([503, 'sorry', undefined])
  })

  it.each<[string, (res: ServerResponse) => unknown]>([
    ['at once', (res) => res.end('sorry')],
    ['at once, in pieces', (res) => void (res.write('sor') && res.end('ry'))],
    [
      'later',
      async (res) => {
        for (let round = 0; round < 10; round += 1) await turn()
        res.statusCode = 503
        res.setHeader('Content-Type', 'text/plain')
        res.end('sorry')
      },
    ],
  ])('sends an error page that is written %s while the handler still writes', async (_, page) => {
    const response = await sendRequest({ handler: withChange(writeWithoutBackpressure), errorPage: (_error, _req, res) => page(res) })
    expect([response.status, response.body]).toEqual([503, 'sorry'])
  })

  it('sends no trailers with a streamed error page', async () => {
    const handler = withChange((res) => {
      res.addTrailers({ Checksum: '42' })
      res.end('never seen')
    })
    const response = await sendRequest({ handler, errorPage: (_error, _req, res) => Readable.from(['sor', 'ry']).pipe(res) })
    expect([response.body, response.trailers]).toEqual(['sorry', ''])
  })

  it('destroys a source piped into the response', async () => {
    const source = Readable.from(endless())
    expectErrorPage(await sendRequest({ handler: withChange((res) => source.pipe(res)) }))
    if (!source.destroyed) await once(source, 'close')
  })

  it('passes the error to write callbacks', async () => {
    const callback = Promise.withResolvers<unknown>()
    expectErrorPage(await sendRequest({ handler: withChange((res) => res.end('x', (error?: Error) => callback.resolve(error))) }))
    expect(await callback.promise).toMatchObject({ code: 'ERR_SESSION_STORE' })
  })

  const layers = {
    compression: compression({ threshold: 0 }) as unknown as Middleware,
    helmet: helmet(),
    morgan: morgan('tiny', { stream: { write() {} } }) as unknown as Middleware,
  }
  const all = Object.values(layers)
  it.each<[string, readonly Middleware[], readonly Middleware[]]>([
    ['before', all, []],
    ['after', [], all],
    ['on both sides', all, all],
  ])('sends the error page with compression, helmet and morgan %s', async (_, before, after) => {
    for (const handler of [
      withChange((res) => res.end('x'.repeat(200_000))),
      withChange((res) => Readable.from(['a', 'b'.repeat(200_000)]).pipe(res)),
      withChange(writeWithoutBackpressure),
    ]) {
      const { sessions, store } = createScriptedManager()
      await using server = await start({ sessions, before, after, handler: withContentType(handler) })
      const browser = new Browser(server.port)
      store.script = failingWrites
      const failed = await browser.get('/', { 'Accept-Encoding': 'gzip' })
      expect([failed.status, failed.body, failed.setCookies]).toEqual([503, 'error page: ERR_SESSION_STORE', []])
      store.script = () => undefined
      const succeeded = await browser.get('/', { 'Accept-Encoding': 'gzip' })
      expect([succeeded.status, succeeded.headers.get('content-encoding'), succeeded.setCookies.length]).toEqual([200, 'gzip', 1])
      expect(succeeded.headers.get('x-content-type-options')).toBe('nosniff')
      expect(succeeded.body.length).toBeGreaterThan(500)
    }
  })

  it('drops late writes of the old response while the error page is written', async () => {
    const started = new Gate()
    const lateWriter: Middleware = (_req, res, next) => {
      const { write, end } = res
      res.end = () => {
        Reflect.apply(write, res, ['early'])
        void started.reached.then(() => {
          Reflect.apply(write, res, ['late'])
          Reflect.apply(end, res, ['late'])
          started.open()
        })
        return res
      }
      next()
    }
    const response = await sendRequest({
      after: [lateWriter],
      handler: withChange((res) => res.end()),
      async errorPage(_error, _req, res) {
        res.writeHead(503, { 'Content-Type': 'text/plain' }).write('sor')
        await started.wait()
        res.end('ry')
      },
    })
    expect([response.status, response.body]).toEqual([503, 'sorry'])
  })

  it('of one manager lets the error page read the session of another for the first time', async () => {
    const admins = createScriptedManager({ as: 'adminSession', cookie: { name: 'admin' } })
    const { session } = await import('../../src/adapters/node.ts')
    const response = await sendRequest({
      after: [session(admins.sessions)],
      handler: withChange((res) => res.end('never seen')),
      errorPage: (_error, req, res) => res.end(`sorry ${admins.sessions.of(req).get('name', 'nobody')}`),
    })
    expect([response.status, response.body, response.header('vary')]).toEqual([503, 'sorry nobody', 'Cookie'])
  })

  it('of one manager keeps the commit and the cookie of another', async () => {
    const admins = createScriptedManager({ as: 'adminSession', cookie: { name: 'admin' } })
    const { session } = await import('../../src/adapters/node.ts')
    const response = await sendRequest({
      after: [session(admins.sessions)],
      handler: withChange((res, req) => {
        admins.sessions.of(req).set('b', 2)
        res.end('never seen')
      }),
    })
    expect(response.status).toBe(503)
    expect(response.all('set-cookie').map((each) => each.split('=')[0])).toEqual(['admin'])
    expect(await admins.rows()).toBe(1)
  })
})

describe(`a failed commit in ${plainNode.name}`, () => {
  it('sends a line of plain text', async () => {
    const { sessions, store } = createScriptedManager()
    store.script = failingWrites
    await using server = await plainNode.start({
      sessions,
      handler(_req, res, session) {
        session.set('a', 1)
        res.writeHead(302, { Location: '/there', ETag: '"x"' }).end('moved')
      },
    })
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /')
    const response = await connection.response()
    expect([response.status, response.body, response.header('content-type')]).toEqual([
      503,
      'Service Unavailable\n',
      'text/plain; charset=utf-8',
    ])
    for (const name of REMOVED_HEADERS) expect([name, response.header(name)]).toEqual([name, undefined])
  })
})

async function* endless(): AsyncGenerator<string> {
  for (;;) {
    yield 'endless '
    await turn()
  }
}

/** Sets a content type, because compression depends on it. */
function withContentType(handler: Handler): Handler {
  return (req, res, session) => {
    res.setHeader('Content-Type', 'text/plain')
    return handler(req, res, session)
  }
}
