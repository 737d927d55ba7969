import { Elysia, t } from 'elysia'
import { createSessions } from 'sojourn'
import { SqliteStore } from 'sojourn/stores/sqlite'
import { withSession } from 'sojourn/web'

declare module 'sojourn' {
  interface SessionData {
    userId: string
    cart: string[]
  }
}

const sessions = createSessions({ store: new SqliteStore(process.env.SESSIONS ?? 'sessions.db') })

const shop = new Elysia()
  .derive(({ request }) => ({ session: sessions.of(request) }))
  .get('/', ({ session }) => ({
    notices: session.flashed<string>('notice'),
    user: session.userId,
    cart: session.get('cart', []),
  }))
  .post(
    '/cart',
    ({ session, body, redirect }) => {
      session.push('cart', body.sku)
      session.flash('notice', 'Added.')
      return redirect('/', 303)
    },
    { body: t.Object({ sku: t.String() }) },
  )
  .delete('/cart', ({ session, redirect }) => {
    session.delete('cart')
    return redirect('/', 303)
  })
  .post(
    '/login',
    ({ session, body, redirect }) => {
      session.login(body.name)
      session.flash('notice', 'Welcome back.')
      return redirect('/account', 303)
    },
    { body: t.Object({ name: t.String() }) },
  )
  .get('/account', ({ session, redirect }) => (session.userId === undefined ? redirect('/', 303) : { user: session.userId }))
  .post('/logout', ({ session, redirect }) => {
    session.logout()
    return redirect('/', 303)
  })

export default {
  port: Number(process.env.PORT ?? 3000),
  fetch: withSession(sessions, (request) => shop.fetch(request)),
}
