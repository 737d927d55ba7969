import { describe, expect, it } from 'vitest'
import { countRows, EVERYWHERE } from './checkpoints.ts'
import { scene } from './fixture.ts'

describe.each(EVERYWHERE)('a visitor who logs in (%s, %s)', (storeName, doorName) => {
  it.each(['/delete/userId', '/clear', '/flush', '/logout'])('is not logged in after %s', async (out) => {
    const { visitor } = await scene(storeName, doorName)
    await visitor.go('/set/cart/1')
    await visitor.go('/login/7')
    const loggedIn = visitor.copy()
    expect((await visitor.go('/read')).body).toEqual({ cart: 1, userId: '7' })
    await visitor.go(out)
    for (const each of [visitor, loggedIn]) expect((await each.go('/read')).body).not.toHaveProperty('userId')
  })

  it('leaves a captured cookie from before worthless: it reads nothing, changes nothing, and can only end the session', async () => {
    const { visitor, store } = await scene(storeName, doorName)
    await visitor.go('/set/cart/1')
    const captured = visitor.copy()
    await visitor.go('/login/7')
    expect((await captured.copy().go('/read')).body).toEqual({})
    for (const attack of ['/set/cart/2', '/delete/cart', '/clear', '/cycle', '/push/list/1']) {
      const answer = await captured.copy().go(attack)
      expect(answer.setCookies).toEqual([])
      expect([200, 409]).toContain(answer.status)
    }
    expect((await captured.copy().go('/claim/cart')).body).not.toBe(1)
    const thief = captured.copy()
    await thief.go('/login/8')
    expect((await visitor.go('/read')).body).toEqual({ cart: 1, userId: '7' })
    expect((await thief.go('/read')).body).toEqual({ userId: '8' })
    await thief.go('/flush')
    expect(await countRows(store)).toBe(1)
    await captured.copy().go('/flush')
    expect((await visitor.go('/read')).body).toEqual({})
    expect(await countRows(store)).toBe(0)
  })

  it('as another user finds nothing of the one before', async () => {
    const { visitor, store } = await scene(storeName, doorName)
    await visitor.go('/login/1')
    await visitor.go('/set/private/1')
    const first = visitor.copy()
    await visitor.go('/login/2')
    expect((await visitor.go('/read')).body).toEqual({ userId: '2' })
    expect((await first.go('/read')).body).toEqual({})
    expect(await countRows(store)).toBe(1)
  })
})
