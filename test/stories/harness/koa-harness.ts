import { createServer } from 'node:http'
import Koa, { type Context } from 'koa'
import { session } from '../../../src/adapters/koa.ts'
import type { Middleware, NodeFramework } from './node-harness.ts'
import { listen } from './node-response.ts'

const asKoa =
  (middleware: Middleware): Koa.Middleware =>
  ({ req, res }, next) =>
    new Promise<void>((resolve, reject) =>
      middleware(req, res, (error) => (error === undefined ? resolve() : reject(error as Error))),
    ).then(next)

/** Koa with handlers that write to Node's response. */
export const koa: NodeFramework = {
  name: 'Koa 3',
  start({ sessions, before = [], after = [], handler, errorPage }) {
    const app = new Koa()
    app.silent = true
    app.context.onerror = function onerror(this: Context, error: Error | null): void {
      if (error === null) return
      if (this.headerSent || !this.writable) this.req.socket.destroy()
      else errorPage?.(error as { code?: string }, this.req, this.res)
    } as Context['onerror']
    for (const middleware of [...before.map(asKoa), session(sessions), ...after.map(asKoa)]) app.use(middleware)
    app.use(async (ctx) => {
      ctx.respond = false
      ctx.res.statusCode = 200
      await handler(ctx.req, ctx.res, ctx.session)
    })
    return listen(createServer(app.callback()))
  },
}
