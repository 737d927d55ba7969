import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import Koa, { type Context } from 'koa'
import { session } from '../../../src/adapters/koa.ts'
import { listen } from '../harness/node-response.ts'
import { stories } from '../harness/stories.ts'
import { handleRequest, renderErrorPage, type StoryResponse } from '../harness/story-app.ts'

function send(ctx: Context, { status = 200, headers = {}, body }: StoryResponse): void {
  ctx.status = status
  ctx.set(headers as Record<string, string | string[]>)
  ctx.body = body === undefined || typeof body === 'string' ? (body ?? '') : Readable.from(body)
}

stories({
  name: 'Koa 3',
  hasErrorPage: true,
  remedy: 'app.proxy = true',
  startServer(story) {
    const app = new Koa()
    app.silent = true
    // Koa has its error page in ctx.onerror.
    app.context.onerror = function onerror(this: Context, error: Error | null): void {
      if (error === null || this.headerSent || !this.writable) return
      const { status = 500, body } = renderErrorPage(story, error)
      this.status = status
      this.res.end(body)
    } as Context['onerror']
    app.use(session(story.sessions))
    app.use(async (ctx) => {
      const { method, url, req, session } = ctx
      send(ctx, await handleRequest(story, { method, url: new URL(url, 'http://127.0.0.1'), body: await text(req), session }))
    })
    return listen(createServer(app.callback()))
  },
})
