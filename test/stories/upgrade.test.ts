import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import express5 from 'express'
import fastify from 'fastify'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { session as expressSession } from '../../src/adapters/express.ts'
import { session as fastifySession } from '../../src/adapters/fastify.ts'
import type { Session, SessionEvent } from '../../src/index.ts'
import { listen } from './harness/node-response.ts'
import { RawConnection } from './harness/raw-connection.ts'
import { createScriptedManager, type ScriptedManager } from './harness/story-app.ts'

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
  /** Opens and closes a connection; returns the events from when it was open, and the warnings. */
  async function visit(handle: Handler, times = 1): Promise<{ events: string[]; warnings: string[]; rows: number }> {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const events: SessionEvent[] = []
    const manager = createScriptedManager({ onEvent: (event) => events.push(event) })
    const closed: Promise<unknown>[] = []
    const server = await createApp(manager, (session, onClose) => {
      closed.push(new Promise<void>((resolve) => onClose(resolve)))
      handle(session, onClose)
    })
    await using running = await listen(server)
    for (let count = 0; count < times; count += 1) {
      const connection = await RawConnection.open(running.port)
      connection.request('GET /socket', { Connection: 'Upgrade', Upgrade: 'websocket' })
      expect((await connection.response()).status).toBe(101)
      await connection[Symbol.asyncDispose]()
    }
    await Promise.all(closed)
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
    return {
      events: events.filter(({ type }) => type !== 'absent').map(({ type, reason }) => `${type} ${reason}`),
      warnings: warn.mock.calls.map(([text]) => String(text)),
      rows: await manager.rows(),
    }
  }

  it('that changes the session and never saves it causes an event each time, and one warning', async () => {
    const { events, warnings, rows } = await visit((session) => void session.set('a', 1), 2)
    expect(events).toEqual(['uncommitted closed', 'uncommitted closed'])
    expect(warnings).toEqual([expect.stringContaining('await session.save()')])
    expect(rows).toBe(0)
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
})
