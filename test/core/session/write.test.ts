import { describe, expect, it } from 'vitest'
import { appWith, catchError, TestApp } from '../fixture.ts'

describe('set and assign', () => {
  it('set is visible to the next request and can be chained', async () => {
    const app = new TestApp()
    await app.request((session) => expect(session.set('a', 1).set('b', { c: [2] })).toBe(session))
    expect(await app.read()).toEqual({ a: 1, b: { c: [2] } })
  })

  it('set writes even if the value is equal', async () => {
    const app = await appWith({ a: 1 })
    const before = await app.row()
    const { session } = await app.request((session) => {
      session.set('a', 1)
      expect(session.modified).toBe(true)
    })
    expect((await app.row()).version).not.toBe(before.version)
    expect(session.modified).toBe(false)
    expect(app.eventTypes()).toEqual(['loaded', 'saved'])
  })

  it('set stores a copy, so later changes of the object have no effect', async () => {
    const app = new TestApp()
    const cart = [1]
    await app.request((session) => {
      session.set('cart', cart)
      cart.push(2)
      expect(session.get('cart')).toEqual([1])
    })
    cart.push(3)
    expect(await app.read()).toEqual({ cart: [1] })
  })

  it('assign sets several properties', async () => {
    const app = await appWith({ a: 1, b: 2 })
    await app.request((session) => session.assign({ b: 3, c: 4 }))
    expect(await app.read()).toEqual({ a: 1, b: 3, c: 4 })
  })

  it('assign sets none if one cannot be stored', async () => {
    const app = await appWith({ a: 1 })
    await app.request((session) => {
      expect(catchError(() => session.assign({ b: 2, c: () => 1 }))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'c' })
      expect(catchError(() => session.assign({ b: 2, c: undefined }))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'c' })
      expect(catchError(() => session.assign({ b: 2, _c: 1 }))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: '_c' })
      expect(session.modified).toBe(false)
    })
    expect(await app.read()).toEqual({ a: 1 })
  })

  it('a rejected value does not affect other changes', async () => {
    const app = new TestApp()
    await app.request((session) => {
      session.set('before', 1)
      expect(() => session.set('bad', () => 1)).toThrow()
      session.set('after', 2)
    })
    expect(await app.read()).toEqual({ before: 1, after: 2 })
  })
})

describe('delete and pop', () => {
  it('delete removes one property and returns whether it was present', async () => {
    const app = await appWith({ a: 1, b: 2 })
    await app.request((session) => expect([session.delete('a'), session.delete('a'), session.delete('c')]).toEqual([true, false, false]))
    expect(await app.read()).toEqual({ b: 2 })
  })

  it('pop removes and returns the value, or returns the fallback', async () => {
    const app = await appWith({ cart: [1], nothing: null })
    await app.request((session) => {
      expect(session.pop('cart', [])).toEqual([1])
      expect(session.pop('cart', [])).toEqual([])
      expect(session.pop('cart')).toBeUndefined()
      expect(session.pop('nothing', 5)).toBeNull()
    })
    expect(await app.read()).toEqual({})
  })

  it('pop returns an object whose later changes are ignored', async () => {
    const app = await appWith({ cart: [1] })
    await app.request((session) => session.pop('cart').push(2))
    expect(await app.read()).toEqual({})
  })

  it('keep the row when the last property is deleted', async () => {
    const app = await appWith({ a: 1 })
    const id = app.browser.id
    const { headers } = await app.request((session) => void session.delete('a'))
    expect(headers.getSetCookie()).toEqual([])
    expect((await app.rows()).length).toBe(1)
    expect(app.browser.id).toBe(id)
  })
})

describe('setDefault', () => {
  it('sets an absent property and returns a present one', async () => {
    const app = await appWith({ there: [1] })
    await app.request((session) => {
      expect(session.setDefault('there', [9])).toEqual([1])
      expect(session.setDefault('absent', [2])).toEqual([2])
      expect(session.setDefault('lazy', () => [3])).toEqual([3])
      expect(session.setDefault('there', () => expect.fail('the default was computed'))).toEqual([1])
    })
    expect(await app.read()).toEqual({ there: [1], absent: [2], lazy: [3] })
  })

  it('detects in-place changes of the returned object', async () => {
    const app = new TestApp()
    await app.request((session) => session.setDefault('cart', []).push(1))
    expect(await app.read()).toEqual({ cart: [1] })
  })

  it('keeps the value of the request that commits first', async () => {
    const app = await appWith({ a: 1 })
    const [first, second] = [await app.open(), await app.open()]
    first.setDefault('token', 'first')
    second.setDefault('token', 'second')
    await app.sessions.commit(second, { status: 200 })
    await app.sessions.commit(first, { status: 200 })
    expect(await app.read()).toEqual({ a: 1, token: 'second' })
  })

  it('rejects a value that cannot be stored', async () => {
    const app = new TestApp()
    await app.request((session) =>
      expect(catchError(() => session.setDefault('x', () => undefined))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'x' }),
    )
  })
})

describe('clear', () => {
  it('removes user, data, flashes and expiry, and keeps id and row', async () => {
    const app = new TestApp()
    await app.request((session) => {
      session.login(7, { expiry: '1h' })
      session.set('cart', [1])
      session.flash('notice', 'hello')
    })
    const [before, id] = [await app.row(), app.browser.id]
    const { headers } = await app.request((session) => session.clear())
    const after = await app.row()
    expect(headers.getSetCookie()).toEqual([])
    expect(app.browser.id).toBe(id)
    expect([after.proof, after.createdAt, after.userId]).toEqual([before.proof, before.createdAt, undefined])
    expect(after.expiresAt).toBe(app.clock.at + 14 * 86_400_000)
    await app.request((session) => {
      expect([session.size, session.userId, session.flashed('notice')]).toEqual([0, undefined, []])
    })
  })

  it('keeps endsWithBrowser', async () => {
    const app = new TestApp()
    await app.request((session) => {
      session.setExpiry('browser')
      session.set('a', 1)
    })
    const id = app.browser.id
    await app.request((session) => session.clear())
    await app.request((session) => expect([session.endsWithBrowser, session.id]).toEqual([true, id]))
  })

  it('removes what is set before it and keeps what is set after it', async () => {
    const app = await appWith({ a: 1 })
    await app.request((session) => {
      session.set('b', 2)
      session.clear()
      session.set('c', 3)
    })
    expect(await app.read()).toEqual({ c: 3 })
  })

  it('of an empty new session creates no row', async () => {
    const app = new TestApp()
    const { headers } = await app.request((session) => session.clear())
    expect([(await app.rows()).length, headers.getSetCookie()]).toEqual([0, []])
  })
})
