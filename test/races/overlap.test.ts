import { describe, expect, it } from 'vitest'
import { countRows, COMBINATIONS } from './checkpoints.ts'
import { startFixture } from './fixture.ts'

describe.each(COMBINATIONS)('two requests that overlap (%s, %s)', (storeName, doorName) => {
  it('a deleted property stays deleted when the other writes another property', async () => {
    const { browser, checkpoints } = await startFixture(storeName, doorName)
    await browser.get('/set/darkMode/true')
    const slow = browser.copy().get('/push/cart/apple?gate=slow')
    await checkpoints.entered('slow')
    expect(await browser.copy().get('/delete/darkMode')).toMatchObject({ status: 200, body: true })
    checkpoints.release('slow')
    expect((await slow).status).toBe(200)
    expect((await browser.get('/read')).body).toEqual({ cart: ['apple'] })
  })

  it('a property that the slow one deletes stays deleted when the fast one writes another', async () => {
    const { browser, checkpoints } = await startFixture(storeName, doorName)
    await browser.get('/set/darkMode/true')
    const slow = browser.copy().get('/delete/darkMode?gate=slow')
    await checkpoints.entered('slow')
    await browser.copy().get('/push/cart/apple')
    checkpoints.release('slow')
    await slow
    expect((await browser.get('/read')).body).toEqual({ cart: ['apple'] })
  })

  it('a session flushed while another request runs does not come back, and that request is told so', async () => {
    const { browser, store, checkpoints } = await startFixture(storeName, doorName)
    await browser.get('/set/a/1')
    const stale = browser.copy()
    const slow = stale.get('/set/b/2?gate=slow')
    await checkpoints.entered('slow')
    await browser.get('/flush')
    expect(browser.cookie).toBeUndefined()
    checkpoints.release('slow')
    expect(await slow).toMatchObject({ status: 409, setCookies: [] })
    expect(await countRows(store)).toBe(0)
    expect((await stale.get('/read')).body).toEqual({})
  })

  it('a request that only reads while its session is flushed is answered', async () => {
    const { browser, store, checkpoints } = await startFixture(storeName, doorName)
    await browser.get('/set/a/1')
    const slow = browser.copy().get('/read?gate=slow')
    await checkpoints.entered('slow')
    await browser.get('/flush')
    checkpoints.release('slow')
    expect(await slow).toMatchObject({ status: 200, body: { a: 1 } })
    expect(await countRows(store)).toBe(0)
  })

  it.each(['/cycle', '/login/7'])(
    'a flush ends the session though %s of another request committed before it, loaded before that',
    async (renewal) => {
      const { browser, store, checkpoints } = await startFixture(storeName, doorName)
      await browser.get('/set/a/1')
      const slow = browser.copy().get('/flush?gate=slow')
      await checkpoints.entered('slow')
      await browser.get(renewal)
      checkpoints.release('slow')
      expect((await slow).status).toBe(200)
      expect(await countRows(store)).toBe(0)
      expect((await browser.get('/read')).body).toEqual({})
    },
  )

  it.each(['/cycle', '/login/7'])(
    'a flush ends the session though %s of another request committed before it, loaded after that',
    async (renewal) => {
      const { browser, store } = await startFixture(storeName, doorName)
      await browser.get('/set/a/1')
      const stale = browser.copy()
      await browser.get(renewal)
      expect((await stale.get('/flush')).status).toBe(200)
      expect(await countRows(store)).toBe(0)
      expect((await browser.get('/read')).body).toEqual({})
    },
  )

  it('a flush ends the session of a user though the same user logged in again before it', async () => {
    const { browser, store, checkpoints } = await startFixture(storeName, doorName)
    await browser.get('/login/7')
    const slow = browser.copy().get('/flush?gate=slow')
    await checkpoints.entered('slow')
    await browser.get('/login/7')
    checkpoints.release('slow')
    await slow
    expect(await countRows(store)).toBe(0)
    expect((await browser.get('/read')).body).toEqual({})
  })
})
