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

/** Short for the tests, and long enough for a busy machine. */
const TIMEOUT = { operation: '1500ms', request: '4s' } as const

/** Express 5 with sessions that are read at once; Express 4 and plain `http` with lazy ones. */
export type AppKind = 'eager' | 'express4' | 'plain'

/** The responses of `/count`: counted, not counted, or unknown. */
export interface Counts {
  ok: number
  refused: number
  unknown: number
}

/** An application on a store that may fail, with one logged-in visitor. It checks each response. */
export class OutageFixture {
  readonly counts: Counts = { ok: 0, refused: 0, unknown: 0 }
  readonly events: SessionEvent[] = []
  readonly ports: Readonly<Record<AppKind, number>>
  readonly visitor: Browser
  readonly #servers: readonly Server[]

  private constructor(servers: Record<AppKind, Server>, events: SessionEvent[]) {
    const portOf = (server: Server): number => (server.address() as AddressInfo).port
    this.events = events
    this.#servers = Object.values(servers)
    this.ports = { eager: portOf(servers.eager), express4: portOf(servers.express4), plain: portOf(servers.plain) }
    this.visitor = new Browser(this.ports.eager)
  }

  static async open(store: Store): Promise<OutageFixture> {
    const events: SessionEvent[] = []
    const options = { store, timeout: TIMEOUT, onEvent: (event: SessionEvent): unknown => events.push(event) }
    const lazy = createSessions<any>({ ...options, onEvent: () => undefined, lazy: true })
    const plain = withSession(lazy, (_req, res) => void res.end('a page'))
    const servers = { eager: createServer(eagerApp(options)), express4: createServer(lazyApp(lazy)), plain: createServer(plain) }
    for (const server of Object.values(servers)) await once(server.listen(0, '127.0.0.1'), 'listening')
    const fixture = new OutageFixture(servers, events)
    const { status } = await fixture.visitor.post('/login')
    assert.equal(status, 200)
    return fixture
  }

  get isDown(): boolean {
    return this.#lastTransition() === 'store-down'
  }

  /** Whether the store was down at any time. */
  get wasDown(): boolean {
    return this.events.some(({ type }) => type === 'store-down')
  }

  /** Counts once. Asserts that the response is a success or a plain failure, without cookies. */
  async count(): Promise<Page> {
    const page = await this.visitor.post('/count')
    assert.ok([200, 503].includes(page.status), `status ${page.status}`)
    assert.deepEqual(page.setCookies, [])
    if (page.status === 200) this.counts.ok += 1
    else if (page.body === 'ERR_SESSION_COMMIT_UNKNOWN') this.counts.unknown += 1
    else {
      assert.equal(page.body, 'ERR_SESSION_STORE')
      this.counts.refused += 1
    }
    return page
  }

  /** Counts until the store is down. */
  async countUntilDown(): Promise<void> {
    for (const until = Date.now() + 20_000; !this.isDown; ) {
      if (Date.now() > until) throw new Error('The store did not go down')
      await Promise.all([this.count(), this.count(), this.count()])
    }
  }

  /** Counts until a request succeeds again. */
  async countUntilServed(): Promise<void> {
    for (const until = Date.now() + 20_000; (await this.count()).status !== 200; ) {
      if (Date.now() > until) throw new Error('The store did not come up again')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Requests a page that does not use its session, with the cookie of the visitor. */
  async untouched(kind: AppKind): Promise<Page> {
    const page = await fetch(`http://127.0.0.1:${this.ports[kind]}/page`, {
      headers: { cookie: [...this.visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    })
    return { status: page.status, headers: page.headers, body: await page.text(), setCookies: page.headers.getSetCookie() }
  }

  /** Asserts that the session exists, and that each acknowledged increment was applied once. */
  async verify(): Promise<void> {
    const page = await this.visitor.get('/read')
    const { user, n = 0 } = JSON.parse(page.body) as { user?: string; n?: number }
    assert.equal(user, 'ada')
    const { ok, unknown } = this.counts
    assert.ok(n >= ok && n <= ok + unknown, `counted ${n}, acknowledged ${ok}, unknown ${unknown}`)
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections()
      server.close()
    }
  }

  #lastTransition(): string | undefined {
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
