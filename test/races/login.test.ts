import { describe, expect, it } from 'vitest'
import { startFixture } from './fixture.ts'
import { COMBINATIONS, countRows } from './servers.ts'

describe.each(COMBINATIONS)('a login (%s, %s)', (storeName, serverName) => {
  it.each(['/delete/userId', '/clear', '/flush', '/logout'])('ends after %s', async (out) => {
    const { browser } = await startFixture(storeName, serverName)
    await browser.get('/set/cart/1')
    await browser.get('/login/7')
    const loggedIn = browser.copy()
    expect((await browser.get('/read')).body).toEqual({ cart: 1, userId: '7' })
    await browser.get(out)
    for (const each of [browser, loggedIn]) expect((await each.get('/read')).body).not.toHaveProperty('userId')
  })

  it('invalidates a cookie captured before the login: it reads nothing, changes nothing, and can only end the session', async () => {
    const { browser, store } = await startFixture(storeName, serverName)
    await browser.get('/set/cart/1')
    const captured = browser.copy()
    await browser.get('/login/7')
    expect((await captured.copy().get('/read')).body).toEqual({})
    for (const attack of ['/set/cart/2', '/delete/cart', '/clear', '/cycle', '/push/list/1']) {
      const response = await captured.copy().get(attack)
      expect(response.setCookies).toEqual([])
      expect([200, 409]).toContain(response.status)
    }
    expect((await captured.copy().get('/claim/cart')).body).not.toBe(1)
    const attacker = captured.copy()
    await attacker.get('/login/8')
    expect((await browser.get('/read')).body).toEqual({ cart: 1, userId: '7' })
    expect((await attacker.get('/read')).body).toEqual({ userId: '8' })
    await attacker.get('/flush')
    expect(await countRows(store)).toBe(1)
    await captured.copy().get('/flush')
    expect((await browser.get('/read')).body).toEqual({})
    expect(await countRows(store)).toBe(0)
  })

  it('shows another user no data of the previous user', async () => {
    const { browser, store } = await startFixture(storeName, serverName)
    await browser.get('/login/1')
    await browser.get('/set/private/1')
    const first = browser.copy()
    await browser.get('/login/2')
    expect((await browser.get('/read')).body).toEqual({ userId: '2' })
    expect((await first.get('/read')).body).toEqual({})
    expect(await countRows(store)).toBe(1)
  })
})
