import { createServer } from 'node:http'
import { serve } from '@hono/node-server'
import express5, { type Express } from 'express'
import express4 from 'express4'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { session as expressSession } from '../../src/adapters/express.ts'
import { session as fastifySession } from '../../src/adapters/fastify.ts'
import { session as honoSession } from '../../src/adapters/hono.ts'
import { session as koaSession } from '../../src/adapters/koa.ts'
import { withSession as nodeWithSession } from '../../src/adapters/node.ts'
import { withSession } from '../../src/adapters/web.ts'
import { StoreError } from '../../src/core/base/errors.ts'
import { Browser } from './harness/browser.ts'
import { listenFastify } from './harness/fastify-harness.ts'
import { listen } from './harness/node-response.ts'
import { createScriptedManager, type RunningServer } from './harness/story-app.ts'

type Sessions = ReturnType<typeof createScriptedManager>['sessions']

function startExpress(express: () => Express): (sessions: Sessions) => Promise<RunningServer> {
  return (sessions) => {
    const app = express()
    app.set('env', 'production') // otherwise Express shows the stack of every error
    app.use(expressSession(sessions))
    app.get('/', (req, res) => void res.send(String(req.session.increment('visits'))))
    return listen(createServer(app))
  }
}

async function startFetch(fetch: (request: Request) => Response | Promise<Response>): Promise<RunningServer> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const server = serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port))
  return {
    port: await promise,
    async [Symbol.asyncDispose]() {
      await new Promise((done) => server.close(done))
    },
  }
}

/** Applications without an error page. */
const applications: Readonly<Record<string, (sessions: Sessions) => Promise<RunningServer>>> = {
  'Express 5': startExpress(express5),
  'Express 4': startExpress(express4),
  Fastify: async (sessions) => {
    const app = fastify({ forceCloseConnections: true })
    await app.register(fastifySession, { sessions })
    app.get('/', ({ session }) => session.increment('visits'))
    return listenFastify(app)
  },
  Koa: (sessions) => {
    const app = new Koa()
    app.use(koaSession(sessions))
    app.use((ctx) => {
      ctx.body = String(ctx.session.increment('visits'))
    })
    return listen(createServer(app.callback()))
  },
  Hono: (sessions) => {
    const app = new Hono()
    app.use(honoSession(sessions))
    app.get('/', (c) => c.text(String(c.var.session.increment('visits'))))
    return startFetch(app.fetch)
  },
  'node:http': (sessions) =>
    listen(createServer(nodeWithSession(sessions, (_req, res, session) => res.end(String(session.increment('visits')))))),
  web: (sessions) => startFetch(withSession(sessions, (_request, session) => new Response(String(session.increment('visits'))))),
}

const SECRET = 'password authentication failed for user "shop" at db.internal (/var/lib/shop)'

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})

afterEach(() => {
  vi.restoreAllMocks()
})

describe.each(Object.entries(applications))('the default error page of %s', (_, start) => {
  it.each(['load', 'create', 'replace'])('shows no more than the status text of a failed %s', async (failing) => {
    const { sessions, store } = createScriptedManager()
    await using server = await start(sessions)
    const browser = new Browser(server.port)
    if (failing !== 'create') await browser.get('/')
    store.script = (operation) => {
      if (operation === failing) throw new StoreError(operation, new Error(SECRET), { applied: false })
    }
    const page = await browser.get('/')
    expect(page.status).toBeGreaterThanOrEqual(500)
    expect(page.body).not.toMatch(/shop|db\.internal|password|store failed/i)
  })

  it('shows no more than the status text of a cookie that is refused', async () => {
    const { sessions } = createScriptedManager()
    await using server = await start(sessions)
    const page = await new Browser(server.port).get('/', { 'X-Forwarded-Proto': 'https' })
    expect(page.status).toBe(500)
    expect(page.body).not.toMatch(/forwarded|https|cookie/i)
  })
})
