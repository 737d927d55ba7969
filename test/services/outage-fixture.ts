import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import express4 from 'express4'
import { session } from '../../src/adapters/express.ts'
import { withSession } from '../../src/adapters/node.ts'
import { createSessions, type SessionEvent, type Store } from '../../src/index.ts'
import { Browser, type Page } from '../stories/harness/browser.ts'

/** Short enough to wait for, long enough for a busy machine to answer in. */
const TIMEOUT = { operation: '1500ms', request: '4s' } as const

/** Sessions read at once by Express 5, and lazy ones in Express 4 and plain `http`. */
export type Door = 'eager' | 'express4' | 'plain'

/** What `/count` was answered: counted, surely not counted, or nobody knows. */
export interface Counts {
  ok: number
  refused: number
  unknown: number
}

/** An application on a store that may go away, with one visitor who is logged in. Answers of its pages are judged as they come. */
export class OutageScene {
  readonly counts: Counts = { ok: 0, refused: 0, unknown: 0 }
  readonly events: SessionEvent[] = []
  readonly ports: Readonly<Record<Door, number>>
  readonly visitor: Browser
  readonly #servers: readonly Server[]

  private constructor(servers: Record<Door, Server>, events: SessionEvent[]) {
    const portOf = (server: Server): number => (server.address() as AddressInfo).port
    this.events = events
    this.#servers = Object.values(servers)
    this.ports = { eager: portOf(servers.eager), express4: portOf(servers.express4), plain: portOf(servers.plain) }
    this.visitor = new Browser(this.ports.eager)
  }

  static async open(store: Store): Promise<OutageScene> {
    const events: SessionEvent[] = []
    const options = { store, timeout: TIMEOUT, onEvent: (event: SessionEvent): unknown => events.push(event) }
    const lazy = createSessions<any>({ ...options, onEvent: () => undefined, lazy: true })
    const plain = withSession(lazy, (_req, res) => void res.end('a page'))
    const servers = { eager: createServer(eagerApp(options)), express4: createServer(lazyApp(lazy)), plain: createServer(plain) }
    for (const server of Object.values(servers)) await once(server.listen(0, '127.0.0.1'), 'listening')
    const scene = new OutageScene(servers, events)
    const { status } = await scene.visitor.post('/login')
    assert.equal(status, 200)
    return scene
  }

  get isAway(): boolean {
    return this.#last() === 'store-down'
  }

  /** Whether the store was given up at any time. */
  get wasAway(): boolean {
    return this.events.some(({ type }) => type === 'store-down')
  }

  /** Counts once, and takes no answer but a plain success or a plain failure that touches no cookie. */
  async count(): Promise<Page> {
    const page = await this.visitor.post('/count')
    assert.ok([200, 503].includes(page.status), `answered ${page.status}`)
    assert.deepEqual(page.setCookies, [])
    if (page.status === 200) this.counts.ok += 1
    else if (page.body === 'ERR_SESSION_COMMIT_UNKNOWN') this.counts.unknown += 1
    else {
      assert.equal(page.body, 'ERR_SESSION_STORE')
      this.counts.refused += 1
    }
    return page
  }

  /** Counts until the store is given up. */
  async countUntilAway(): Promise<void> {
    for (const until = Date.now() + 20_000; !this.isAway; ) {
      if (Date.now() > until) throw new Error('The store was never given up')
      await Promise.all([this.count(), this.count(), this.count()])
    }
  }

  /** Counts until a request is served again. */
  async countUntilServed(): Promise<void> {
    for (const until = Date.now() + 20_000; (await this.count()).status !== 200; ) {
      if (Date.now() > until) throw new Error('The store did not come back')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** A page that does not look at its session, with the visitor's cookie. */
  async untouched(door: Door): Promise<Page> {
    const page = await fetch(`http://127.0.0.1:${this.ports[door]}/page`, {
      headers: { cookie: [...this.visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    })
    return { status: page.status, headers: page.headers, body: await page.text(), setCookies: page.headers.getSetCookie() }
  }

  /** The session is there, and everything was counted that was told to be, nothing twice. */
  async judge(): Promise<void> {
    const page = await this.visitor.get('/read')
    const { user, n = 0 } = JSON.parse(page.body) as { user?: string; n?: number }
    assert.equal(user, 'ada')
    const { ok, unknown } = this.counts
    assert.ok(n >= ok && n <= ok + unknown, `counted ${n}, told ${ok} times so, and ${unknown} times that nobody knows`)
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections()
      server.close()
    }
  }

  #last(): string | undefined {
    return this.events.findLast(({ type }) => type === 'store-down' || type === 'store-up')?.type
  }
}

function eagerApp(options: Parameters<typeof createSessions>[0]): express.Express {
  const app = express()
  const middleware = session<any>(options)
  const of = middleware.sessions.of.bind(middleware.sessions)
  app.use(middleware)
  app.get('/page', (_req, res) => void res.end('a page'))
  app.get('/read', (req, res) => void res.json({ user: of(req).userId, n: of(req).get('n') }))
  app.post('/login', (req, res) => void (of(req).login('ada'), res.end()))
  app.post('/logout', (req, res) => void (of(req).logout(), res.end()))
  app.post('/fill', (req, res) => void (of(req).set(crypto.randomUUID(), randomBytes(50_000).toString('base64')), res.end()))
  app.post('/count', (req, res) => void (of(req).increment('n'), res.end()))
  app.use(((error: { readonly code: string; readonly status: number }, _req, res, _next) => {
    res.status(error.status).send(error.code)
  }) as express.ErrorRequestHandler)
  return app
}

function lazyApp(lazy: ReturnType<typeof createSessions>): ReturnType<typeof express4> {
  const app = express4()
  app.use(session(lazy))
  app.get('/page', (_req, res) => void res.end('a page'))
  return app
}
