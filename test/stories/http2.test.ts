import { once } from 'node:events'
import { type ClientHttp2Session, connect, createServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { session } from '../../src/adapters/node.ts'
import type { Session } from '../../src/core/session/session.ts'
import { createCookieStoreManager, createScriptedManager, failingWrites, Gate } from './harness/story-app.ts'

type Handler = (req: Http2ServerRequest, res: Http2ServerResponse, session: Session) => unknown

interface Http2Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly trailers: Readonly<Record<string, string | string[] | undefined>>
}

/** Starts a server with the compatibility API of node:http2, without TLS. */
async function serve(
  handler: Handler,
  given = createScriptedManager(),
): Promise<
  ReturnType<typeof createScriptedManager> &
    AsyncDisposable & { readonly client: ClientHttp2Session; sendRequest(method?: string): Promise<Http2Response> }
> {
  const open = session(given.sessions)
  const server = createServer((req, res) => {
    void open(req, res).then(() => handler(req, res, open.sessions.of(req)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return {
    ...given,
    client,
    sendRequest: (method = 'GET') => sendRequest(client, method),
    async [Symbol.asyncDispose]() {
      client.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function sendRequest(client: ClientHttp2Session, method: string): Promise<Http2Response> {
  const stream = client.request({ ':path': '/', ':method': method })
  let trailers = {}
  stream.on('trailers', (given) => (trailers = given))
  const [headers] = (await once(stream, 'response')) as [Http2Response['headers']]
  const body = await text(stream)
  return { status: Number(headers[':status']), headers, body, trailers }
}

describe('node:http2, the compatibility API', () => {
  const withChange =
    (handler: (res: Http2ServerResponse) => unknown): Handler =>
    (_req, res, session) => {
      session.set('a', 1)
      return handler(res)
    }

  it.each<[string, (res: Http2ServerResponse) => unknown]>([
    ['writeHead and end', (res) => res.writeHead(201, { 'x-a': 'b' }).end('body')],
    [
      'writes',
      (res) => {
        res.statusCode = 201
        res.setHeader('x-a', 'b')
        res.write('bo')
        res.end('dy')
      },
    ],
    [
      'a pipe',
      (res) => {
        res.writeHead(201, { 'x-a': 'b' })
        Readable.from(['bo', 'dy']).pipe(res)
      },
    ],
    [
      'flushed headers',
      (res) => {
        res.statusCode = 201
        res.setHeader('x-a', 'b')
        ;(res as Http2ServerResponse & { flushHeaders(): void }).flushHeaders()
        setImmediate(() => res.end('body'))
      },
    ],
  ])('sets the cookie for %s', async (_, handler) => {
    await using server = await serve(withChange(handler))
    const { status, headers, body } = await server.sendRequest()
    expect([status, headers['x-a'], body, headers['set-cookie']?.length, headers['vary']]).toEqual([201, 'b', 'body', 1, 'Cookie'])
    expect(await server.rows()).toBe(1)
  })

  it('responds to HEAD and sends trailers', async () => {
    await using server = await serve(
      withChange((res) => {
        res.write('body')
        res.addTrailers({ checksum: '42' })
        res.end()
      }),
    )
    expect((await server.sendRequest()).trailers['checksum']).toBe('42')
    expect(await server.sendRequest('HEAD')).toMatchObject({ status: 200, body: '' })
  })

  it('reports sent headers while the response is deferred', async () => {
    const gate = new Gate()
    const given = createScriptedManager()
    given.store.script = gate.wait
    const seen: unknown[] = []
    await using server = await serve(
      withChange(async (res) => {
        seen.push(res.headersSent, res.writableEnded)
        res.end('x')
        await gate.reached
        seen.push(res.headersSent, res.writableEnded, Reflect.get(res, 'finished'))
        try {
          res.setHeader('a', 'b')
        } catch (error) {
          seen.push((error as { code?: string }).code)
        }
        gate.open()
      }),
      given,
    )
    expect((await server.sendRequest()).body).toBe('x')
    expect(seen).toEqual([false, false, true, true, true, 'ERR_HTTP_HEADERS_SENT'])
  })

  it.each<[string, (res: Http2ServerResponse) => unknown]>([
    ['a redirect', (res) => res.writeHead(302, { location: '/there' }).end()],
    ['a stream', (res) => Readable.from(['a', 'b'.repeat(100_000)]).pipe(res)],
  ])('replaces %s with an error if the commit fails', async (_, handler) => {
    await using server = await serve(withChange(handler))
    server.store.script = failingWrites
    const { status, headers, body } = await server.sendRequest()
    expect([status, body, headers['location'], headers['set-cookie']]).toEqual([503, 'Service Unavailable\n', undefined, undefined])
  })

  it('sets as many cookies as a cookie session needs, in addition to those of the application', async () => {
    const text = Array.from({ length: 250 }, () => crypto.randomUUID()).join('')
    await using server = await serve((_req, res, session) => {
      session.set('text', text.slice(0, 8000))
      res.writeHead(200, { 'set-cookie': ['theme=dark'] }).end('body')
    }, createCookieStoreManager())
    const { status, headers } = await server.sendRequest()
    const names = [headers['set-cookie'] ?? []].flat().map((each) => each.slice(0, each.indexOf('=')))
    expect([status, names]).toEqual([200, ['theme', 'sid', 'sid.1', 'sid.2']])
  })

  it('completes a commit whose client has disconnected', async () => {
    const gate = new Gate()
    const given = createScriptedManager()
    given.store.script = gate.wait
    const left = Promise.withResolvers<void>()
    const written = Promise.withResolvers<void>()
    await using server = await serve(
      withChange((res) => {
        res.stream.once('close', left.resolve)
        res.write('x', () => written.resolve())
        res.end()
      }),
      given,
    )
    server.sendRequest().catch(() => undefined)
    await gate.reached
    server.client.destroy()
    await left.promise
    gate.open()
    await written.promise
    expect(await server.rows()).toBe(1)
  })
})
