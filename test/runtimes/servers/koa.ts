import { createServer, type Server } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import Koa from 'koa'
import type { Sessions } from 'sojourn'
import { session } from 'sojourn/koa'
import { handle } from '../shop.ts'

export function serverOf(sessions: Sessions): Server {
  const app = new Koa()
  app.silent = true
  app.use(session(sessions))
  app.use(async (ctx) => {
    const {
      status = 200,
      headers = {},
      body,
    } = handle({ method: ctx.method, path: ctx.path, body: await text(ctx.req), session: ctx.session })
    ctx.status = status
    ctx.set(headers)
    ctx.body = body === undefined || typeof body === 'string' ? (body ?? '') : Readable.from(body)
  })
  return createServer(app.callback())
}
