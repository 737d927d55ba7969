import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, expect, it, vi } from 'vitest'
import type { Session } from '../../src/core/session/session.ts'
import { type Handler, nodeFrameworks, plainNode } from './harness/node-harness.ts'
import { RawConnection, type RawResponse } from './harness/raw-connection.ts'
import { createScriptedManager, Gate } from './harness/story-app.ts'

// Everything a handler can do with Node's response, and what the client receives.
describe.each([plainNode, ...nodeFrameworks])('the response of $name', ({ start }) => {
  /** Sends one request to the handler. */
  async function sendRequest(handler: Handler, request = 'GET /', headers: Readonly<Record<string, string>> = {}): Promise<RawResponse> {
    const { sessions } = createScriptedManager()
    await using server = await start({ sessions, handler })
    await using connection = await RawConnection.open(server.port)
    connection.request(request, headers)
    return await connection.response({ toHead: request.startsWith('HEAD') })
  }

  const withChange =
    (handler: (res: ServerResponse, req: IncomingMessage) => unknown): Handler =>
    (req, res, session) => {
      session.set('a', 1)
      return handler(res, req)
    }

  it.each<[string, (res: ServerResponse) => unknown]>([
    ['an object', (res) => res.writeHead(201, { 'X-A': 'new', 'Set-Cookie': ['one=1', 'two=2'] })],
    [
      'pairs',
      (res) =>
        res.writeHead(201, [
          ['X-A', 'new'],
          ['Set-Cookie', 'one=1'],
          ['Set-Cookie', 'two=2'],
        ] as never),
    ],
    ['a flat array', (res) => res.writeHead(201, ['X-A', 'new', 'Set-Cookie', 'one=1', 'Set-Cookie', 'two=2'])],
    ['a message and an object', (res) => res.writeHead(201, 'Created', { 'X-A': 'new', 'Set-Cookie': ['one=1', 'two=2'] })],
  ])('supports writeHead with %s', async (_, writeHead) => {
    const response = await sendRequest(
      withChange((res) => {
        res.setHeader('X-A', 'old')
        writeHead(res)
        res.end('body')
      }),
    )
    expect([response.status, response.all('x-a'), response.body]).toEqual([201, ['new'], 'body'])
    expect(response.all('set-cookie').map((each) => each.split('=')[0])).toEqual(['one', 'two', 'sid'])
  })

  it('saves changes made in the same tick as the response and in promises that are already settled', async () => {
    const { sessions } = createScriptedManager()
    const handlers: Record<string, Handler> = {
      '/': async (_req, res, session) => {
        res.end()
        session.set('a', 1)
        await Promise.resolve()
        session.set('b', 2)
      },
      '/see': (_req, res, session) => res.end(JSON.stringify(session)),
    }
    await using server = await start({ sessions, handler: (req, res, session) => handlers[req.url ?? '']?.(req, res, session) })
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /')
    const Cookie = (await connection.response()).header('set-cookie')?.split(';')[0] ?? ''
    connection.request('GET /see', { Cookie })
    expect((await connection.response()).body).toBe('{"a":1,"b":2}')
  })

  it('reports sent headers while it is deferred', async () => {
    const { sessions, store } = createScriptedManager()
    const gate = new Gate()
    store.script = gate.wait
    const seen: unknown[] = []
    const recordState = (res: ServerResponse): void => {
      seen.push([res.headersSent, res.writableEnded, Reflect.get(res, 'finished'), res.writableFinished])
    }
    const codeOf = (act: () => unknown): unknown => {
      try {
        return act()
      } catch (error) {
        return (error as { code?: string }).code
      }
    }
    await using server = await start({
      sessions,
      handler: withChange(async (res) => {
        recordState(res)
        res.write('a')
        await gate.reached
        recordState(res)
        for (const act of [
          () => res.setHeader('A', 'b'),
          () => res.removeHeader('A'),
          () => res.appendHeader('A', 'b'),
          () => res.writeHead(200),
        ])
          seen.push(codeOf(act))
        res.statusCode = 404
        res.end('b')
        recordState(res)
        gate.open()
        await once(res, 'finish')
        recordState(res)
      }),
    })
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /')
    const response = await connection.response()
    expect([response.status, response.body]).toEqual([200, 'ab'])
    const sent = Array.from({ length: 4 }, () => 'ERR_HTTP_HEADERS_SENT')
    await using again = await RawConnection.open(server.port)
    again.request('GET /')
    await again.response()
    expect(seen.slice(0, 7)).toEqual([[false, false, false, false], [true, false, false, false], ...sent, [true, true, true, false]])
    expect(seen[7]).toEqual([true, true, true, true])
  })

  it('signals backpressure from 64 KiB on and emits drain', async () => {
    const { sessions, store } = createScriptedManager()
    const gate = new Gate()
    store.script = gate.wait
    const results: unknown[] = []
    await using server = await start({
      sessions,
      handler: withChange(async (res) => {
        results.push(res.write('x'.repeat(65_535)), res.writableNeedDrain, res.write('x'), res.writableNeedDrain)
        await gate.reached
        results.push(res.write('y'))
        gate.open()
        await once(res, 'drain')
        results.push(res.writableNeedDrain)
        res.end('z')
      }),
    })
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /')
    expect((await connection.response()).body).toBe(`${'x'.repeat(65_536)}yz`)
    expect(results).toEqual([true, false, false, true, false, false])
  })

  it('keeps every byte of a pipe, a pipeline and an async iterator', async () => {
    const big = 'a line of text\n'.repeat(100_000)
    const writers: ((res: ServerResponse) => unknown)[] = [
      (res) => Readable.from(big.match(/[\s\S]{1,70000}/g) ?? []).pipe(res),
      (res) => pipeline(Readable.from([big.slice(0, 100_000), big.slice(100_000)]), res),
      (res) =>
        pipeline(async function* () {
          for (let at = 0; at < big.length; at += 60_000) yield big.slice(at, at + 60_000)
        }, res),
    ]
    for (const writer of writers) expect((await sendRequest(withChange(writer))).body === big).toBe(true)
  })

  it('streams a file', async () => {
    const response = await sendRequest(withChange((res) => createReadStream(import.meta.filename).pipe(res)))
    expect(response.body).toContain('// Everything a handler can do')
  })

  it('sends no body for HEAD, 204 and 304', async () => {
    const head = await sendRequest(
      withChange((res) => res.end('body')),
      'HEAD /',
    )
    const empty = await Promise.all(
      [204, 304].map((status) => sendRequest(withChange((res) => res.writeHead(status, { ETag: '"x"' }).end('ignored')))),
    )
    expect([head, ...empty].map(({ status, body }) => [status, body])).toEqual([
      [200, ''],
      [204, ''],
      [304, ''],
    ])
    for (const response of [head, ...empty]) expect(response.all('set-cookie')).toHaveLength(1)
  })

  it('sends headers before there is a body, and then events', async () => {
    const { sessions } = createScriptedManager()
    const gate = new Gate()
    await using server = await start({
      sessions,
      handler: withChange(async (res) => {
        res.writeHead(200, { 'Content-Type': 'text/event-stream' })
        res.flushHeaders()
        await gate.wait()
        res.write('data: 1\n\n')
        res.end('data: 2\n\n')
      }),
    })
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /')
    expect(await connection.head()).toMatch(/Set-Cookie: sid=[\s\S]*\r\n\r\n$/)
    gate.open()
    expect((await connection.response()).body).toBe('data: 1\n\ndata: 2\n\n')
  })

  it('sends trailers', async () => {
    const response = await sendRequest(
      withChange((res) => {
        res.writeHead(200, { Trailer: 'Checksum' })
        res.write('body')
        res.addTrailers({ Checksum: '42' })
        res.end()
      }),
    )
    expect([response.body, response.trailers]).toEqual(['body', 'Checksum: 42'])
  })

  it('sends 1xx responses at once', async () => {
    const response = await sendRequest(
      withChange((res) => {
        res.writeProcessing()
        res.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' })
        res.end('body')
      }),
    )
    expect([response.informational, response.status, response.body, response.all('set-cookie').length]).toEqual([
      [102, 103],
      200,
      'body',
      1,
    ])
  })

  it('keeps the order of pipelined requests on one connection', async () => {
    const { sessions, store } = createScriptedManager()
    store.script = () => new Promise((resolve) => setImmediate(resolve))
    await using server = await start({ sessions, handler: withChange((res, req) => res.end(req.url)) })
    await using connection = await RawConnection.open(server.port)
    for (let index = 0; index < 20; index += 1) connection.request(`GET /${index}`)
    for (let index = 0; index < 20; index += 1) expect((await connection.response()).body).toBe(`/${index}`)
  })

  it('throws the errors of Node for an invalid head or chunk, and can still respond', async () => {
    const codes: unknown[] = []
    const tried = (act: () => unknown): void => {
      try {
        act()
      } catch (error) {
        codes.push((error as { code?: string }).code)
      }
    }
    const response = await sendRequest(
      withChange((res) => {
        tried(() => res.writeHead(99))
        tried(() => res.writeHead(200, 'böse\n'))
        tried(() => res.writeHead(200, { 'X-A': 'a\nb' }))
        tried(() => Reflect.apply(res.write, res, [42]))
        tried(() => Reflect.apply(res.write, res, [null]))
        tried(() => Reflect.apply(res.end, res, [{}]))
        res.statusMessage = 'Fine'
        res.writeHead(200).end('fine')
      }),
    )
    expect(codes).toEqual([
      'ERR_HTTP_INVALID_STATUS_CODE',
      'ERR_INVALID_CHAR',
      'ERR_INVALID_CHAR',
      'ERR_INVALID_ARG_TYPE',
      'ERR_STREAM_NULL_VALUES',
      'ERR_INVALID_ARG_TYPE',
    ])
    expect([response.status, response.body]).toEqual([200, 'fine'])
  })

  it('calls back for write, end and a second end', async () => {
    const callbacks: string[] = []
    const response = await sendRequest(
      withChange((res) => {
        res.write('a', () => callbacks.push('written'))
        res.end('b', () => callbacks.push('ended'))
        res.end(() => callbacks.push('ended again'))
      }),
    )
    expect(response.body).toBe('ab')
    expect(callbacks.toSorted()).toEqual(['ended', 'ended again', 'written'])
  })

  it('completes a commit whose client has disconnected', async () => {
    const { sessions, store, rows } = createScriptedManager()
    const gate = new Gate()
    const left = Promise.withResolvers<unknown>()
    store.script = gate.wait
    await using server = await start({
      sessions,
      handler: (_req: IncomingMessage, res: ServerResponse, session: Session) => {
        session.set('a', 1)
        res.once('close', () => left.resolve(res.writableFinished))
        res.write('a', (error) => writeError.resolve(error))
        res.end()
      },
    })
    const writeError = Promise.withResolvers<unknown>()
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /')
    await gate.reached
    connection.reset()
    expect(await left.promise).toBe(false)
    gate.open()
    expect(await writeError.promise).toMatchObject({ code: 'ERR_STREAM_DESTROYED' })
    expect(await rows()).toBe(1)
  })

  it('commits although the client disconnected before the response', async () => {
    const { sessions, rows } = createScriptedManager()
    const gate = new Gate()
    const committed = Promise.withResolvers<unknown>()
    await using server = await start({
      sessions,
      async handler(_req, res, session) {
        const left = once(res, 'close')
        await gate.wait()
        await left
        session.set('a', 1)
        res.end('x', (error?: Error) => committed.resolve(error))
      },
    })
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /')
    await gate.reached
    connection.reset()
    gate.open()
    expect(await committed.promise).toMatchObject({ code: 'ERR_STREAM_DESTROYED' })
    expect(await rows()).toBe(1)
  })

  it('is sent completely if the socket is destroyed after end', async () => {
    const response = await sendRequest(
      withChange((res, req) => {
        res.end('whole')
        req.socket.destroy()
      }),
    )
    expect(response.body).toBe('whole')
  })

  it('is aborted if the socket is destroyed before end, as without a session', async () => {
    await expect(
      sendRequest(
        withChange((res, req) => {
          res.write('half')
          req.socket.destroy()
        }),
      ),
    ).rejects.toThrow('The connection closed')
  })

  describe('a session that is read for the first time after the start', () => {
    it('throws while the body is written, as a write does, because `Vary` is missing', async () => {
      const events: unknown[] = []
      const { sessions } = createScriptedManager({ onEvent: (event) => events.push(event) })
      const codes: unknown[] = []
      await using server = await start({
        sessions,
        async handler(_req, res, session) {
          res.write('a')
          await new Promise((resolve) => setImmediate(resolve))
          for (const act of [() => session.get('name'), () => session.userId, () => session.set('a', 1), () => session.get('name')])
            try {
              act()
            } catch (error) {
              codes.push((error as { code?: string }).code)
            }
          res.end('b')
        },
      })
      await using connection = await RawConnection.open(server.port)
      connection.request('GET /')
      const response = await connection.response()
      expect([response.body, response.header('vary')]).toEqual(['ab', undefined])
      expect(codes).toEqual(Array.from({ length: 4 }, () => 'ERR_SESSION_HEADERS_SENT'))
      expect(events).toContainEqual({ type: 'late-read', reason: 'no-vary' })
    })

    it('can be read once the response has ended, as a logger does', async () => {
      const { sessions } = createScriptedManager()
      const warn = vi.spyOn(console, 'warn')
      const logged = Promise.withResolvers<unknown>()
      await using server = await start({
        sessions,
        handler(_req, res, session) {
          res.once('finish', () => logged.resolve(session.get('name', 'nobody')))
          res.end('page')
        },
      })
      await using connection = await RawConnection.open(server.port)
      connection.request('GET /')
      expect((await connection.response()).body).toBe('page')
      expect([await logged.promise, warn.mock.calls]).toEqual(['nobody', []])
    })

    it('can be read once the client has disconnected', async () => {
      const { sessions } = createScriptedManager()
      const logged = Promise.withResolvers<unknown>()
      await using server = await start({
        sessions,
        handler(_req, res, session) {
          res.once('close', () => logged.resolve(session.get('name', 'nobody')))
          res.write('page')
        },
      })
      await using connection = await RawConnection.open(server.port)
      connection.request('GET /')
      await connection.head()
      connection.reset()
      expect(await logged.promise).toBe('nobody')
    })

    it('can be read if it was read before', async () => {
      const response = await sendRequest((_req, res, session) => {
        const before = session.get('name', 'nobody')
        res.write(before)
        setImmediate(() => res.end(session.get('name', before)))
      })
      expect([response.body, response.header('vary')]).toEqual(['nobodynobody', 'Cookie'])
    })
  })

  it('supports two managers, each with its own cookie', async () => {
    const admins = createScriptedManager({ as: 'adminSession', cookie: { name: 'admin' } })
    const { sessions } = createScriptedManager()
    const { session } = await import('../../src/adapters/node.ts')
    await using server = await start({
      sessions,
      after: [session(admins.sessions), session(sessions), session(admins.sessions)],
      handler: withChange((res, req) => {
        admins.sessions.of(req).set('b', 2)
        res.end(String('adminSession' in req))
      }),
    })
    await using connection = await RawConnection.open(server.port)
    connection.request('GET /')
    const response = await connection.response()
    expect(response.body).toBe('true')
    expect(response.all('set-cookie').map((each) => each.split('=')[0])).toEqual(['sid', 'admin'])
    expect(response.all('vary')).toEqual(['Cookie'])
  })
})
