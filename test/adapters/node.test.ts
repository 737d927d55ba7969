import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { type SessionRequest, session, withSession } from '../../src/adapters/node.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { Browser } from '../stories/harness/browser.ts'
import { listen } from '../stories/harness/node-response.ts'
import { createScriptedManager, failingWrites } from '../stories/harness/story-app.ts'

describe('session of sojourn/node', () => {
  it('accepts options and exposes the manager it creates', async () => {
    const open = session<{ visits: number }>({ store: new MemoryStore() })
    const server = createServer(async (req, res) => {
      await open(req, res)
      res.end(String((req as SessionRequest<{ visits: number }>).session === open.sessions.of(req)))
    })
    await using running = await listen(server)
    expect((await new Browser(running.port).get('/')).body).toBe('true')
  })

  it('throws for invalid options', () => {
    expect(() => session({ store: new MemoryStore(), secret: 'x' } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }),
    )
  })

  it('rejects if the session cannot be loaded, unless it is lazy', async () => {
    for (const lazy of [false, true]) {
      const { sessions, store } = createScriptedManager({ lazy })
      const open = session(sessions)
      const server = createServer((req, res) => {
        const respond = (): unknown => {
          const opened = sessions.of(req)
          if (req.url === '/set') opened.set('a', 1)
          return res.end('page')
        }
        open(req, res).then(respond, (error: unknown) => res.writeHead(503).end((error as { code: string }).code))
      })
      await using running = await listen(server)
      const browser = new Browser(running.port)
      await browser.get('/set')
      store.script = () => Promise.reject(new Error('down'))
      expect((await browser.get('/')).body).toBe(lazy ? 'page' : 'ERR_SESSION_STORE')
    }
  })

  it('emits drain after backpressure even if the underlying streams have room', async () => {
    const { sessions } = createScriptedManager()
    const open = session(sessions)
    const server = createServer({ highWaterMark: 1 << 24 }, async (req, res) => {
      await open(req, res)
      sessions.of(req).set('a', 1)
      res.once('drain', () => res.end('z'))
      if (res.write('x'.repeat(70_000))) res.end('write returned true')
    })
    await using running = await listen(server)
    expect((await new Browser(running.port).get('/')).body).toBe(`${'x'.repeat(70_000)}z`)
  })

  it.each(['works', 'fails'])(
    'commits a response whose method was looked up before the session was attached (the store %s)',
    async (what) => {
      const { sessions, store } = createScriptedManager()
      if (what === 'fails') store.script = failingWrites
      const open = session(sessions)
      const server = createServer(async (req, res) => {
        const read = async (): Promise<string> => {
          await open(req, res)
          return `visit ${sessions.of(req).increment('visits')}`
        }
        if (req.url === '/end') return res.end(await read())
        res.write(await read())
        return res.end('.')
      })
      await using running = await listen(server)
      const browser = new Browser(running.port)
      for (const [path, body] of [
        ['/end', 'visit 1'],
        ['/write', 'visit 2.'],
      ] as const) {
        const page = await browser.get(path)
        expect([page.status, page.body]).toEqual(what === 'works' ? [200, body] : [503, 'Service Unavailable\n'])
      }
      expect(browser.cookies.size).toBe(what === 'works' ? 1 : 0)
    },
  )

  it('sends the deferred response when the server closes, and then ends the connection', async () => {
    const { sessions, store } = createScriptedManager()
    const open = session(sessions)
    const server = createServer(async (req, res) => {
      await open(req, res)
      sessions.of(req).set('a', 1)
      res.end('whole')
    })
    await using running = await listen(server)
    store.script = () => {
      server.close()
      server.closeIdleConnections()
    }
    expect((await new Browser(running.port).get('/')).body).toBe('whole')
  })
})

describe('withSession of sojourn/node', () => {
  it('passes the session to the listener and commits before the response', async () => {
    const listener = withSession<{ visits: number }>({ store: new MemoryStore() }, (_req, res, opened) => {
      res.end(String(opened.increment('visits')))
    })
    await using running = await listen(createServer(listener))
    const browser = new Browser(running.port)
    expect((await browser.get('/')).body).toBe('1')
    expect((await browser.get('/')).body).toBe('2')
  })

  it('sends an error for a handler that throws or rejects, and serves the next request', async () => {
    const listener = withSession({ store: new MemoryStore() }, async (req, res, opened) => {
      if (req.url === '/login') opened.login(1)
      if (req.url === '/throw') {
        opened.logout()
        throw new Error('broken')
      }
      res.end(String(opened.userId))
    })
    await using running = await listen(createServer(listener))
    const browser = new Browser(running.port)
    expect((await browser.get('/login')).body).toBe('1')
    const broken = await browser.get('/throw')
    expect([broken.status, broken.body]).toEqual([500, 'Internal Server Error\n'])
    expect((await browser.get('/')).body).toBe('undefined')
  })

  it('responds with 503 and does not call the handler if the session cannot be loaded', async () => {
    const { sessions, store } = createScriptedManager()
    let calls = 0
    const listener = withSession(sessions, (_req, res, opened) => {
      calls++
      opened.set('a', 1)
      res.end('page')
    })
    await using running = await listen(createServer(listener))
    const browser = new Browser(running.port)
    await browser.get('/')
    store.script = () => Promise.reject(new Error('down'))
    expect((await browser.get('/')).status).toBe(503)
    expect(calls).toBe(1)
  })

  it('aborts a response that has already started if the handler throws', async () => {
    const listener = withSession({ store: new MemoryStore() }, async (req, res) => {
      if (req.url === '/whole') return res.end('whole')
      res.write('half')
      await new Promise((sent) => res.once('drain', sent).write('x'.repeat(1 << 20), sent))
      throw new Error('broken')
    })
    await using running = await listen(createServer(listener))
    await expect(new Browser(running.port).get('/')).rejects.toThrow()
    expect((await new Browser(running.port).get('/whole')).body).toBe('whole')
  })
})
