import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import { connect, createServer as createHttp2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { describe, expect, it } from 'vitest'
import { withSession } from '../../src/adapters/web.ts'
import { createSessions, type IncomingRequest, type Session, type Sessions } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { listen } from '../stories/harness/node-response.ts'

/** A manager and a session in it. */
async function createVisitor(): Promise<{ readonly sessions: Sessions; readonly id: string }> {
  const sessions = createSessions({ store: new MemoryStore() })
  const visitor = sessions.create().set('name', 'ada')
  await visitor.save()
  return { sessions, id: visitor.id as string }
}

const cookieOf = async (headers: Promise<Headers>): Promise<string | undefined> => (await headers).getSetCookie()[0]?.split('=')[0]

describe('sessions.open', () => {
  it('takes a request of node:http, and commits for its response', async () => {
    const { sessions, id } = await createVisitor()
    const server = createServer(async (req, res) => {
      const session = await sessions.open(req)
      session.increment('visits')
      res.setHeaders(await sessions.commit(session, { status: 200 })).end(JSON.stringify(session))
    })
    await using running = await listen(server)
    const page = await fetch(`http://127.0.0.1:${running.port}/`, { headers: { cookie: `sid=${id}` } })
    expect([await page.json(), page.headers.get('vary')]).toEqual([{ name: 'ada', visits: 1 }, 'Cookie'])
    const first = await fetch(`http://127.0.0.1:${running.port}/`)
    expect(first.headers.getSetCookie()[0]).toMatch(/^sid=.*HttpOnly; SameSite=Lax$/)
  })

  /** Sends the handshake of a WebSocket, and resolves to what `use` returns of its session. */
  async function upgrade<T>(sessions: Sessions<any>, cookie: string, use: (session: Session<any>) => T): Promise<T> {
    const server = createServer()
    const { promise, resolve } = Promise.withResolvers<T>()
    server.on('upgrade', (req: IncomingMessage, socket) => {
      resolve(sessions.open(req).then(use))
      socket.destroy()
    })
    await using running = await listen(server)
    request({ port: running.port, host: '127.0.0.1', headers: { cookie, Connection: 'Upgrade', Upgrade: 'websocket' } })
      .on('error', () => undefined)
      .end()
    return await promise
  }

  it('takes the request of an upgrade, whose session can be read and saved', async () => {
    const { sessions, id } = await createVisitor()
    const count = async (session: Session<any>): Promise<unknown> => {
      session.update('n', (n = 0) => n + 1)
      await session.save()
      return [session.get('name'), session.get('n')]
    }
    expect(await upgrade(sessions, `sid=${id}`, count)).toEqual(['ada', 1])
    expect((await sessions.load(id)).get('n')).toBe(1)
  })

  it.each<[string, (session: Session<any>) => unknown]>([
    ['a login', (session) => session.login('grace')],
    ['another id', (session) => session.cycleId()],
  ])('refuses %s in an upgrade, because no response can set the cookie', async (_, change) => {
    const { sessions, id } = await createVisitor()
    await expect(upgrade(sessions, `sid=${id}`, change)).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })

  it('starts no session in an upgrade', async () => {
    const { sessions } = await createVisitor()
    await expect(upgrade(sessions, '', (session) => session.set('a', 1))).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })

  it('takes a request of node:http2', async () => {
    const { sessions, id } = await createVisitor()
    const server = createHttp2((req, res) => void sessions.open(req).then((session) => res.end(session.get('name'))))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    let body = ''
    const stream = client.request({ cookie: `sid=${id}` }).setEncoding('utf8')
    for await (const chunk of stream) body += chunk
    client.close()
    server.close()
    expect(body).toBe('ada')
  })

  it('takes the request of Express, with its setting for proxies', async () => {
    const { sessions } = await createVisitor()
    const app = express().set('trust proxy', true)
    app.use((req, res, next) => {
      sessions
        .open(req)
        .then((session) => cookieOf(sessions.commit(session.set('a', 1) && session, { status: 200 })))
        .then((name) => res.send(name), next)
    })
    await using running = await listen(createServer(app))
    const page = await fetch(`http://127.0.0.1:${running.port}/`, { headers: { 'X-Forwarded-Proto': 'https' } })
    expect(await page.text()).toBe('__Host-sid')
  })

  it('takes the parts of a request of Node that it needs', async () => {
    const { sessions, id } = await createVisitor()
    const request = {
      headers: { cookie: `sid=${id}; __Host-sid=${id}`, host: 'localhost' },
      socket: { remoteAddress: '::1' },
    }
    expect((await sessions.open(request)).get('name')).toBe('ada')
    expect((await sessions.open({ ...request, socket: { remoteAddress: '10.0.0.1' } })).isNew).toBe(true)
    expect((await sessions.open({ ...request, socket: { encrypted: true } })).get('name')).toBe('ada')
  })

  it('takes an IncomingRequest, also one that has headers', async () => {
    const { sessions, id } = await createVisitor()
    class MyRequest implements IncomingRequest {
      readonly secure = true
      readonly loopback = false
      readonly headers = {}
      header(name: string): string | undefined {
        return name === 'cookie' ? `__Host-sid=${id}` : undefined
      }
    }
    expect((await sessions.open(new MyRequest())).get('name')).toBe('ada')
  })

  it.each([[undefined], [null], ['/'], [{}]])('rejects %j and says what to pass', async (source) => {
    const { sessions } = await createVisitor()
    await expect(sessions.open(source as never)).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining('node:http'),
    })
  })
})

describe('the development server of Next', () => {
  const handler = withSession({ store: new MemoryStore() }, (_request, session) => Response.json({ visits: session.increment('visits') }))
  const local = { host: 'localhost:3000', 'x-forwarded-for': '::1', 'x-forwarded-host': 'localhost:3000', 'x-forwarded-port': '3000' }

  it('adds forwarding headers with local values, and its requests get a cookie', async () => {
    const response = await handler(new Request('http://localhost:3000/api', { headers: { ...local, 'x-forwarded-proto': 'http' } }))
    expect([response.status, response.headers.getSetCookie()[0]]).toEqual([200, expect.stringMatching(/^sid=(?!.*Secure)/)])
  })

  it.each([
    [{ ...local, 'x-forwarded-for': '192.168.0.7' }, '`x-forwarded-for` is "192.168.0.7"'],
    [{ ...local, 'x-forwarded-proto': 'https' }, '`x-forwarded-proto` is "https"'],
    [{ ...local, origin: 'https://shop.example' }, '`origin` names "https://shop.example"'],
  ])('the error for %j names what is not local', async (headers, reason) => {
    const failed = handler(new Request('http://localhost:3000/api', { method: 'POST', headers }))
    await expect(failed).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining(reason) })
  })
})
