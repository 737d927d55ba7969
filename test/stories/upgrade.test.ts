import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import express5 from 'express'
import fastify from 'fastify'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { session as expressSession } from '../../src/adapters/express.ts'
import { session as fastifySession } from '../../src/adapters/fastify.ts'
import type { Session, SessionEvent, SessionOptions } from '../../src/index.ts'
import { listen } from './harness/node-response.ts'
import { RawConnection } from './harness/raw-connection.ts'
import { createCookieStoreManager, createScriptedManager, type ScriptedManager } from './harness/story-app.ts'

/** Handles the session of a connection that became a WebSocket. `onClose` calls when it closes. */
type Handler = (session: Session, onClose: (listener: () => void) => void) => void

const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

type Route = (req: IncomingMessage, res: ServerResponse) => void

/** Routes upgraded connections through the application, with a response that is never sent. */
function routeUpgrades(server: Server, route: Route, prepare: (res: ServerResponse, socket: Duplex) => void = () => undefined): Server {
  return server.on('upgrade', (req: IncomingMessage, socket: Duplex) => {
    const res = new ServerResponse(req)
    socket
      .on('error', () => undefined)
      .on('end', () => socket.end())
      .resume()
    prepare(res, socket)
    route(req, res)
  })
}

const frameworks: Readonly<Record<string, (manager: ScriptedManager, handle: Handler) => Promise<Server>>> = {
  async 'Express, as with express-ws'({ sessions }, handle) {
    const app = express5().use(expressSession(sessions))
    app.get('/', (req, res) => void res.json(req.session.toObject()))
    app.get('/socket', ({ session, socket }) => {
      handle(session, (listener) => socket.on('close', listener))
      socket.write(SWITCHED)
    })
    return routeUpgrades(createServer(app), app)
  },
  async 'Fastify, as with @fastify/websocket'({ sessions }, handle) {
    const app = fastify()
    await app.register(fastifySession, { sessions })
    app.get('/', (request) => request.session.toObject())
    app.get('/socket', ({ session, raw: { socket } }, reply) => {
      reply.hijack()
      handle(session, (listener) => socket.on('close', listener))
      socket.write(SWITCHED)
    })
    await app.ready()
    return routeUpgrades(app.server, app.routing as Route, (res, socket) => res.assignSocket(socket as never))
  },
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(Object.entries(frameworks))('a WebSocket in %s', (_name, createApp) => {
  interface Visit {
    readonly times?: number
    readonly isNew?: boolean
    readonly options?: Partial<SessionOptions>
  }

  /**
   * Opens and closes a connection of a visitor, who has a session unless `isNew`. Returns the events
   * from when it was open, the warnings, and the data of all sessions afterwards.
   */
  async function visit(
    handle: Handler,
    { times = 1, isNew = false, options = {} }: Visit = {},
  ): Promise<{ events: string[]; warnings: string[]; data: unknown; rows: number }> {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const events: SessionEvent[] = []
    const manager = createScriptedManager({ ...options, onEvent: (event) => events.push(event) })
    const visitor = manager.sessions.create().set('userId', 'ada')
    if (!isNew) await visitor.save()
    events.length = 0
    const closed: Promise<unknown>[] = []
    const server = await createApp(manager, (session, onClose) => {
      closed.push(new Promise<void>((resolve) => onClose(resolve)))
      handle(session, onClose)
    })
    await using running = await listen(server)
    for (let count = 0; count < times; count += 1) {
      const connection = await RawConnection.open(running.port)
      connection.request('GET /socket', { Connection: 'Upgrade', Upgrade: 'websocket', ...(isNew ? {} : { Cookie: `sid=${visitor.id}` }) })
      expect((await connection.response()).status).toBe(101)
      await connection[Symbol.asyncDispose]()
    }
    await Promise.all(closed)
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
    return {
      events: events.filter(({ type }) => type !== 'absent' && type !== 'loaded').map(({ type, reason }) => `${type} ${reason}`),
      warnings: warn.mock.calls.map(([text]) => String(text)),
      data: isNew ? undefined : (await manager.sessions.load(visitor.id as string)).toObject(),
      rows: await manager.rows(),
    }
  }

  it('that changes the session and never saves it causes an event each time, and one warning', async () => {
    const { events, warnings, data } = await visit((session) => void session.set('a', 1), { times: 2 })
    expect(events).toEqual(['uncommitted closed', 'uncommitted closed'])
    expect(warnings).toEqual([expect.stringContaining('await session.save()')])
    expect(data).toEqual({ userId: 'ada' })
  })

  it.each<[string, Handler]>([
    ['only reads the session', (session) => void session.get('a')],
    ['saves its changes', (session) => void session.set('a', 1).save()],
    [
      'saves its changes when it closes',
      (session, onClose) => {
        session.set('a', 1)
        onClose(() => void session.save())
      },
    ],
  ])('that %s causes neither', async (_case, handle) => {
    const { events, warnings } = await visit(handle)
    expect([events.filter((event) => event.startsWith('uncommitted')), warnings]).toEqual([[], []])
  })

  it('that mutates an object of the session, or logs out, causes the event', async () => {
    for (const handle of [
      (session: Session) => void (session.setDefault('list', []) as number[]).push(1),
      (session: Session) => session.logout(),
    ] as Handler[]) {
      const { events } = await visit((session, onClose) => {
        void session.set('list', []).save()
        onClose(() => undefined)
        session.flash('notice', 1)
        handle(session, onClose)
      })
      expect(events.at(-1)).toBe('uncommitted closed')
    }
  })

  /** The code of the error that `act` throws. */
  function codeOf(act: () => unknown): unknown {
    try {
      act()
    } catch (error) {
      return (error as { code?: unknown }).code
    }
    return undefined
  }

  it.each<[string, (session: Session) => unknown]>([
    ['logs another user in', (session) => session.login('grace')],
    ['sets another userId', (session) => session.set('userId', 'grace')],
    ['wants another id', (session) => session.cycleId()],
    ['wants a cookie that ends with the browser', (session) => session.setExpiry('browser')],
    ['starts a session after a logout', (session) => (session.logout() as unknown) ?? session.set('a', 1)],
  ])('that %s is refused where it does so, because no response sets the cookie', async (_case, change) => {
    let code: unknown
    const { events } = await visit((session) => {
      code = codeOf(() => change(session))
    })
    expect(code).toBe('ERR_SESSION_CONFIG')
    expect(events).toContain('cookie-refused no-response')
  })

  it('of a visitor without a session can start none', async () => {
    let code: unknown
    const { rows } = await visit(
      (session) => {
        code = codeOf(() => session.set('a', 1))
      },
      { isNew: true },
    )
    expect([code, rows]).toEqual(['ERR_SESSION_CONFIG', 0])
  })

  it('of a session that exists keeps it: its changes are saved under its id', async () => {
    const { data, rows } = await visit((session) => void session.set('a', 1).save())
    expect([data, rows]).toEqual([{ userId: 'ada', a: 1 }, 1])
  })
})

describe.each(Object.entries(frameworks))('a WebSocket in %s with a session in its cookie', (_name, createApp) => {
  it('can only read it', async () => {
    const { sessions, ...manager } = createCookieStoreManager()
    const visitor = await sessions.open(new Request('http://localhost/'))
    visitor.set('name', 'ada')
    const cookie = (await sessions.commit(visitor, { status: 200 })).getSetCookie()[0]?.split(';')[0] ?? ''
    const seen: unknown[] = []
    const server = await createApp({ sessions, ...manager }, (session) => {
      seen.push(session.get('name'))
      try {
        session.set('a', 1)
      } catch (error) {
        seen.push((error as { code?: unknown }).code)
      }
    })
    await using running = await listen(server)
    await using connection = await RawConnection.open(running.port)
    connection.request('GET /socket', { Connection: 'Upgrade', Upgrade: 'websocket', Cookie: cookie })
    expect((await connection.response()).status).toBe(101)
    expect(seen).toEqual(['ada', 'ERR_SESSION_CONFIG'])
  })
})
