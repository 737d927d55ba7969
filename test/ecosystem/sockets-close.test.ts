// Sockets close when the session of their page ends: with every library, in Bun and Deno, and in four
// processes on one database.
import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Sessions, Store } from '../../src/index.ts'
import { Browser } from '../stories/harness/browser.ts'
import { startDatabases } from './harness/databases.ts'
import { startProcess } from './harness/processes.ts'
import { importFrom, serve } from './harness/serve.ts'
import { connectSocketIo, disconnected } from './harness/socket-io.ts'
import { closingStories } from './harness/socket-stories.ts'
import { Connection } from './harness/web-socket.ts'

type Make = (sessions: Sessions) => Server

const { makeExpressWs, ...servers } = await importFrom<
  Record<'makeWs' | 'makeCrossws' | 'makeSocketIo', Make> & {
    makeExpressWs(sessions: Sessions): { listen(port: number, host: string): Server }
  }
>('sockets', 'closing.js')
const { createSessions } = await importFrom<{ createSessions(options: { store: Store }): Sessions }>(
  'sockets',
  'node_modules/sojourn/dist/index.js',
)
const { MemoryStore } = await importFrom<{ MemoryStore: new () => Store }>('sockets', 'node_modules/sojourn/dist/stores/memory.js')

const BIN = join(import.meta.dirname, '../../node_modules/.bin')

function newSessions(): Sessions {
  const sessions = createSessions({ store: new MemoryStore() })
  onTestFinished(() => sessions.close())
  return sessions
}

async function logIn(port: number, user = 'ada'): Promise<Browser> {
  const browser = new Browser(port)
  await browser.post(`/login/${user}`)
  return browser
}

describe('sockets of ws', () => {
  closingStories(() => serve(servers.makeWs(newSessions())))

  it('are cut off if the client does not answer the close', async () => {
    const port = await serve(servers.makeWs(newSessions()))
    const ada = await logIn(port)
    const cookie = [...ada.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const socket = connect(port, '127.0.0.1').resume()
    const headers = `Host: 127.0.0.1:${port}\r\nCookie: ${cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
    socket.write(`GET /socket HTTP/1.1\r\n${headers}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`)
    await once(socket, 'data')
    await ada.post('/logout')
    await once(socket, 'close')
  })
})

describe('sockets of express-ws', () => {
  closingStories(async () => {
    const server = makeExpressWs(newSessions()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return (server.address() as { readonly port: number }).port
  })
})

describe('peers of crossws', () => closingStories(() => serve(servers.makeCrossws(newSessions()))))

describe.each([
  ['Bun', [join(BIN, 'bun'), `--tsconfig-override=${join(import.meta.dirname, '../runtimes/bun.tsconfig.json')}`]],
  ['Deno', [join(BIN, 'deno'), 'run', '--allow-all']],
] as const)('in %s', (_, command) => {
  describe('sockets', () => closingStories(() => startProcess('sockets', [...command, 'fetch.js'])))

  describe('peers of crossws', () => closingStories(() => startProcess('sockets', [...command, 'fetch.js', 'crossws'])))
})

describe.each(['polling', 'websocket'])('sockets of socket.io over %s', (transport) => {
  it('are disconnected when their visitor logs out, and no others are', async () => {
    const port = await serve(servers.makeSocketIo(newSessions()))
    const [ada, grace] = [await logIn(port), await logIn(port, 'grace')]
    const [own, other] = [await connectSocketIo(port, ada, [transport]), await connectSocketIo(port, grace, [transport])]
    expect(await own.emitWithAck('say', 'hi')).toBe('ada: hi')
    const ended = disconnected(own)
    await ada.post('/logout')
    expect(await ended).toBe('io server disconnect')
    expect(await other.emitWithAck('say', 'still here')).toBe('grace: still here')
  })
})

describe('four processes', () => {
  const urls = startDatabases()

  // With a channel they poll once an hour, so only a message can close the sockets in time.
  it.each([
    ['redis', 'channel'],
    ['postgres', 'channel'],
    ['postgres', 'poll'],
  ] as const)('on %s close every socket of a session that ends in one of them (%s)', { timeout: 60_000 }, async (database, way) => {
    const program = [process.execPath, 'process.js', database, urls[database], way] as const
    const ports = await Promise.all(Array.from({ length: 4 }, () => startProcess('sockets', program)))
    const [ada, grace] = [await logIn(ports[0] as number), await logIn(ports[1] as number, 'grace')]
    const open = async (browser: Browser) => ({
      sockets: await Promise.all(ports.map((port) => Connection.open(port, '/socket', browser.cookies))),
      clients: await Promise.all(ports.map((port) => connectSocketIo(port, browser, ['websocket']))),
    })
    const [own, others] = [await open(ada), await open(grace)]
    const disconnects = Promise.all(own.clients.map(disconnected))
    const logout = new Browser(ports[2] as number)
    for (const [name, value] of ada.cookies) logout.cookies.set(name, value)
    await logout.post('/logout')
    expect(await Promise.all(own.sockets.map(({ closed }) => closed))).toEqual(Array(4).fill([4401, 'ended']))
    expect(await disconnects).toEqual(Array(4).fill('io server disconnect'))
    expect(await Promise.all(others.sockets.map((socket) => socket.ask('hi')))).toEqual(Array(4).fill('grace: hi'))
    expect(await Promise.all(others.clients.map((client) => client.emitWithAck('say', 'hi')))).toEqual(Array(4).fill('grace: hi'))
  })
})
