import { createServer } from 'node:http'
import { compileFunction } from 'node:vm'
import express5 from 'express'
import express4 from 'express4'
import fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { session as expressSession } from '../../src/adapters/express.ts'
import { session as fastifySession } from '../../src/adapters/fastify.ts'
import { session as honoSession } from '../../src/adapters/hono.ts'
import { session as koaSession } from '../../src/adapters/koa.ts'
import { session as nodeSession } from '../../src/adapters/node.ts'
import type { Session, Sessions } from '../../src/index.ts'
import { listen } from './harness/node-response.ts'
import { createScriptedManager } from './harness/story-app.ts'

// Assigns in code that is not strict, such as most of CommonJS, where a read-only property ignores
// it.
const assignSloppily = compileFunction('object[name] = value', ['object', 'name', 'value']) as (
  object: object,
  name: string,
  value: unknown,
) => void

/** Runs a handler in one request, with a function that assigns the session. */
type Run = (sessions: Sessions, handle: (assign: (value: unknown) => void, session: () => Session, target: object) => void) => Promise<void>

const NAME = 'session'

function expressRun(express: typeof express5): Run {
  return async (sessions, handle) => {
    const app = express().use(expressSession(sessions))
    app.get('/', (req, res) => {
      handle(
        (value) => assignSloppily(req, NAME, value),
        () => req.session,
        req,
      )
      res.end()
    })
    await using server = await listen(createServer(app))
    await fetch(`http://127.0.0.1:${server.port}/`)
  }
}

const frameworks: Readonly<Record<string, Run>> = {
  'Express 5': expressRun(express5),
  'Express 4': expressRun(express4),
  async 'node:http'(sessions, handle) {
    const open = nodeSession(sessions)
    await using server = await listen(
      createServer(async (req, res) => {
        await open(req, res)
        handle(
          (value) => assignSloppily(req, NAME, value),
          () => Reflect.get(req, NAME) as Session,
          req,
        )
        res.end()
      }),
    )
    await fetch(`http://127.0.0.1:${server.port}/`)
  },
  async Koa(sessions, handle) {
    const app = new Koa().use(koaSession(sessions)).use((ctx) => {
      handle(
        (value) => assignSloppily(ctx, NAME, value),
        () => ctx.session,
        ctx,
      )
      ctx.body = ''
    })
    await using server = await listen(createServer(app.callback()))
    await fetch(`http://127.0.0.1:${server.port}/`)
  },
  async Fastify(sessions, handle) {
    const app = fastify()
    await app.register(fastifySession, { sessions })
    app.get('/', (request, reply) => {
      handle(
        (value) => assignSloppily(request, NAME, value),
        () => request.session,
        request,
      )
      return reply.send()
    })
    await app.inject('/')
  },
  async Hono(sessions, handle) {
    const app = new Hono().use(honoSession(sessions))
    app.get('/', (c) => {
      handle(
        (value) => c.set(NAME, value as Session),
        () => c.var.session,
        c,
      )
      return c.text('')
    })
    await app.request('/')
  },
}

describe.each(Object.entries(frameworks))('the session of a request in %s', (_name, run) => {
  it.each([null, undefined, {}, 'x'])('cannot be replaced by %j, and the error names the calls to use', async (value) => {
    const { sessions } = createScriptedManager()
    const errors: unknown[] = []
    await run(sessions, (assign, session) => {
      const before = session()
      try {
        assign(value)
      } catch (error) {
        errors.push(error)
      }
      errors.push(session() === before)
    })
    expect(errors).toEqual([
      expect.objectContaining({
        code: 'ERR_SESSION_CONFIG',
        message: expect.stringMatching(/session\.logout\(\).*session\.flush\(\)/) as string,
      }),
      true,
    ])
  })
})

it.each(['Express 5', 'Express 4', 'node:http', 'Koa'])('the session of a request in %s cannot be deleted', async (name) => {
  const { sessions } = createScriptedManager()
  const results: unknown[] = []
  await frameworks[name]?.(sessions, (_assign, session, target) => {
    const before = session()
    try {
      results.push(Reflect.deleteProperty(target, NAME))
    } finally {
      results.push(session() === before)
    }
  })
  expect(results).toEqual([false, true])
})
