import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect, jest, test } from '@jest/globals'
import { createSessions, StoreError } from 'sojourn'
import { MemoryStore } from 'sojourn/stores/memory'
import { SqliteStore } from 'sojourn/stores/sqlite'

// Jest runs tests in a realm with its own Date, Error and Promise. Node's modules are outside of it.

test('values and dates of the realm can be stored', async () => {
  const sessions = createSessions({ store: new SqliteStore(':memory:') })
  const session = sessions.create()
  const values = {
    date: new Date(0),
    map: new Map([[1, new Set([2])]]),
    bytes: new Uint8Array([1, 2]),
    url: new URL('https://shop.example/'),
  }
  session.assign(values)
  session.setExpiry(new Date(Date.now() + 60_000))
  await session.save()
  expect((await sessions.load(session.id)).toObject()).toEqual(values)
  await sessions.close()
})

test('bytes of Node are random bytes', async () => {
  const session = createSessions({ store: new MemoryStore(), random: (size) => randomBytes(size) }).create()
  session.set('cart', [])
  await session.save()
  expect(session.id).toMatch(/^[\w-]+\.[\w-]+$/)
})

test('an error of Node is reported with its message', async () => {
  const store = new MemoryStore()
  const sessions = createSessions({ store })
  const session = sessions.create()
  session.set('cart', [])
  await session.save()
  store.load = () => readFile('missing')
  const error = await sessions.load(session.id).catch((reason) => reason)
  expect(error).toBeInstanceOf(StoreError)
  expect(error.message).toMatch(/: ENOENT/)
})

test('a listener that rejects is reported', async () => {
  const report = jest.spyOn(console, 'error').mockImplementation(() => undefined)
  const sessions = createSessions({ store: new MemoryStore(), onEvent: () => readFile('missing') })
  const session = sessions.create()
  session.set('cart', [])
  await session.save()
  await new Promise(setImmediate)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(report).toHaveBeenCalled()
})
