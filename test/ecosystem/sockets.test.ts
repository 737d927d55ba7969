import { once } from 'node:events'
import type { Server } from 'node:http'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { Browser } from '../stories/harness/browser.ts'
import { importFrom, serve } from './harness/serve.ts'
import { connectSocketIo } from './harness/socket-io.ts'
import { expectSharedSession, openWebSocket, type Socket, webSocketStories } from './harness/socket-stories.ts'

interface Application {
  makeSocketIoServer(): Server
  makeSocketIoServerWithOpen(): Server
  makeWsServer(): Server
  makeWsServerWithOpen(): Server
  makeExpressWsApp(onEvent?: (event: { readonly type: string }) => void): { listen(port: number, host: string): Server }
}

const application = await importFrom<Application>('sockets', 'app.js')
async function openSocketIo(port: number, browser: Browser, transport: string): Promise<Socket> {
  const client = await connectSocketIo(port, browser, [transport])
  return { name: () => client.emitWithAck('name'), note: (text) => client.emitWithAck('note', text) }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('socket.io with io.engine.use(session())', () => {
  describe.each(['polling', 'websocket'])('over %s', (transport) => {
    it('reads the session of the page, and loads it to change it', async () => {
      const port = await serve(application.makeSocketIoServer())
      await expectSharedSession(port, (browser) => openSocketIo(port, browser, transport))
    })
  })

  it('upgrades from polling to a WebSocket', { timeout: 5000 }, async () => {
    const port = await serve(application.makeSocketIoServer())
    const client = await connectSocketIo(port, new Browser(port), ['polling', 'websocket'])
    const { engine } = client.io
    const upgraded = new Promise((resolve, reject) => {
      engine.once('upgrade', resolve)
      engine.once('upgradeError', reject)
    })
    if (engine.transport.name !== 'websocket') await upgraded
    expect(engine.transport.name).toBe('websocket')
  })
})

describe('socket.io with sessions.open(socket.request)', () => {
  describe.each(['polling', 'websocket'])('over %s', (transport) => {
    it('reads and saves the session', async () => {
      const port = await serve(application.makeSocketIoServerWithOpen())
      await expectSharedSession(port, (browser) => openSocketIo(port, browser, transport))
    })
  })
})

describe.each([
  { wiring: 'session()(req, {}, next)', make: application.makeWsServer },
  { wiring: 'sessions.open(req)', make: application.makeWsServerWithOpen },
])('ws with $wiring', ({ make }) => {
  it('reads and saves the session', async () => {
    const port = await serve(make())
    await expectSharedSession(port, (browser) => openWebSocket(port, '/', browser))
  })
})

describe('express-ws', () => {
  async function start(onEvent?: (event: { readonly type: string }) => void): Promise<number> {
    const server = application.makeExpressWsApp(onEvent).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return (server.address() as { readonly port: number }).port
  }

  webSocketStories(start)
})
