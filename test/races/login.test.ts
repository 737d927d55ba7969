import { describe, expect, it } from 'vitest'
import { countRows, COMBINATIONS } from './checkpoints.ts'
import { startFixture } from './fixture.ts'

describe.each(COMBINATIONS)('a visitor who logs in (%s, %s)', (storeName, doorName) => {
  it.each(['/delete/userId', '/clear', '/flush', '/logout'])('is not logged in after %s', async (out) => {
    const { browser } = await startFixture(storeName, doorName)
    await browser.get('/set/cart/1')
    await browser.get('/login/7')
    const loggedIn = browser.copy()
    expect((await browser.get('/read')).body).toEqual({ cart: 1, userId: '7' })
    await browser.get(out)
    for (const each of [browser, loggedIn]) expect((await each.get('/read')).body).not.toHaveProperty('userId')
  })

  it('leaves a captured cookie from before worthless: it reads nothing, changes nothing, and can only end the session', async () => {
    const { browser, store } = await startFixture(storeName, doorName)
    await browser.get('/set/cart/1')
    const captured = browser.copy()
    await browser.get('/login/7')
    expect((await captured.copy().get('/read')).body).toEqual({})
    for (const attack of ['/set/cart/2', '/delete/cart', '/clear', '/cycle', '/push/list/1']) {
      const answer = await captured.copy().get(attack)
      expect(answer.setCookies).toEqual([])
      expect([200, 409]).toContain(answer.status)
    }
    expect((await captured.copy().get('/claim/cart')).body).not.toBe(1)
    const thief = captured.copy()
    await thief.get('/login/8')
    expect((await browser.get('/read')).body).toEqual({ cart: 1, userId: '7' })
    expect((await thief.get('/read')).body).toEqual({ userId: '8' })
    await thief.get('/flush')
    expect(await countRows(store)).toBe(1)
    await captured.copy().get('/flush')
    expect((await browser.get('/read')).body).toEqual({})
    expect(await countRows(store)).toBe(0)
  })

  it('as another user finds nothing of the one before', async () => {
    const { browser, store } = await startFixture(storeName, doorName)
    await browser.get('/login/1')
    await browser.get('/set/private/1')
    const first = browser.copy()
    await browser.get('/login/2')
    expect((await browser.get('/read')).body).toEqual({ userId: '2' })
    expect((await first.get('/read')).body).toEqual({})
    expect(await countRows(store)).toBe(1)
  })
})
