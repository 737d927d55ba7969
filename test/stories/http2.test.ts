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

interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly trailers: Readonly<Record<string, string | string[] | undefined>>
}

/** The compatibility API of node:http2, in the clear. */
async function serve(
  handler: Handler,
  given = createScriptedManager(),
): Promise<
  ReturnType<typeof createScriptedManager> & AsyncDisposable & { readonly client: ClientHttp2Session; ask(method?: string): Promise<Got> }
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
    ask: (method = 'GET') => ask(client, method),
    async [Symbol.asyncDispose]() {
      client.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function ask(client: ClientHttp2Session, method: string): Promise<Got> {
  const stream = client.request({ ':path': '/', ':method': method })
  let trailers = {}
  stream.on('trailers', (given) => (trailers = given))
  const [headers] = (await once(stream, 'response')) as [Got['headers']]
  const body = await text(stream)
  return { status: Number(headers[':status']), headers, body, trailers }
}

describe('node:http2, the compatibility API', () => {
  const saving =
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
  ])('carries the cookie of %s', async (_, handler) => {
    await using server = await serve(saving(handler))
    const { status, headers, body } = await server.ask()
    expect([status, headers['x-a'], body, headers['set-cookie']?.length, headers['vary']]).toEqual([201, 'b', 'body', 1, 'Cookie'])
    expect(await server.rows()).toBe(1)
  })

  it('answers HEAD, sends trailers', async () => {
    await using server = await serve(
      saving((res) => {
        res.write('body')
        res.addTrailers({ checksum: '42' })
        res.end()
      }),
    )
    expect((await server.ask()).trailers['checksum']).toBe('42')
    expect(await server.ask('HEAD')).toMatchObject({ status: 200, body: '' })
  })

  it('looks started while it is held', async () => {
    const gate = new Gate()
    const given = createScriptedManager()
    given.store.script = gate.wait
    const seen: unknown[] = []
    await using server = await serve(
      saving(async (res) => {
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
    expect((await server.ask()).body).toBe('x')
    expect(seen).toEqual([false, false, true, true, true, 'ERR_HTTP_HEADERS_SENT'])
  })

  it.each<[string, (res: Http2ServerResponse) => unknown]>([
    ['a redirect', (res) => res.writeHead(302, { location: '/there' }).end()],
    ['a stream', (res) => Readable.from(['a', 'b'.repeat(100_000)]).pipe(res)],
  ])('turns %s whose commit fails into an error', async (_, handler) => {
    await using server = await serve(saving(handler))
    server.store.script = failingWrites
    const { status, headers, body } = await server.ask()
    expect([status, body, headers['location'], headers['set-cookie']]).toEqual([503, 'Service Unavailable\n', undefined, undefined])
  })

  it('sets as many cookies as a sealed session takes, beside those of the application', async () => {
    const text = Array.from({ length: 250 }, () => crypto.randomUUID()).join('')
    await using server = await serve((_req, res, session) => {
      session.set('text', text.slice(0, 8000))
      res.writeHead(200, { 'set-cookie': ['theme=dark'] }).end('body')
    }, createCookieStoreManager())
    const { status, headers } = await server.ask()
    const names = [headers['set-cookie'] ?? []].flat().map((each) => each.slice(0, each.indexOf('=')))
    expect([status, names]).toEqual([200, ['theme', 'sid', 'sid.1', 'sid.2']])
  })

  it('keeps a commit whose client has left', async () => {
    const gate = new Gate()
    const given = createScriptedManager()
    given.store.script = gate.wait
    const left = Promise.withResolvers<void>()
    const told = Promise.withResolvers<void>()
    await using server = await serve(
      saving((res) => {
        res.stream.once('close', left.resolve)
        res.write('x', () => told.resolve())
        res.end()
      }),
      given,
    )
    server.ask().catch(() => undefined)
    await gate.reached
    server.client.destroy()
    await left.promise
    gate.open()
    await told.promise
    expect(await server.rows()).toBe(1)
  })
})
