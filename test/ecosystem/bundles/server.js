// The second bundle: routes that use the manager of the first one.
import express from 'express'
import { createSessions, SessionEndedError, StoreError } from 'sojourn'
import { session } from 'sojourn/express'

export function makeApp() {
  const app = express().use(session(globalThis.shop.sessions))
  app.get('/', (req, res) => res.json(req.session.get('cart', [])))
  app.post('/cart/:sku', (req, res) => {
    req.session.push('cart', req.params.sku)
    res.redirect('/')
  })
  app.post('/slow', async (req, res) => {
    const other = await globalThis.shop.sessions.load(req.session.id)
    other.flush()
    await other.save()
    req.session.push('cart', 'late')
    res.redirect('/')
  })
  app.use((error, _req, res, _next) => {
    const kind = error instanceof SessionEndedError ? 'ended' : error instanceof StoreError ? 'store' : 'other'
    res.status(error.status ?? 500).json({ kind, code: error.code })
  })
  return app
}

/** A manager of this bundle on the store of the other one. */
export function makeManager() {
  return createSessions({ store: globalThis.shop.store })
}
