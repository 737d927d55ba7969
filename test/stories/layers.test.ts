import { once } from 'node:events'
import { createServer as createHttp1, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { connect, createServer as createHttp2, type Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import compression from 'compression'
import onHeaders from 'on-headers'
import responseTime from 'response-time'
import { describe, expect, it } from 'vitest'
import { session } from '../../src/adapters/node.ts'
import type { Middleware } from './harness/node-harness.ts'
import { createScriptedManager, failingWrites, Gate } from './harness/story-app.ts'

type Compressed = ServerResponse & { flush(): void }

/** What the client received. */
interface Received {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The body, decoded as its headers say. */
  readonly body: string
}

/** A server of one protocol, and its client. */
interface Protocol {
  readonly name: string
  serve(listener: (req: IncomingMessage, res: ServerResponse) => void): Server | Http2Server
  receive(port: number): Promise<Received>
}

const ACCEPT = { 'accept-encoding': 'gzip' }

const protocols: readonly Protocol[] = [
  {
    name: 'HTTP/1.1',
    serve: (listener) => createHttp1(listener),
    async receive(port) {
      const sent = request({ port, host: '127.0.0.1', headers: ACCEPT, agent: false }).end()
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      return { status: response.statusCode ?? 0, headers: response.headers, body: decode(response.headers, await buffer(response)) }
    },
  },
  {
    name: 'HTTP/2',
    serve: (listener) => createHttp2((req, res) => listener(req as unknown as IncomingMessage, res as unknown as ServerResponse)),
    async receive(port) {
      const client = connect(`http://127.0.0.1:${port}`)
      const stream = client.request({ ':path': '/', ...ACCEPT })
      const [headers] = (await once(stream, 'response')) as [Received['headers'] & { readonly ':status'?: number }]
      const body = decode(headers, await buffer(stream))
      client.close()
      return { status: headers[':status'] ?? 0, headers, body }
    },
  },
]

function decode(headers: Received['headers'], body: Buffer): string {
  return (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString()
}

const PIECES = ['the first line\n', 'x'.repeat(70_000), '\nthe last line\n']
const BODY = PIECES.join('')

/** Every way in which a response starts. The commit is done, or not, when `mayEnd` resolves. */
const starts: Readonly<Record<string, (res: Compressed, mayEnd: Promise<unknown>) => unknown>> = {
  async writeHead(res, mayEnd) {
    res.writeHead(200, { 'Content-Type': 'text/plain' })
    await writePieces(res, mayEnd)
  },
  async 'writeHead with a flat array'(res, mayEnd) {
    res.writeHead(200, ['Content-Type', 'text/plain'])
    await writePieces(res, mayEnd)
  },
  async flushHeaders(res, mayEnd) {
    res.setHeader('Content-Type', 'text/plain')
    res.flushHeaders()
    await writePieces(res, mayEnd)
  },
  async write(res, mayEnd) {
    res.setHeader('Content-Type', 'text/plain')
    await writePieces(res, mayEnd)
  },
  end(res) {
    res.setHeader('Content-Type', 'text/plain')
    res.end(BODY)
  },
  pipe(res) {
    res.setHeader('Content-Type', 'text/plain')
    Readable.from(PIECES).pipe(res)
  },
  async 'server-sent events'(res, mayEnd) {
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
    res.flushHeaders()
    for (const piece of PIECES) {
      res.write(piece)
      res.flush()
      await turn()
    }
    await mayEnd
    res.end()
  },
}

async function writePieces(res: ServerResponse, mayEnd: Promise<unknown>): Promise<void> {
  const [first = '', second = '', last = ''] = PIECES
  res.write(first)
  await turn()
  res.write(second)
  await mayEnd
  res.end(last)
}

/** A layer that sets a cookie when the response starts, as cookie libraries do, and has no guard against a second start. */
const cookieLayer: Middleware = (_req, res, next) => {
  const { writeHead } = res
  const wrapped = (...args: unknown[]): unknown => {
    res.appendHeader('Set-Cookie', `layer=${String(res.headersSent)}`)
    return Reflect.apply(writeHead, res, args)
  }
  res.writeHead = wrapped as ServerResponse['writeHead']
  next()
}

const statusLayer: Middleware = (_req, res, next) => {
  onHeaders(res, () => res.setHeader('X-Status', String(res.statusCode)))
  next()
}

const layers = [compression({ threshold: 0 }), responseTime(), statusLayer, cookieLayer] as unknown as readonly Middleware[]

interface App {
  readonly protocol: Protocol
  readonly before?: readonly Middleware[]
  readonly after?: readonly Middleware[]
  readonly manager?: ReturnType<typeof createScriptedManager>
  readonly handler: (res: Compressed) => unknown
  readonly errorPage?: (res: ServerResponse) => unknown
}

/** Sends one request to an application with these layers, whose handler changes the session. */
async function receive({
  protocol,
  before = [],
  after = [],
  manager = createScriptedManager(),
  handler,
  errorPage,
}: App): Promise<Received> {
  const open = session(manager.sessions)
  const stack = [...before, open, ...after] as readonly Middleware[]
  const server = protocol.serve((req, res) => {
    const run = (index: number, error?: unknown): void => {
      if (error !== undefined) return void errorPage?.(res)
      const middleware = stack[index]
      if (middleware !== undefined) return middleware(req, res, (failed) => run(index + 1, failed))
      open.sessions.of(req).set('a', 1)
      handler(res as Compressed)
    }
    run(0)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await protocol.receive((server.address() as AddressInfo).port)
  } finally {
    server.close()
  }
}

function namesOf({ headers }: Received): string[] {
  return [headers['set-cookie'] ?? []].flat().map((each) => each.split(';')[0]?.replace(/^sid=.*/, 'sid') ?? '')
}

const places = [
  { place: 'before', before: layers, after: [] },
  { place: 'after', before: [], after: layers },
]

describe.each(protocols)('layers around a response over $name', (protocol) => {
  describe.each(places)('$place the session', ({ before, after }) => {
    it.each(Object.entries(starts))('see the start once, with a fast store: %s', async (_, start) => {
      const received = await receive({ protocol, before, after, handler: (res) => start(res, turn()) })
      expectComplete(received)
    })

    it.each(Object.entries(starts))('see the start once, with a store slower than the handler: %s', async (_, start) => {
      const manager = createScriptedManager()
      const gate = new Gate()
      manager.store.script = (operation) => (operation === 'create' ? gate.wait() : undefined)
      const handler = async (res: Compressed): Promise<void> => {
        start(res, gate.reached)
        await gate.reached
        for (let round = 0; round < 5; round += 1) await turn()
        gate.open()
      }
      expectComplete(await receive({ protocol, before, after, manager, handler }))
    })

    it.each(Object.entries(starts))('see the start once, with a commit that ends in the middle of the body: %s', async (_, start) => {
      const manager = createScriptedManager()
      const committed = Promise.withResolvers<void>()
      manager.store.script = async (operation) => {
        if (operation === 'create') setImmediate(() => setImmediate(committed.resolve))
      }
      expectComplete(await receive({ protocol, before, after, manager, handler: (res) => start(res, committed.promise) }))
    })

    it.each(Object.entries(starts))('leave a failed commit its error page: %s', async (_, start) => {
      const manager = createScriptedManager()
      manager.store.script = failingWrites
      const handler = (res: Compressed): unknown => start(res, turn())
      const errorPage = (res: ServerResponse): unknown => res.writeHead(503, { 'Content-Type': 'text/plain' }).end('sorry')
      const { status, headers, body } = await receive({ protocol, before, after, manager, handler, errorPage })
      expect([status, body, headers['x-response-time'] !== undefined]).toEqual([503, 'sorry', true])
    })
  })

  it.each<[string, (res: ServerResponse) => unknown]>([
    ['writeHead', (res) => res.writeHead(500, { 'Content-Type': 'text/plain' }).end('sorry')],
    ['end', (res) => res.end('sorry')],
    ['write', (res) => res.write('so') && res.end('rry')],
    ['flushHeaders', (res) => res.flushHeaders() ?? res.end('sorry')],
    ['pipe', (res) => Readable.from(['so', 'rry']).pipe(res)],
  ])('that the error page adds see its start once: %s', async (_, page) => {
    const manager = createScriptedManager()
    manager.store.script = failingWrites
    const received = await receive({
      protocol,
      manager,
      handler: (res) => res.end('never seen'),
      errorPage: (res) => statusLayer({} as IncomingMessage, res, () => cookieLayer({} as IncomingMessage, res, () => page(res))),
    })
    expect([received.status >= 500, received.body, received.headers['x-status'] !== undefined, namesOf(received)]).toEqual([
      true,
      'sorry',
      true,
      ['layer=false'],
    ])
  })

  it.each(Object.entries(starts))('see the start when the writer starts, before the commit: %s', async (_, start) => {
    const manager = createScriptedManager()
    const seen: string[] = []
    manager.store.script = (operation) => void seen.push(operation)
    const layer: Middleware = (_req, res, next) => {
      const { writeHead } = res
      res.writeHead = ((...args: unknown[]) => {
        seen.push('start')
        return Reflect.apply(writeHead, res, args)
      }) as ServerResponse['writeHead']
      next()
    }
    const handler = (res: Compressed): unknown => start(Object.assign(res, { flush() {} }), turn())
    expect((await receive({ protocol, manager, after: [layer], handler })).body).toBe(BODY)
    expect(seen).toEqual(['start', 'create'])
  })

  it('that keep the start for themselves lose no response', async () => {
    const silent: Middleware = (_req, res, next) => {
      res.writeHead = () => res
      next()
    }
    for (const [name, start] of Object.entries(starts)) {
      if (name.startsWith('writeHead') || name.startsWith('server')) continue
      const handler = (res: Compressed): unknown => start(res, turn())
      expect(await receive({ protocol, after: [silent], handler })).toMatchObject({ status: 200, body: BODY })
    }
  })

  it('can change the status', async () => {
    const teapot: Middleware = (_req, res, next) => {
      onHeaders(res, () => (res.statusCode = 418))
      next()
    }
    for (const app of [{ before: [teapot] }, { after: [teapot] }])
      for (const start of Object.values(starts)) {
        const handler = (res: Compressed): unknown => start(Object.assign(res, { flush() {} }), turn())
        expect(await receive({ protocol, ...app, handler })).toMatchObject({ status: 418, body: BODY })
      }
  })
})

function expectComplete(received: Received): void {
  const { status, headers, body } = received
  expect([status, headers['content-encoding'], body === BODY]).toEqual([200, 'gzip', true])
  expect([headers['x-status'], headers['x-response-time'] !== undefined]).toEqual(['200', true])
  expect(namesOf(received).toSorted()).toEqual(['layer=false', 'sid'])
}
