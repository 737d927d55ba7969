import { once } from 'node:events'
import type { Server } from 'node:http'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { Browser } from '../stories/harness/browser.ts'
import { importFrom, requireFrom, serve } from './harness/serve.ts'
import { Connection } from './harness/web-socket.ts'

interface Application {
  makeSocketIoServer(): Server
  makeSocketIoServerWithOpen(): Server
  makeWsServer(): Server
  makeWsServerWithOpen(): Server
  makeExpressWsApp(onEvent?: (event: { readonly type: string }) => void): { listen(port: number, host: string): Server }
}

interface SocketIoClient {
  on(event: string, listener: (error: Error) => void): void
  emitWithAck(event: string, ...args: unknown[]): Promise<unknown>
  close(): void
  readonly io: {
    readonly engine: { readonly transport: { readonly name: string }; once(event: string, listener: (value: unknown) => void): void }
  }
}

const application = await importFrom<Application>('sockets', 'app.js')
const { io } = requireFrom<{ io(url: string, options: object): SocketIoClient }>('sockets', 'socket.io-client')

async function connect(port: number, { cookies }: Browser, transports: readonly string[]): Promise<SocketIoClient> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const client = io(`http://127.0.0.1:${port}`, { transports, extraHeaders: { cookie }, reconnection: false, forceNew: true })
  onTestFinished(() => client.close())
  await new Promise<void>((resolve, reject) => {
    client.on('connect', resolve as () => void)
    client.on('connect_error', reject)
  })
  return client
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('socket.io with io.engine.use(session())', () => {
  describe.each(['polling', 'websocket'])('over %s', (transport) => {
    it('reads the session of the page, and loads it to change it', async () => {
      const port = await serve(application.makeSocketIoServer())
      const browser = new Browser(port)
      await browser.post('/name/ada')
      const client = await connect(port, browser, [transport])
      expect(await client.emitWithAck('name')).toBe('ada')
      expect(await client.emitWithAck('note', 'hello')).toEqual(['hello'])
      expect(JSON.parse((await browser.get('/')).body)).toEqual({ name: 'ada', notes: ['hello'] })
    })
  })

  it('upgrades from polling to a WebSocket', { timeout: 5000 }, async () => {
    const port = await serve(application.makeSocketIoServer())
    const client = await connect(port, new Browser(port), ['polling', 'websocket'])
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
      const browser = new Browser(port)
      await browser.post('/name/ada')
      const client = await connect(port, browser, [transport])
      expect(await client.emitWithAck('name')).toBe('ada')
      expect(await client.emitWithAck('note', 'hello')).toEqual(['hello'])
      expect(JSON.parse((await browser.get('/')).body)).toEqual({ name: 'ada', notes: ['hello'] })
    })
  })
})

describe.each([
  { wiring: 'session()(req, {}, next)', make: application.makeWsServer },
  { wiring: 'sessions.open(req)', make: application.makeWsServerWithOpen },
])('ws with $wiring', ({ make }) => {
  it('reads and saves the session', async () => {
    const port = await serve(make())
    const browser = new Browser(port)
    await browser.post('/name/ada')
    const connection = await Connection.open(port, '/', browser.cookies)
    expect(await connection.ask('name')).toBe('ada')
    expect(await connection.ask('hello')).toEqual(['hello'])
    expect(JSON.parse((await browser.get('/')).body)).toEqual({ name: 'ada', notes: ['hello'] })
  })
})

describe('express-ws', () => {
  async function start(onEvent?: (event: { readonly type: string }) => void): Promise<number> {
    const server = application.makeExpressWsApp(onEvent).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return (server.address() as { readonly port: number }).port
  }

  it('reads and saves the session', async () => {
    const port = await start()
    const browser = new Browser(port)
    await browser.post('/name/ada')
    const connection = await Connection.open(port, '/socket', browser.cookies)
    expect(await connection.ask('name')).toBe('ada')
    expect(await connection.ask('hello')).toEqual(['hello'])
    expect(JSON.parse((await browser.get('/')).body)).toEqual({ name: 'ada', notes: ['hello'] })
  })

  it('refuses what needs a cookie, and keeps the session of the page', async () => {
    const port = await start()
    const browser = new Browser(port)
    await browser.post('/name/ada')
    const connection = await Connection.open(port, '/login', browser.cookies)
    expect(await connection.ask('grace')).toBe('ERR_SESSION_CONFIG')
    await connection.close()
    expect(JSON.parse((await browser.get('/')).body)).toEqual({ name: 'ada' })
  })

  it('starts no session, because its id would reach nobody', async () => {
    const connection = await Connection.open(await start(), '/login', new Map())
    expect(await connection.ask('grace')).toBe('ERR_SESSION_CONFIG')
  })

  it('warns and emits an event when a connection closes with changes that were not saved', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const events: string[] = []
    const port = await start(({ type }) => events.push(type))
    const browser = new Browser(port)
    await browser.post('/name/ada')
    const connection = await Connection.open(port, '/forgetful', browser.cookies)
    expect(await connection.ask('count')).toBe(1)
    events.length = 0
    await connection.close()
    await vi.waitFor(() => expect(events).not.toEqual([]))
    expect(warn).toHaveBeenCalledOnce()
  })
})
