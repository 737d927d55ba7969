import { fromWebHandler, H3, redirect, serve } from 'h3'
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

const shop = new H3()
  .get('/', ({ req }) => {
    const session = sessions.of(req)
    return { notices: session.flashed<string>('notice'), user: session.userId, cart: session.get('cart', []) }
  })
  .post('/cart', async ({ req }) => {
    const form = await req.formData()
    const session = sessions.of(req)
    session.push('cart', String(form.get('sku')))
    session.flash('notice', 'Added.')
    return redirect('/', 303)
  })
  .delete('/cart', ({ req }) => {
    sessions.of(req).delete('cart')
    return redirect('/', 303)
  })
  .post('/login', async ({ req }) => {
    const form = await req.formData()
    const session = sessions.of(req)
    session.login(String(form.get('name')))
    session.flash('notice', 'Welcome back.')
    return redirect('/account', 303)
  })
  .get('/account', ({ req }) => {
    const { userId } = sessions.of(req)
    return userId === undefined ? redirect('/', 303) : { user: userId }
  })
  .post('/logout', ({ req }) => {
    sessions.of(req).logout()
    return redirect('/', 303)
  })

const handler = withSession(sessions, (request) => shop.fetch(request))
serve(new H3().all('/**', fromWebHandler(handler)), { port: Number(process.env.PORT ?? 3000) })
