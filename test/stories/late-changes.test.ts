import { once } from 'node:events'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { session as nodeSession } from '../../src/adapters/node.ts'
import type { Session } from '../../src/core/session/session.ts'
import { Browser } from './harness/browser.ts'
import { type Handler, nodeFrameworks, plainNode } from './harness/node-harness.ts'
import { listen } from './harness/node-response.ts'
import { RawConnection } from './harness/raw-connection.ts'
import { createScriptedManager, failingWrites, Gate, type RunningServer } from './harness/story-app.ts'

// The option `saveOnEnd`: changes that a handler makes while it streams its response.
describe.each([plainNode, ...nodeFrameworks])('changes during a stream of $name', ({ start }) => {
  type Routes = Readonly<Record<string, Handler>>

  const routes: Routes = {
    '/start': (_req, res, session) => {
      session.set('n', 0)
      res.end()
    },
    '/read': (_req, res, session) => void res.end(JSON.stringify(session.toObject())),
  }

  /** Changes the session before the head is sent and, once `gate` is reached, during the first commit. */
  function changesDuringCommit(gate: Gate): Handler {
    return async (_req, res, session) => {
      session.set('a', 1)
      res.write('x')
      await gate.reached
      session.set('b', 2)
      res.end('y')
      gate.open()
    }
  }

  /** A server with these routes, and a browser that has a session with `n: 0`. */
  async function startWith(own: Routes): Promise<ReturnType<typeof createScriptedManager> & { server: RunningServer; browser: Browser }> {
    const manager = createScriptedManager({ saveOnEnd: true })
    const all: Routes = { ...routes, ...own }
    const server = await start({
      sessions: manager.sessions,
      handler: (req, res, session) => (all[String(req.url)] as Handler)(req, res, session),
    })
    const browser = new Browser(server.port)
    await browser.get('/start')
    return { ...manager, server, browser }
  }

  async function sendRequest({ server, browser }: { server: RunningServer; browser: Browser }, line: string): Promise<RawConnection> {
    const connection = await RawConnection.open(server.port)
    connection.request(line, { Cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ') })
    return connection
  }

  const increments: Handler = async (_req, res, session) => {
    res.write(`began at ${typeof session.get('n')} `)
    for (let step = 0; step < 3; step += 1) {
      await nextTurn()
      res.write(`${typeof session.increment('n')} `)
    }
    res.end('done')
  }

  it('are saved when the responses are complete: ten parallel streams lose no increment', async () => {
    const { server, browser } = await startWith({ '/stream': increments })
    await using _server = server
    const pages = await Promise.all(Array.from({ length: 10 }, () => browser.get('/stream')))
    expect(new Set(pages.map(({ body }) => body))).toEqual(new Set(['began at number number number number done']))
    expect((await browser.get('/read')).body).toBe('{"n":30}')
  })

  it('are saved when the response is piped', async () => {
    const { server, browser } = await startWith({
      '/pipe': (_req, res, session) => {
        session.get('n')
        async function* parts(): AsyncGenerator<string> {
          for (const part of ['a', 'b', 'c']) {
            yield part
            session.increment('n')
            await nextTurn()
          }
        }
        Readable.from(parts()).pipe(res)
      },
    })
    await using _server = server
    expect((await browser.get('/pipe')).body).toBe('abc')
    expect((await browser.get('/read')).body).toBe('{"n":3}')
  })

  it('and made before the head is sent are saved before it, with `end` called during the first commit', async () => {
    const gate = new Gate()
    const given = await startWith({ '/stream': changesDuringCommit(gate) })
    await using _server = given.server
    given.store.script = (operation) => (operation === 'replace' ? gate.wait() : undefined)
    expect((await given.browser.get('/stream')).body).toBe('xy')
    given.store.script = () => undefined
    expect((await given.browser.get('/read')).body).toBe('{"n":0,"a":1,"b":2}')
  })

  it('whose commit fails before the head is sent replace the response by an error page', async () => {
    const gate = new Gate()
    const given = await startWith({ '/stream': changesDuringCommit(gate) })
    await using _server = given.server
    let writes = 0
    given.store.script = async (operation) => {
      if (operation !== 'replace') return
      await gate.wait()
      writes += 1
      if (writes > 1) await failingWrites('replace')
    }
    expect((await given.browser.get('/stream')).status).toBe(503)
    given.store.script = () => undefined
    expect((await given.browser.get('/read')).body).toBe('{"n":0,"a":1}')
  })

  it('whose commit fails cut the response off', async () => {
    const given = await startWith({
      '/stream': async (_req, res, session) => {
        session.get('n')
        res.write('began')
        await nextTurn()
        session.set('a', 1)
        given.store.script = failingWrites
        res.end('done')
      },
    })
    await using _server = given.server
    await using connection = await sendRequest(given, 'GET /stream')
    await expect(connection.response()).rejects.toThrow('in the middle of a response')
    expect(connection.received).not.toContain('done')
    given.store.script = () => undefined
    expect((await given.browser.get('/read')).body).toBe('{"n":0}')
  })

  it('that need a cookie are refused in the handler', async () => {
    const codes: unknown[] = []
    const { server, browser } = await startWith({
      '/stream': async (_req, res, session) => {
        session.get('n')
        res.write('began')
        await nextTurn()
        for (const change of [() => session.login(1), () => session.cycleId()]) {
          try {
            change()
          } catch (error) {
            codes.push((error as { code?: unknown }).code)
          }
        }
        res.end(' and ended')
      },
    })
    await using _server = server
    expect((await browser.get('/stream')).body).toBe('began and ended')
    expect(codes).toEqual(['ERR_SESSION_HEADERS_SENT', 'ERR_SESSION_HEADERS_SENT'])
  })

  it('are saved although the client disconnects, if the handler ends its response', async () => {
    const ended = Promise.withResolvers<void>()
    const given = await startWith({
      '/stream': async (_req, res, session) => {
        session.get('n')
        res.write('began')
        await once(res, 'close')
        session.set('a', 1)
        res.end()
        ended.resolve()
      },
    })
    await using _server = given.server
    const connection = await sendRequest(given, 'GET /stream')
    await connection.until((text) => text.includes('began'))
    connection.reset()
    await ended.promise
    await expect.poll(async () => (await given.browser.get('/read')).body).toBe('{"n":0,"a":1}')
  })

  it('are not expected of a response that was complete at its start, which ends as without the option', async () => {
    const seen: unknown[] = []
    const { server, browser } = await startWith({
      '/page': (_req, res, session) => {
        session.set('a', 1)
        res.once('finish', () => {
          seen.push(Object.hasOwn(res, 'end') && res.end.name === 'patched')
          try {
            session.set('b', 1)
          } catch (error) {
            seen.push((error as { code?: unknown }).code)
          }
        })
        res.end('page')
      },
    })
    await using _server = server
    expect((await browser.get('/page')).body).toBe('page')
    expect(seen).toEqual([false, 'ERR_SESSION_HEADERS_SENT'])
  })
})

describe('while the commit of late changes runs', () => {
  it('the response looks ended, and its callback is called when it is', async () => {
    const { sessions, store } = createScriptedManager({ saveOnEnd: true })
    const gate = new Gate()
    const seen: unknown[] = []
    const open = nodeSession(sessions)
    const server = createServer(async (req, res) => {
      await open(req, res)
      const session = sessions.of(req) as Session<any>
      if (req.url === '/start') return void (session.set('n', 0) && res.end())
      session.get('n')
      res.write('began ')
      await nextTurn()
      session.set('a', 1)
      store.script = (operation) => (operation === 'replace' ? gate.wait() : undefined)
      res.end('ended', () => seen.push('callback'))
      await gate.reached
      seen.push(res.writableEnded, res.headersSent, res.writableFinished)
      res.once('error', ({ code }: Error & { readonly code?: string }) => seen.push(code))
      res.write('more')
      await nextTurn()
      gate.open()
      return undefined
    })
    await using running = await listen(server)
    const browser = new Browser(running.port)
    await browser.get('/start')
    expect((await browser.get('/')).body).toBe('began ended')
    await expect.poll(() => seen).toEqual([true, true, false, 'ERR_STREAM_WRITE_AFTER_END', 'callback'])
  })
})

describe('the error of a failed commit of late changes', () => {
  it('goes to the framework, whose page is discarded', async () => {
    const { sessions, store } = createScriptedManager({ saveOnEnd: true })
    const open = nodeSession(sessions)
    const codes: unknown[] = []
    const server = createServer((req, res) => {
      open(req, res, (error?: unknown) => {
        if (error !== undefined) {
          codes.push((error as { code?: unknown }).code)
          res.end('error page')
          return
        }
        const session = sessions.of(req) as Session<any>
        if (req.url === '/start') return void (session.set('n', 0) && res.end())
        session.get('n')
        res.write('began ')
        setImmediate(() => {
          session.set('a', 1)
          store.script = failingWrites
          res.end('ended')
        })
      })
    })
    await using running = await listen(server)
    const browser = new Browser(running.port)
    await browser.get('/start')
    await expect(browser.get('/')).rejects.toThrow()
    expect(codes).toEqual(['ERR_SESSION_STORE'])
  })
})

describe('an object that is changed in place after the first byte, without saveOnEnd', () => {
  it.each([
    [200, true, ['headers-sent']],
    [200, false, []],
    [500, true, []],
  ] as const)('is an event and one warning (status %d, changed: %s)', async (status, changes, expected) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const reasons: unknown[] = []
    const { sessions } = createScriptedManager({ onEvent: ({ type, reason }) => type === 'uncommitted' && reasons.push(reason) })
    const open = nodeSession(sessions)
    const closed = Promise.withResolvers<void>()
    const server = createServer(async (req, res) => {
      await open(req, res)
      const session = sessions.of(req) as Session<any>
      if (req.url === '/start') return void (session.set('cart', []) && res.end())
      const cart = session.get('cart') as string[]
      res.statusCode = status
      res.once('close', () => setImmediate(() => setImmediate(closed.resolve)))
      res.write('x')
      await nextTurn()
      await nextTurn()
      if (changes) cart.push('milk')
      res.end()
      return undefined
    })
    await using running = await listen(server)
    const browser = new Browser(running.port)
    await browser.get('/start')
    await browser.get('/')
    await closed.promise
    await nextTurn()
    expect([reasons, warn.mock.calls.length]).toEqual([expected, expected.length])
  })
})
