import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createSessions, SessionError } from 'sojourn'
import { session } from 'sojourn/hono'
import { SqliteStore } from 'sojourn/stores/sqlite'

declare module 'sojourn' {
  interface SessionData {
    userId: string
    cart: string[]
  }
}

const sessions = createSessions({ store: new SqliteStore(process.env.SESSIONS ?? 'sessions.db') })

const shop = new Hono()
  .use(session(sessions))
  .get('/cart', (c) => {
    const { session } = c.var
    return c.json({ notices: session.flashed<string>('notice'), user: session.userId, cart: session.get('cart', []) })
  })
  .post('/cart/:sku', (c) => {
    c.var.session.flash('notice', 'Added.')
    return c.json({ cart: c.var.session.push('cart', c.req.param('sku')) })
  })
  .delete('/cart', (c) => c.json({ deleted: c.var.session.delete('cart') }))
  .post('/login/:name', (c) => {
    c.var.session.login(c.req.param('name'))
    c.var.session.flash('notice', 'Welcome back.')
    return c.json({ user: c.req.param('name') })
  })
  .get('/account', (c) => {
    const { userId } = c.var.session
    return userId === undefined ? c.json({ error: 'Please log in.' }, 401) : c.json({ user: userId }, 200)
  })
  .post('/logout', (c) => {
    c.var.session.logout()
    return c.body(null, 204)
  })

shop.onError((error) => new Response('Something went wrong.', { status: error instanceof SessionError ? error.status : 500 }))

export type Shop = typeof shop

serve({ fetch: shop.fetch, port: Number(process.env.PORT ?? 3000) })
