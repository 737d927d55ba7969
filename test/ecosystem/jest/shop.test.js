'use strict'
const request = require('supertest')
const makeShop = require('./shop.js')

// Nothing is closed here: no timer of the package may keep Jest from its exit.
test('an agent of supertest keeps its cart', async () => {
  const agent = request.agent(makeShop({ clearExpired: '1m' }))
  await agent.post('/cart/bread').expect(302)
  expect((await agent.get('/').expect(200)).body).toEqual(['bread'])
})
