import { createServer } from 'node:http'
import { describe, expect, it } from 'vitest'
import { type SessionRequest, session } from '../../src/adapters/node.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { Browser } from '../stories/browser.ts'
import { run } from '../stories/node-answer.ts'
import { scripted } from '../stories/story-app.ts'

describe('session of sojourn/node', () => {
  it('takes options, and has the manager it made of them', async () => {
    const open = session<{ visits: number }>({ store: new MemoryStore() })
    const server = createServer(async (req, res) => {
      await open(req, res)
      res.end(String((req as SessionRequest<{ visits: number }>).session === open.sessions.of(req)))
    })
    await using running = await run(server)
    expect((await new Browser(running.port).get('/')).body).toBe('true')
  })

  it('refuses wrong options at once', () => {
    expect(() => session({ store: new MemoryStore(), secret: 'x' } as never)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }),
    )
  })

  it('rejects when the session cannot be loaded, unless it is lazy', async () => {
    for (const lazy of [false, true]) {
      const { sessions, store } = scripted({ lazy })
      const open = session(sessions)
      const server = createServer((req, res) => {
        const visit = (): unknown => {
          const opened = sessions.of(req)
          if (req.url === '/set') opened.set('a', 1)
          return res.end('page')
        }
        open(req, res).then(visit, (error: unknown) => res.writeHead(503).end((error as { code: string }).code))
      })
      await using running = await run(server)
      const browser = new Browser(running.port)
      await browser.get('/set')
      store.script = () => Promise.reject(new Error('down'))
      expect((await browser.get('/')).body).toBe(lazy ? 'page' : 'ERR_SESSION_STORE')
    }
  })

  it('tells a writer that waits to go on, also where the layers beneath are not full', async () => {
    const { sessions } = scripted()
    const open = session(sessions)
    const server = createServer({ highWaterMark: 1 << 24 }, async (req, res) => {
      await open(req, res)
      sessions.of(req).set('a', 1)
      res.once('drain', () => res.end('z'))
      if (res.write('x'.repeat(70_000))) res.end('was not asked to wait')
    })
    await using running = await run(server)
    expect((await new Browser(running.port).get('/')).body).toBe(`${'x'.repeat(70_000)}z`)
  })

  it('delivers what is held when the server closes, and then ends the connection', async () => {
    const { sessions, store } = scripted()
    const open = session(sessions)
    const server = createServer(async (req, res) => {
      await open(req, res)
      sessions.of(req).set('a', 1)
      res.end('whole')
    })
    await using running = await run(server)
    store.script = () => {
      server.close()
      server.closeIdleConnections()
    }
    expect((await new Browser(running.port).get('/')).body).toBe('whole')
  })
})
