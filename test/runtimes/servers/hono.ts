import { Hono } from 'hono'
import type { Sessions } from 'sojourn'
import { session } from 'sojourn/hono'
import { respond } from '../shop.ts'

export function fetchOf(sessions: Sessions): Hono['fetch'] {
  const app = new Hono()
  app.use(session(sessions))
  app.all('/*', (c) => respond(c.req.raw, c.var.session))
  return app.fetch
}
