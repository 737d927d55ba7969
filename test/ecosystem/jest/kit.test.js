'use strict'
// The test kit with Jest: for sojourn, and for an application with another library.
const { MemoryStore: OtherStore } = require('express-session')
const request = require('supertest')
const { createSessions } = require('sojourn')
const { MemoryStore } = require('sojourn/stores/memory')
const { race, seed, sessionOf, testClock } = require('sojourn/testing')
const makeOtherShop = require('./other-library.js')
const makeShop = require('./shop.js')

test('seed, sessionOf and testClock', async () => {
  const clock = testClock()
  const sessions = createSessions({ store: new MemoryStore(), clock, idle: '30m' })
  const app = makeShop({ sessions })
  const { cookie, session } = await seed(sessions, { userId: 'ada', cart: ['bread'] })
  await request(app).post('/cart/milk').set('Cookie', cookie).expect(302)
  await session.reload()
  expect(session.get('cart')).toEqual(['bread', 'milk'])
  const first = await request(app).post('/cart/salt').expect(302)
  expect((await sessionOf(sessions, first)).get('cart')).toEqual(['salt'])
  clock.advance('31m')
  expect((await request(app).get('/').set('Cookie', cookie).expect(200)).body).toEqual([])
})

test('a race finds what express-session loses', async () => {
  const store = new OtherStore()
  const app = makeOtherShop(store)
  const add = (sku) => (cookie) => request(app).post(`/cart/${sku}`).set('Cookie', cookie)
  const report = await race(add('bread'), add('milk'), {
    store,
    begin: async () => (await request(app).post('/cart/salt')).headers['set-cookie'][0].split(';')[0],
    outcome: async (cookie) => (await request(app).get('/').set('Cookie', cookie)).body,
  })
  expect(report.lost.map(({ outcome }) => outcome)).toContainEqual(['salt', 'milk'])
})

test('a race finds nothing that sojourn loses', async () => {
  const store = new MemoryStore()
  const sessions = createSessions({ store })
  const app = makeShop({ sessions })
  const add =
    (sku) =>
    ({ cookie }) =>
      request(app).post(`/cart/${sku}`).set('Cookie', cookie)
  const report = await race(add('bread'), add('milk'), {
    store,
    begin: () => seed(sessions, { cart: [] }),
    outcome: async ({ session }) => {
      await session.reload()
      return session.get('cart')
    },
  })
  expect(String(report)).toContain('0 of ')
})
