import { describe, expect, it } from 'vitest'
import { startFixture } from './fixture.ts'
import { COMBINATIONS, countRows } from './servers.ts'

describe.each(COMBINATIONS)('two overlapping requests (%s, %s)', (storeName, serverName) => {
  it('a deleted property stays deleted when the other request writes another property', async () => {
    const { browser, checkpoints } = await startFixture(storeName, serverName)
    await browser.get('/set/darkMode/true')
    const slow = browser.copy().get('/push/cart/apple?checkpoint=slow')
    await checkpoints.waitFor('slow')
    expect(await browser.copy().get('/delete/darkMode')).toMatchObject({ status: 200, body: true })
    checkpoints.release('slow')
    expect((await slow).status).toBe(200)
    expect((await browser.get('/read')).body).toEqual({ cart: ['apple'] })
  })

  it('a property that the slow request deletes stays deleted when the fast one writes another property', async () => {
    const { browser, checkpoints } = await startFixture(storeName, serverName)
    await browser.get('/set/darkMode/true')
    const slow = browser.copy().get('/delete/darkMode?checkpoint=slow')
    await checkpoints.waitFor('slow')
    await browser.copy().get('/push/cart/apple')
    checkpoints.release('slow')
    await slow
    expect((await browser.get('/read')).body).toEqual({ cart: ['apple'] })
  })

  it('a session flushed while another request runs is not restored, and that request fails with 409', async () => {
    const { browser, store, checkpoints } = await startFixture(storeName, serverName)
    await browser.get('/set/a/1')
    const stale = browser.copy()
    const slow = stale.get('/set/b/2?checkpoint=slow')
    await checkpoints.waitFor('slow')
    await browser.get('/flush')
    expect(browser.cookie).toBeUndefined()
    checkpoints.release('slow')
    expect(await slow).toMatchObject({ status: 409, setCookies: [] })
    expect(await countRows(store)).toBe(0)
    expect((await stale.get('/read')).body).toEqual({})
  })

  it('a request that only reads succeeds while its session is flushed', async () => {
    const { browser, store, checkpoints } = await startFixture(storeName, serverName)
    await browser.get('/set/a/1')
    const slow = browser.copy().get('/read?checkpoint=slow')
    await checkpoints.waitFor('slow')
    await browser.get('/flush')
    checkpoints.release('slow')
    expect(await slow).toMatchObject({ status: 200, body: { a: 1 } })
    expect(await countRows(store)).toBe(0)
  })

  it.each(['/cycle', '/login/7'])('a flush that loaded the session before %s of another request ends the session', async (renewal) => {
    const { browser, store, checkpoints } = await startFixture(storeName, serverName)
    await browser.get('/set/a/1')
    const slow = browser.copy().get('/flush?checkpoint=slow')
    await checkpoints.waitFor('slow')
    await browser.get(renewal)
    checkpoints.release('slow')
    expect((await slow).status).toBe(200)
    expect(await countRows(store)).toBe(0)
    expect((await browser.get('/read')).body).toEqual({})
  })

  it.each(['/cycle', '/login/7'])('a flush with the id from before %s of another request ends the session', async (renewal) => {
    const { browser, store } = await startFixture(storeName, serverName)
    await browser.get('/set/a/1')
    const stale = browser.copy()
    await browser.get(renewal)
    expect((await stale.get('/flush')).status).toBe(200)
    expect(await countRows(store)).toBe(0)
    expect((await browser.get('/read')).body).toEqual({})
  })

  it('a flush ends the session although the same user logged in again before it committed', async () => {
    const { browser, store, checkpoints } = await startFixture(storeName, serverName)
    await browser.get('/login/7')
    const slow = browser.copy().get('/flush?checkpoint=slow')
    await checkpoints.waitFor('slow')
    await browser.get('/login/7')
    checkpoints.release('slow')
    await slow
    expect(await countRows(store)).toBe(0)
    expect((await browser.get('/read')).body).toEqual({})
  })
})
