import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { stream } from 'hono/streaming'
import { session } from '../../../src/adapters/hono.ts'
import { listen } from '../harness/node-response.ts'
import { stories } from '../harness/stories.ts'
import { handleRequest, renderErrorPage, type StoryResponse } from '../harness/story-app.ts'

function send(c: Context, { status = 200, headers = {}, body }: StoryResponse): Response {
  c.status(status as 200)
  for (const [name, value] of Object.entries(headers)) for (const each of [value].flat()) c.header(name, each as string, { append: true })
  if (body === undefined || typeof body === 'string') return c.body((body ?? null) as string)
  return stream(c, async (out) => {
    for await (const piece of body) await out.write(piece)
  })
}

stories({
  name: 'Hono 4',
  hasErrorPage: true,
  remedy: 'cookie: { secure: true }',
  startServer(story) {
    const app = new Hono()
    app.use(session(story.sessions))
    app.all('/*', async (c) => {
      const { method, url } = c.req
      return send(c, await handleRequest(story, { method, url: new URL(url), body: await c.req.text(), session: c.var.session }))
    })
    app.onError((error, c) => send(c, renderErrorPage(story, error)))
    return listen(createAdaptorServer({ fetch: app.fetch }) as Server)
  },
})
