import { describe, expect, it } from 'vitest'
import { thrown, World, worldWith } from '../fixture.ts'

describe('set and assign', () => {
  it('set is seen by the next request, and is chained', async () => {
    const world = new World()
    await world.visit((session) => expect(session.set('a', 1).set('b', { c: [2] })).toBe(session))
    expect(await world.read()).toEqual({ a: 1, b: { c: [2] } })
  })

  it('set counts as a write even when the value is equal', async () => {
    const world = await worldWith({ a: 1 })
    const before = await world.row()
    const { session } = await world.visit((session) => {
      session.set('a', 1)
      expect(session.modified).toBe(true)
    })
    expect((await world.row()).version).not.toBe(before.version)
    expect(session.modified).toBe(false)
    expect(world.types()).toEqual(['loaded', 'saved'])
  })

  it('set keeps a copy: what becomes of the object afterwards does not count', async () => {
    const world = new World()
    const cart = [1]
    await world.visit((session) => {
      session.set('cart', cart)
      cart.push(2)
      expect(session.get('cart')).toEqual([1])
    })
    cart.push(3)
    expect(await world.read()).toEqual({ cart: [1] })
  })

  it('assign sets each of several', async () => {
    const world = await worldWith({ a: 1, b: 2 })
    await world.visit((session) => session.assign({ b: 3, c: 4 }))
    expect(await world.read()).toEqual({ a: 1, b: 3, c: 4 })
  })

  it('assign sets none when one cannot be stored', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit((session) => {
      expect(thrown(() => session.assign({ b: 2, c: () => 1 }))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'c' })
      expect(thrown(() => session.assign({ b: 2, c: undefined }))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'c' })
      expect(thrown(() => session.assign({ b: 2, _c: 1 }))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: '_c' })
      expect(session.modified).toBe(false)
    })
    expect(await world.read()).toEqual({ a: 1 })
  })

  it('a value that is refused takes nothing else with it', async () => {
    const world = new World()
    await world.visit((session) => {
      session.set('before', 1)
      expect(() => session.set('bad', () => 1)).toThrow()
      session.set('after', 2)
    })
    expect(await world.read()).toEqual({ before: 1, after: 2 })
  })
})

describe('delete and pop', () => {
  it('delete removes one property and says whether it was there', async () => {
    const world = await worldWith({ a: 1, b: 2 })
    await world.visit((session) => expect([session.delete('a'), session.delete('a'), session.delete('c')]).toEqual([true, false, false]))
    expect(await world.read()).toEqual({ b: 2 })
  })

  it('pop removes and returns, or returns the fallback', async () => {
    const world = await worldWith({ cart: [1], nothing: null })
    await world.visit((session) => {
      expect(session.pop('cart', [])).toEqual([1])
      expect(session.pop('cart', [])).toEqual([])
      expect(session.pop('cart')).toBeUndefined()
      expect(session.pop('nothing', 5)).toBeNull()
    })
    expect(await world.read()).toEqual({})
  })

  it('what was popped is not watched any more', async () => {
    const world = await worldWith({ cart: [1] })
    await world.visit((session) => session.pop('cart').push(2))
    expect(await world.read()).toEqual({})
  })

  it('the row of a session stays when its last property goes', async () => {
    const world = await worldWith({ a: 1 })
    const id = world.browser.id
    const { headers } = await world.visit((session) => void session.delete('a'))
    expect(headers.getSetCookie()).toEqual([])
    expect((await world.rows()).length).toBe(1)
    expect(world.browser.id).toBe(id)
  })
})

describe('setDefault', () => {
  it('sets what is absent, and returns what is there', async () => {
    const world = await worldWith({ there: [1] })
    await world.visit((session) => {
      expect(session.setDefault('there', [9])).toEqual([1])
      expect(session.setDefault('absent', [2])).toEqual([2])
      expect(session.setDefault('lazy', () => [3])).toEqual([3])
      expect(session.setDefault('there', () => expect.fail('was asked for'))).toEqual([1])
    })
    expect(await world.read()).toEqual({ there: [1], absent: [2], lazy: [3] })
  })

  it('the object it returns is watched', async () => {
    const world = new World()
    await world.visit((session) => session.setDefault('cart', []).push(1))
    expect(await world.read()).toEqual({ cart: [1] })
  })

  it('of two requests that find it absent the first to commit wins', async () => {
    const world = await worldWith({ a: 1 })
    const [first, second] = [await world.open(), await world.open()]
    first.setDefault('token', 'first')
    second.setDefault('token', 'second')
    await world.sessions.commit(second, { status: 200 })
    await world.sessions.commit(first, { status: 200 })
    expect(await world.read()).toEqual({ a: 1, token: 'second' })
  })

  it('refuses what cannot be stored', async () => {
    const world = new World()
    await world.visit((session) =>
      expect(thrown(() => session.setDefault('x', () => undefined))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'x' }),
    )
  })
})

describe('clear', () => {
  it('removes everything, user, flashes and expiry included; id and row stay', async () => {
    const world = new World()
    await world.visit((session) => {
      session.login(7, { expiry: '1h' })
      session.set('cart', [1])
      session.flash('notice', 'hello')
    })
    const [before, id] = [await world.row(), world.browser.id]
    const { headers } = await world.visit((session) => session.clear())
    const after = await world.row()
    expect(headers.getSetCookie()).toEqual([])
    expect(world.browser.id).toBe(id)
    expect([after.proof, after.createdAt, after.userId]).toEqual([before.proof, before.createdAt, undefined])
    expect(after.expiresAt).toBe(world.clock.at + 14 * 86_400_000)
    await world.visit((session) => {
      expect([session.size, session.userId, session.flashed('notice')]).toEqual([0, undefined, undefined])
    })
  })

  it('keeps whether the session ends with the browser', async () => {
    const world = new World()
    await world.visit((session) => {
      session.setExpiry('browser')
      session.set('a', 1)
    })
    const id = world.browser.id
    await world.visit((session) => session.clear())
    await world.visit((session) => expect([session.endsWithBrowser, session.id]).toEqual([true, id]))
  })

  it('removes what is set before it and not what is set after', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit((session) => {
      session.set('b', 2)
      session.clear()
      session.set('c', 3)
    })
    expect(await world.read()).toEqual({ c: 3 })
  })

  it('of an empty new session costs no row', async () => {
    const world = new World()
    const { headers } = await world.visit((session) => session.clear())
    expect([(await world.rows()).length, headers.getSetCookie()]).toEqual([0, []])
  })
})
