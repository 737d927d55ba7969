import { once } from 'node:events'
import { connect, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Hono } from 'hono'
import { streamText } from 'hono/streaming'
import { describe, expect, it } from 'vitest'
import { session as honoSession } from '../../src/adapters/hono.ts'
import { session as nodeSession } from '../../src/adapters/node.ts'
import { withSession } from '../../src/adapters/web.ts'
import type { Session, Sessions } from '../../src/index.ts'
import { createScriptedManager, failingWrites } from '../stories/harness/story-app.ts'

// The option `saveOnEnd` where a response is a `Response`, and over HTTP/2. HTTP/1 is in
// `stories/late-changes.test.ts`.

type Fetch = (request: Request) => Promise<Response>

/** A body that increments `n` before each of its parts. */
function streamed(session: Session<any>, onCancel: () => void = () => undefined): Response {
  let parts = 0
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    await nextTurn()
    parts += 1
    if (parts > 3) return controller.close()
    session.increment('n')
    controller.enqueue(new TextEncoder().encode('x'))
  }
  return new Response(new ReadableStream({ pull, cancel: onCancel }, { highWaterMark: 0 }))
}

function webApp(sessions: Sessions<any>): Fetch {
  return withSession(sessions, (request, session): Response => {
    session.get('n')
    if (new URL(request.url).pathname === '/start') session.set('n', 0)
    return new URL(request.url).pathname === '/stream' ? streamed(session) : Response.json(session.toObject())
  })
}

function honoApp(sessions: Sessions<any>): Fetch {
  const app = new Hono()
  app.use(honoSession(sessions))
  app.get('/start', (c) => {
    c.var.session.set('n', 0)
    return c.text('started')
  })
  app.get('/stream', (c) => {
    c.var.session.get('n')
    return streamText(c, async (out) => {
      for (let part = 0; part < 3; part += 1) {
        await nextTurn()
        ;(c.var.session as Session<any>).increment('n')
        await out.write('x')
      }
    })
  })
  app.get('/read', (c) => c.json(c.var.session.toObject()))
  return async (request) => app.fetch(request)
}

describe.each([
  ['sojourn/web', webApp],
  ['sojourn/hono', honoApp],
])('changes during a stream of %s', (_name, makeApp) => {
  async function startApp() {
    const manager = createScriptedManager({ saveOnEnd: true })
    const app = makeApp(manager.sessions)
    const started = await app(new Request('http://localhost/start'))
    const cookie = started.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const get = (path: string): Promise<Response> => app(new Request(`http://localhost${path}`, { headers: { cookie } }))
    return { ...manager, get, read: async () => (await get('/read')).json() }
  }

  it('are saved when the bodies are read: ten parallel streams lose no increment', async () => {
    const { get, read } = await startApp()
    const bodies = await Promise.all(Array.from({ length: 10 }, async () => (await get('/stream')).text()))
    expect(new Set(bodies)).toEqual(new Set(['xxx']))
    expect(await read()).toEqual({ n: 30 })
  })

  it('whose commit fails make the body fail', async () => {
    const { get, read, store } = await startApp()
    const response = await get('/stream')
    store.script = failingWrites
    await expect(response.text()).rejects.toThrow()
    store.script = () => undefined
    expect(await read()).toEqual({ n: 0 })
  })
})

describe('a stream of sojourn/web', () => {
  it('that is cancelled loses what was not saved, which an event reports', async () => {
    const types: string[] = []
    const { sessions } = createScriptedManager({ saveOnEnd: true, onEvent: ({ type }) => void types.push(type) })
    const app = webApp(sessions)
    const cookie = (await app(new Request('http://localhost/start'))).headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const response = await app(new Request('http://localhost/stream', { headers: { cookie } }))
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    await expect.poll(() => types).toContain('uncommitted')
  })

  it('is passed on as it is without the option, and without a body', async () => {
    const response = new Response('x')
    expect(await withSession(createScriptedManager().sessions, () => response)(new Request('http://localhost/'))).toBe(response)
    const empty = new Response()
    expect(await withSession(createScriptedManager({ saveOnEnd: true }).sessions, () => empty)(new Request('http://localhost/'))).toBe(
      empty,
    )
  })
})

describe('changes during a stream over HTTP/2', () => {
  it('are saved before its end, or the stream is reset', async () => {
    const { sessions, store } = createScriptedManager({ saveOnEnd: true })
    const open = nodeSession(sessions)
    const server = createServer(async (req, res) => {
      await open(req, res)
      const session = sessions.of(req) as Session<any>
      if (req.url === '/start') session.set('n', 0)
      if (req.url !== '/stream') return void res.end(JSON.stringify(session.toObject()))
      session.get('n')
      res.write('began ')
      await nextTurn()
      session.increment('n')
      res.end('ended')
      return undefined
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    let cookie = ''
    async function get(path: string): Promise<string> {
      const stream = client.request({ ':path': path, cookie })
      const [headers] = (await once(stream, 'response')) as [{ 'set-cookie'?: string[] }]
      cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? cookie
      return (await stream.setEncoding('utf8').toArray()).join('')
    }
    await get('/start')
    expect(await get('/stream')).toBe('began ended')
    expect(await get('/read')).toBe('{"n":1}')
    store.script = failingWrites
    await expect(get('/stream')).rejects.toThrow()
    store.script = () => undefined
    expect(await get('/read')).toBe('{"n":1}')
    client.destroy()
    server.close()
  })
})
