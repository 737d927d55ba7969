import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { callNodeRequestHandler } from 'node-mock-http'
import { describe, expect, it } from 'vitest'
import { session as expressSession } from '../../src/adapters/express.ts'
import { session } from '../../src/adapters/node.ts'
import type { Session } from '../../src/core/session/session.ts'
import type { SessionOptions } from '../../src/index.ts'
import { Browser } from '../stories/harness/browser.ts'
import { listen } from '../stories/harness/node-response.ts'
import { createCookieStoreManager, createScriptedManager, type RunningServer, type ScriptedManager } from '../stories/harness/story-app.ts'

/** What `session()` gets in place of a response of Node. */
const responses: Readonly<Record<string, (req: IncomingMessage) => unknown>> = {
  '{}, as with ws': () => ({}),
  nothing: () => undefined,
  'the object of Engine.IO for a handshake': () => ({
    setHeader() {},
    getHeader() {},
    removeHeader() {},
    write() {},
    writeHead() {},
    end() {},
    on() {},
  }),
}

interface Fixture extends ScriptedManager, RunningServer {
  readonly browser: Browser
  /** Opens a socket and runs `act` with the session of its handshake. */
  connect<Result>(act: (session: Session) => Result | Promise<Result>): Promise<Result>
}

/** A server with pages, whose sockets get their session from the middleware. */
async function start({
  manager = createScriptedManager(),
  response = () => ({}),
}: {
  readonly manager?: ScriptedManager
  readonly response?: (req: IncomingMessage) => unknown
} = {}): Promise<Fixture> {
  const open = session(manager.sessions)
  const server = createServer((req, res) => {
    void open(req, res).then(() => {
      const opened = manager.sessions.of(req)
      const [, verb = '', value = ''] = req.url?.split('/') ?? []
      if (verb === 'login') opened.login(value)
      if (verb === 'set') opened.set('name', value)
      if (verb === 'leave') opened.delete('userId')
      res.end(JSON.stringify(opened))
    })
  })
  let act: (session: Session) => unknown = () => undefined
  let done: (run: () => Promise<unknown>) => void = () => undefined
  server.on('upgrade', (req: IncomingMessage, socket) => {
    open(req, response(req) as object, (error) => {
      done(async () => {
        if (error !== undefined) throw error as Error
        return act(manager.sessions.of(req))
      })
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n')
    })
  })
  const running = await listen(server)
  const browser = new Browser(running.port)
  return {
    ...manager,
    ...running,
    browser,
    async connect<Result>(given: (session: Session) => Result | Promise<Result>) {
      const { promise, resolve } = Promise.withResolvers<() => Promise<unknown>>()
      act = given
      done = resolve
      const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const sent = request({ port: running.port, host: '127.0.0.1', headers: { cookie, Connection: 'Upgrade', Upgrade: 'test' } }).end()
      const [, socket] = (await once(sent, 'upgrade')) as [unknown, { destroy(): void }]
      socket.destroy()
      const run = await promise
      return (await run()) as Result
    },
  }
}

const codeOf = async (act: () => unknown): Promise<unknown> => {
  try {
    await act()
    return 'nothing'
  } catch (error) {
    return (error as { code?: string }).code
  }
}

describe.each(Object.entries(responses))('session() with %s in place of a response', (_, response) => {
  it('reads the session, and saves changes of it with save()', async () => {
    await using server = await start({ response })
    await server.browser.get('/set/ada')
    const name = await server.connect(async (opened) => {
      opened.set('seen', true)
      await opened.save()
      return opened.get('name')
    })
    expect(name).toBe('ada')
    expect(JSON.parse((await server.browser.get('/')).body)).toEqual({ name: 'ada', seen: true })
  })

  it('passes the error of a failed load to next', async () => {
    await using server = await start({ response })
    await server.browser.get('/set/ada')
    server.store.script = () => Promise.reject(new Error('down'))
    await expect(server.connect(() => undefined)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })
  })
})

