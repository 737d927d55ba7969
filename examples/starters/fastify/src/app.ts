import formbody from '@fastify/formbody'
import fastify from 'fastify'
import { requireUser, session } from 'sojourn/fastify'
import { SqliteStore } from 'sojourn/stores/sqlite'
import { accountPage, shopPage } from './pages.ts'

declare module 'sojourn' {
  interface SessionData {
    userId: string
    cart: string[]
  }
}

export const app = fastify()
await app.register(formbody)
await app.register(session, { store: new SqliteStore(process.env.SESSIONS ?? 'sessions.db') })

app.get('/', ({ session }, reply) => {
  const page = shopPage({ notices: session.flashed<string>('notice'), user: session.userId, cart: session.get('cart', []) })
  return reply.type('text/html').send(page)
})

app.post('/add', ({ session }, reply) => {
  session.push('cart', 'bread')
  session.flash('notice', 'Added.')
  return reply.redirect('/', 303)
})

app.post('/empty', ({ session }, reply) => {
  session.delete('cart')
  return reply.redirect('/', 303)
})

app.post<{ Body?: { name?: string } }>('/login', ({ session, body }, reply) => {
  session.login(String(body?.name))
  session.flash('notice', 'Welcome back.')
  return reply.redirect('/account', 303)
})

app.post('/logout', ({ session }, reply) => {
  session.logout()
  return reply.redirect('/', 303)
})

app.get('/account', { preHandler: requireUser({ redirectTo: '/' }) }, ({ session }, reply) => {
  const page = accountPage({ notices: session.flashed<string>('notice'), user: session.userId })
  return reply.type('text/html').send(page)
})
