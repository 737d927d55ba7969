'use strict'
// An application with express-session, in which a race loses an item of the cart.
const express = require('express')
const session = require('express-session')

module.exports = function makeOtherShop(store) {
  const app = express().use(session({ secret: 'a secret', resave: false, saveUninitialized: false, store }))
  app.get('/', (req, res) => res.json(req.session.cart ?? []))
  app.post('/cart/:sku', (req, res) => {
    req.session.cart = [...(req.session.cart ?? []), req.params.sku]
    res.end()
  })
  return app
}
