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
import { incoming } from '../incoming.ts'
import { MYSQL, newMysqlPool } from '../services/mysql/mysql-pools.ts'
import { freshTable, newPool, POSTGRES } from '../services/postgres/postgres-pool.ts'
import { freshPrefix, ioRedis, REDIS } from '../services/redis/redis-clients.ts'
import { newSqliteFile } from '../stores/sqlite/sqlite-folder.ts'
import { type Gate, perform } from './routes.ts'

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly setCookies: readonly string[]
}

/** A way into an application that does what routes.ts says. */
export interface Door {
  request(target: string, cookie?: string): Promise<Answer>
  close(): Promise<void>
}

/** Gates within this process. */
export class Gates implements Gate {
  readonly #points = new Map<string, { readonly entered: PromiseWithResolvers<void>; readonly released: PromiseWithResolvers<void> }>()

  async pass(name: string): Promise<void> {
    this.#point(name).entered.resolve()
    await this.#point(name).released.promise
  }

  entered(name: string): Promise<void> {
    return this.#point(name).entered.promise
  }

  release(name: string): void {
    this.#point(name).released.resolve()
  }

  #point(name: string): { readonly entered: PromiseWithResolvers<void>; readonly released: PromiseWithResolvers<void> } {
    const point = this.#points.get(name) ?? { entered: Promise.withResolvers<void>(), released: Promise.withResolvers<void>() }
    this.#points.set(name, point)
    return point
  }
}

export const STORES: Readonly<Record<string, () => Store>> = {
  memory: () => new MemoryStore(),
  sqlite: () => new SqliteStore(newSqliteFile()),
  ...(MYSQL === '' ? {} : { mysql: () => new MysqlStore({ pool: newMysqlPool(), table: freshTable() }) }),
  ...(POSTGRES === '' ? {} : { postgres: () => new PostgresStore({ pool: newPool(), table: freshTable() }) }),
  ...(REDIS === '' ? {} : { redis: () => new RedisStore({ client: ioRedis(), prefix: freshPrefix() }) }),
}

export const DOORS: Readonly<Record<string, (store: Store, gate: Gate) => Promise<Door>>> = {
  core: coreDoor,
  express: expressDoor,
  web: webDoor,
}

/** Every store through every door. */
export const EVERYWHERE: [store: string, door: string][] = Object.keys(STORES).flatMap((store) =>
  Object.keys(DOORS).map((door): [string, string] => [store, door]),
)

async function coreDoor(store: Store, gate: Gate): Promise<Door> {
  const sessions = createSessions<any>({ store })
  return {
    async request(target, cookie) {
      const session = await sessions.open(incoming(cookie, { secure: false, loopback: true }))
      const answer = (status: number, body: unknown, headers: Headers): Answer => ({ status, body, setCookies: headers.getSetCookie() })
      try {
        const body = await perform(session, target, gate)
        return answer(200, body, await sessions.commit(session, { status: 200 }))
      } catch (error) {
        return answer((error as { status?: number }).status ?? 500, undefined, sessions.headers(session))
      }
    },
    close: () => sessions.close(),
  }
}

async function expressDoor(store: Store, gate: Gate): Promise<Door> {
  const middleware = expressSession({ store })
  const app = express()
  app.use(middleware)
  app.use(async (req: ExpressRequest, res: ExpressResponse) => {
    res.json(await perform(req.session, req.originalUrl, gate))
  })
  app.use(
    (error: { status?: number }, _req: ExpressRequest, res: ExpressResponse, _next: NextFunction) =>
      void res.status(error.status ?? 500).json(null),
  )
  return served(createServer(app), () => middleware.sessions.close())
}

async function webDoor(store: Store, gate: Gate): Promise<Door> {
  const handle = withSession({ store }, async (request: Request, session) => Response.json(await perform(session, request.url, gate)))
  const server = createServer(async (req, res) => {
    const headers = new Headers(req.headers.cookie === undefined ? {} : { cookie: req.headers.cookie })
    const response = await handle(new Request(`http://${req.headers.host}${req.url}`, { headers }))
    for (const cookie of response.headers.getSetCookie()) res.appendHeader('Set-Cookie', cookie)
    res.writeHead(response.status).end(await response.text())
  })
  return served(server, () => handle.sessions.close())
}

async function served(server: Server, closeStore: () => Promise<void>): Promise<Door> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    request: (target, cookie) => ask(port, target, cookie),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await closeStore()
    },
  }
}

/** One request over HTTP to a server of this machine. */
export async function ask(port: number, target: string, cookie?: string): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${port}${target}`, { headers: cookie === undefined ? {} : { cookie } })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text), setCookies: response.headers.getSetCookie() }
}

/** A browser at a door. */
export class Visitor {
  readonly #door: Pick<Door, 'request'>
  cookie: string | undefined

  constructor(door: Pick<Door, 'request'>, cookie?: string) {
    this.#door = door
    this.cookie = cookie
  }

  /** Sends a request and does what its `Set-Cookie` says. */
  async go(target: string): Promise<Answer> {
    const answer = await this.#door.request(target, this.cookie)
    const [pair] = answer.setCookies[0]?.split(';') ?? []
    if (pair !== undefined) this.cookie = pair.endsWith('=') ? undefined : pair
    return answer
  }

  /** Another one with the same cookie. */
  copy(): Visitor {
    return new Visitor(this.#door, this.cookie)
  }
}

/** How many rows a store has, expired ones included. */
export async function countRows(store: Store): Promise<number> {
  return (await store.list?.({ now: 0, limit: 100 }))?.entries.length ?? Number.NaN
}
