import express from 'express'
import { requireUser, session } from 'sojourn/express'
import { SqliteStore } from 'sojourn/stores/sqlite'
import { accountPage, shopPage } from './pages.ts'

declare module 'sojourn' {
  interface SessionData {
    userId: string
    cart: string[]
  }
}

export const app = express()
app.use(express.urlencoded())
app.use(session({ store: new SqliteStore(process.env.SESSIONS ?? 'sessions.db') }))

app.get('/', ({ session }, res) => {
  res.send(shopPage({ notices: session.flashed<string>('notice'), user: session.userId, cart: session.get('cart', []) }))
})

app.post('/add', ({ session }, res) => {
  session.push('cart', 'bread')
  session.flash('notice', 'Added.')
  res.redirect(303, '/')
})

app.post('/empty', ({ session }, res) => {
  session.delete('cart')
  res.redirect(303, '/')
})

app.post('/login', ({ session, body }, res) => {
  session.login(String(body?.name))
  session.flash('notice', 'Welcome back.')
  res.redirect(303, '/account')
})

app.post('/logout', ({ session }, res) => {
  session.logout()
  res.redirect(303, '/')
})

app.get('/account', requireUser({ redirectTo: '/' }), ({ session }, res) => {
  res.send(accountPage({ notices: session.flashed<string>('notice'), user: session.userId }))
})
