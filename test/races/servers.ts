import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Request as ExpressRequest, type Response as ExpressResponse, type NextFunction } from 'express'
import { session as expressSession } from '../../src/adapters/express.ts'
import { withSession } from '../../src/adapters/web.ts'
import { createSessions, type Store } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { MysqlStore } from '../../src/stores/mysql.ts'
import { PostgresStore } from '../../src/stores/postgres.ts'
import { RedisStore } from '../../src/stores/redis.ts'
import { SqliteStore } from '../../src/stores/sqlite.ts'
import { incoming } from '../helpers/incoming.ts'
import { MYSQL, newMysqlPool } from '../services/mysql/mysql-pools.ts'
import { freshTable, newPool, POSTGRES } from '../services/postgres/postgres-pool.ts'
import { freshPrefix, ioRedis, REDIS } from '../services/redis/redis-clients.ts'
import { newSqliteFile } from '../stores/sqlite/sqlite-folder.ts'
import type { Checkpoints } from './checkpoints.ts'
import { runRoute } from './routes.ts'

export interface TestResponse {
  readonly status: number
  readonly body: unknown
  readonly setCookies: readonly string[]
}

/** A running application with the routes of routes.ts. */
export interface TestServer {
  request(target: string, cookie?: string): Promise<TestResponse>
  close(): Promise<void>
}

export const STORES: Readonly<Record<string, () => Store>> = {
  memory: () => new MemoryStore(),
  sqlite: () => new SqliteStore(newSqliteFile()),
  ...(MYSQL === '' ? {} : { mysql: () => new MysqlStore({ pool: newMysqlPool(), table: freshTable() }) }),
  ...(POSTGRES === '' ? {} : { postgres: () => new PostgresStore({ pool: newPool(), table: freshTable() }) }),
  ...(REDIS === '' ? {} : { redis: () => new RedisStore({ client: ioRedis(), prefix: freshPrefix() }) }),
}

export const SERVERS: Readonly<Record<string, (store: Store, checkpoints: Checkpoints) => Promise<TestServer>>> = {
  core: startCore,
  express: startExpress,
  web: startWeb,
}

/** Every store with every kind of server. */
export const COMBINATIONS: [store: string, server: string][] = Object.keys(STORES).flatMap((store) =>
  Object.keys(SERVERS).map((server): [string, string] => [store, server]),
)

async function startCore(store: Store, checkpoints: Checkpoints): Promise<TestServer> {
  const sessions = createSessions<any>({ store })
  return {
    async request(target, cookie) {
      const session = await sessions.open(incoming(cookie, { secure: false, loopback: true }))
      const response = (status: number, body: unknown, headers: Headers): TestResponse => ({
        status,
        body,
        setCookies: headers.getSetCookie(),
      })
      try {
        const body = await runRoute(session, target, checkpoints)
        return response(200, body, await sessions.commit(session, { status: 200 }))
      } catch (error) {
        return response((error as { status?: number }).status ?? 500, undefined, sessions.headers(session))
      }
    },
    close: () => sessions.close(),
  }
}

async function startExpress(store: Store, checkpoints: Checkpoints): Promise<TestServer> {
  const middleware = expressSession({ store })
  const app = express()
  app.use(middleware)
  app.use(async (req: ExpressRequest, res: ExpressResponse) => {
    res.json(await runRoute(req.session, req.originalUrl, checkpoints))
  })
  app.use(
    (error: { status?: number }, _req: ExpressRequest, res: ExpressResponse, _next: NextFunction) =>
      void res.status(error.status ?? 500).json(null),
  )
  return listen(createServer(app), () => middleware.sessions.close())
}

async function startWeb(store: Store, checkpoints: Checkpoints): Promise<TestServer> {
  const handle = withSession({ store }, async (request: Request, session) =>
    Response.json(await runRoute(session, request.url, checkpoints)),
  )
  const server = createServer(async (req, res) => {
    const headers = new Headers(req.headers.cookie === undefined ? {} : { cookie: req.headers.cookie })
    const response = await handle(new Request(`http://${req.headers.host}${req.url}`, { headers }))
    for (const cookie of response.headers.getSetCookie()) res.appendHeader('Set-Cookie', cookie)
    res.writeHead(response.status).end(await response.text())
  })
  return listen(server, () => handle.sessions.close())
}

async function listen(server: Server, closeStore: () => Promise<void>): Promise<TestServer> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    request: (target, cookie) => sendRequest(port, target, cookie),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await closeStore()
    },
  }
}

/** Sends one request over HTTP to a server on this machine. */
export async function sendRequest(port: number, target: string, cookie?: string): Promise<TestResponse> {
  const response = await fetch(`http://127.0.0.1:${port}${target}`, { headers: cookie === undefined ? {} : { cookie } })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text), setCookies: response.headers.getSetCookie() }
}

/** A browser with one cookie. */
export class Browser {
  readonly #server: Pick<TestServer, 'request'>
  cookie: string | undefined

  constructor(server: Pick<TestServer, 'request'>, cookie?: string) {
    this.#server = server
    this.cookie = cookie
  }

  /** Sends a request and applies the `Set-Cookie` of its response. */
  async get(target: string): Promise<TestResponse> {
    const response = await this.#server.request(target, this.cookie)
    const [pair] = response.setCookies[0]?.split(';') ?? []
    if (pair !== undefined) this.cookie = pair.endsWith('=') ? undefined : pair
    return response
  }

  /** Another browser with the same cookie. */
  copy(): Browser {
    return new Browser(this.#server, this.cookie)
  }
}

/** Returns the number of rows of a store, including expired ones. */
export async function countRows(store: Store): Promise<number> {
  return (await store.list?.({ now: 0, limit: 100 }))?.entries.length ?? Number.NaN
}
