'use strict'
// An Express application that is tested with Jest and supertest.
const express = require('express')
const { session } = require('sojourn/express')
const { MemoryStore } = require('sojourn/stores/memory')

module.exports = function makeShop({ sessions, ...options }) {
  const app = express().use(session(sessions ?? { store: new MemoryStore(), ...options }))
  app.get('/', (req, res) => res.json(req.session.get('cart', [])))
  app.post('/cart/:sku', (req, res) => {
    req.session.push('cart', req.params.sku)
    res.redirect('/')
  })
  return app
}
