// The test kit with node:test.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, test } from 'node:test'
import otherSession from 'express-session'
import { createSessions } from 'sojourn'
import { MemoryStore } from 'sojourn/stores/memory'
import { race, seed, sessionOf, testClock } from 'sojourn/testing'
import makeOtherShop from './other-library.js'
import makeShop from './shop.js'

async function serve(app) {
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${server.address().port}`
}

const post = (url, cookie) => fetch(url, { method: 'POST', headers: { cookie }, redirect: 'manual' })

test('seed, sessionOf and testClock', async () => {
  const clock = testClock()
  const sessions = createSessions({ store: new MemoryStore(), clock, idle: '30m' })
  const url = await serve(makeShop({ sessions }))
  const { cookie, session } = await seed(sessions, { userId: 'ada', cart: ['bread'] })
  await post(`${url}/cart/milk`, cookie)
  await session.reload()
  assert.deepEqual(session.get('cart'), ['bread', 'milk'])
  assert.deepEqual((await sessionOf(sessions, await post(`${url}/cart/salt`, ''))).get('cart'), ['salt'])
  clock.advance('31m')
  assert.deepEqual(await (await fetch(url, { headers: { cookie } })).json(), [])
})

test('a race finds what express-session loses', async () => {
  const store = new otherSession.MemoryStore()
  const url = await serve(makeOtherShop(store))
  const add = (sku) => (cookie) => post(`${url}/cart/${sku}`, cookie)
  const report = await race(add('bread'), add('milk'), {
    store,
    begin: async () => (await post(`${url}/cart/salt`, '')).headers.getSetCookie()[0].split(';')[0],
    outcome: async (cookie) => (await fetch(url, { headers: { cookie } })).json(),
  })
  assert.match(String(report), /[1-9]\d* of \d+ interleavings lost a change/)
})