describe('without a response that can set a cookie', () => {
  it('changes that need a new id throw where they are made, and others are saved', async () => {
    const events: unknown[] = []
    await using server = await start({ manager: createScriptedManager({ onEvent: (event) => events.push(event) }) })
    await server.browser.get('/set/ada')
    await server.connect(async (opened) => {
      for (const act of [() => opened.login('ada'), () => opened.cycleId()]) {
        expect(act).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining('HTTP request') }))
        expect(events.at(-1)).toEqual({ type: 'cookie-refused', reason: 'no-response' })
      }
      opened.increment('visits')
      await opened.save()
    })
    expect(JSON.parse((await server.browser.get('/')).body)).toEqual({ name: 'ada', visits: 1 })
  })

  it.each<[string, (session: Session) => unknown]>([
    ['another user', (opened) => opened.set('userId', 'grace')],
    ['a cookie that ends with the browser', (opened) => opened.setExpiry('browser')],
  ])('%s is refused where it is set', async (_, change) => {
    await using server = await start()
    await server.browser.get('/login/ada')
    const before = [...server.browser.cookies]
    const code = await server.connect(async (opened) => {
      const refused = await codeOf(async () => change(opened))
      await opened.save()
      return refused
    })
    expect(code).toBe('ERR_SESSION_CONFIG')
    expect(JSON.parse((await server.browser.get('/')).body)).toEqual({ userId: 'ada' })
    expect([...server.browser.cookies]).toEqual(before)
  })

  it('a change that needs a new id because of another request is refused by save()', async () => {
    await using server = await start()
    await server.browser.get('/login/ada')
    const code = await server.connect(async (opened) => {
      opened.set('userId', 'ada') // no change, until the user logs out
      await server.browser.get('/leave')
      return codeOf(() => opened.save())
    })
    expect(code).toBe('ERR_SESSION_CONFIG')
    expect(JSON.parse((await server.browser.get('/')).body)).toEqual({})
  })

  it.each([false, true])('no session starts (lazy: %s)', async (lazy) => {
    await using server = await start({ manager: createScriptedManager({ lazy }) })
    const codes = await server.connect(async (opened) => [
      await codeOf(() => opened.set('a', 1)),
      await codeOf(() => opened.update('a', () => 1)),
      await codeOf(() => opened.flash('notice', 'x')),
      await codeOf(() => opened.delete('a')),
      await codeOf(() => opened.clear()),
      await codeOf(() => opened.save()),
    ])
    expect(codes).toEqual([...Array.from({ length: 3 }, () => 'ERR_SESSION_CONFIG'), 'nothing', 'nothing', 'nothing'])
    expect(await server.rows()).toBe(0)
  })

  it('no session starts in place of one that has ended', async () => {
    const manager = createScriptedManager({ lazy: true })
    await using server = await start({ manager })
    await server.browser.get('/set/ada')
    const { handle } = await manager.sessions.load(server.browser.cookies.get('sid') ?? '')
    expect(await manager.sessions.revoke(handle ?? '')).toBe(true)
    const code = await server.connect((opened) => {
      opened.set('a', 1)
      return codeOf(() => opened.save())
    })
    expect(code).toBe('ERR_SESSION_CONFIG')
    expect(await server.rows()).toBe(0)
  })

  it('a flush is performed, and what follows it is refused', async () => {
    await using server = await start()
    await server.browser.get('/set/ada')
    const codes = await server.connect(async (opened) => {
      opened.flush()
      return [await codeOf(() => opened.set('a', 1)), await codeOf(() => opened.save())]
    })
    expect([codes, await server.rows()]).toEqual([['ERR_SESSION_CONFIG', 'nothing'], 0])
  })

  it('a session that is stored in its cookie can only be read', async () => {
    await using server = await start({ manager: createCookieStoreManager() })
    await server.browser.get('/set/ada')
    const seen = await server.connect(async (opened) => [opened.get('name'), await codeOf(() => opened.set('a', 1))])
    expect(seen).toEqual(['ada', 'ERR_SESSION_CONFIG'])
  })
})

describe('internal requests through node-mock-http, as Nitro makes them', () => {
  const options: Partial<SessionOptions> = { cookie: { secure: true } }

  it.each([
    ['sojourn/node', session],
    ['sojourn/express', expressSession],
  ])('get the whole response, with the session of their cookie (%s)', async (_, make) => {
    const { sessions, rows } = createScriptedManager(options)
    const visitor = sessions.create().set('name', 'ada')
    await visitor.save()
    const open = make(sessions)
    const handler = (req: IncomingMessage, res: ServerResponse): Promise<void> =>
      new Promise((resolve, reject) =>
        open(req, res, (error) => {
          if (error !== undefined) return reject(error as Error)
          res.setHeader('Content-Type', 'text/plain')
          res.end(`hello ${sessions.of(req).get('name', 'nobody')}`)
          resolve()
        }),
      )
    const call = (headers: Record<string, string>): Promise<unknown> => callNodeRequestHandler(handler as never, { url: '/', headers })
    expect(await call({})).toMatchObject({ status: 200, body: 'hello nobody' })
    expect(await call({ cookie: `__Host-sid=${visitor.id}` })).toMatchObject({ status: 200, body: 'hello ada' })
    expect(await rows()).toBe(1)
  })
})
