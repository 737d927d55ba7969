import { expect, it } from 'vitest'
import { typeCheck } from '../docs/type-check.ts'

const APP = `
import express from 'express'
import session, { type SessionData } from 'sojourn/express-session'
import { MemoryStore } from 'sojourn/stores/memory'

declare module 'express-session' {
  interface SessionData {
    cart: string[]
    views: number
  }
}

const auth = session({
  secret: ['one', 'two'],
  resave: false,
  saveUninitialized: false,
  cookie: { maxAge: 60_000 },
  genid: (req) => req.path,
  store: new MemoryStore(),
  idle: '1d',
  merge: ['cart'],
  userId: ({ views }) => views,
})
const app = express().use(auth)
app.get('/', async (req, res) => {
  req.session.cart?.push('book')
  req.session.save((error) => res.json(error))
  auth.sessions.of(req).increment('views')
  await auth.sessions.users.revoke(7)
  const views: number | undefined = req.session.views
  const data: Partial<SessionData> = req.session
  res.json([views, data, req.sessionID])
  // @ts-expect-error not declared
  req.session.unknown
  // @ts-expect-error not a number
  auth.sessions.of(req).increment('cart')
})
new session.MemoryStore()
const stored: session.SessionData | undefined = undefined
void stored
`

it('an application for express-session compiles with another import, and unknown properties are refused', async () => {
  expect(await typeCheck({ 'app.ts': APP })).toEqual([])
})
