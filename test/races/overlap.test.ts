import { describe, expect, it } from 'vitest'
import { countRows, EVERYWHERE } from './checkpoints.ts'
import { scene } from './fixture.ts'

describe.each(EVERYWHERE)('two requests that overlap (%s, %s)', (storeName, doorName) => {
  it('a deleted property stays deleted when the other writes another property', async () => {
    const { visitor, gates } = await scene(storeName, doorName)
    await visitor.go('/set/darkMode/true')
    const slow = visitor.copy().go('/push/cart/apple?gate=slow')
    await gates.entered('slow')
    expect(await visitor.copy().go('/delete/darkMode')).toMatchObject({ status: 200, body: true })
    gates.release('slow')
    expect((await slow).status).toBe(200)
    expect((await visitor.go('/read')).body).toEqual({ cart: ['apple'] })
  })

  it('a property that the slow one deletes stays deleted when the fast one writes another', async () => {
    const { visitor, gates } = await scene(storeName, doorName)
    await visitor.go('/set/darkMode/true')
    const slow = visitor.copy().go('/delete/darkMode?gate=slow')
    await gates.entered('slow')
    await visitor.copy().go('/push/cart/apple')
    gates.release('slow')
    await slow
    expect((await visitor.go('/read')).body).toEqual({ cart: ['apple'] })
  })

  it('a session flushed while another request runs does not come back, and that request is told so', async () => {
    const { visitor, store, gates } = await scene(storeName, doorName)
    await visitor.go('/set/a/1')
    const stale = visitor.copy()
    const slow = stale.go('/set/b/2?gate=slow')
    await gates.entered('slow')
    await visitor.go('/flush')
    expect(visitor.cookie).toBeUndefined()
    gates.release('slow')
    expect(await slow).toMatchObject({ status: 409, setCookies: [] })
    expect(await countRows(store)).toBe(0)
    expect((await stale.go('/read')).body).toEqual({})
  })

  it('a request that only reads while its session is flushed is answered', async () => {
    const { visitor, store, gates } = await scene(storeName, doorName)
    await visitor.go('/set/a/1')
    const slow = visitor.copy().go('/read?gate=slow')
    await gates.entered('slow')
    await visitor.go('/flush')
    gates.release('slow')
    expect(await slow).toMatchObject({ status: 200, body: { a: 1 } })
    expect(await countRows(store)).toBe(0)
  })

  it.each(['/cycle', '/login/7'])(
    'a flush ends the session though %s of another request committed before it, loaded before that',
    async (renewal) => {
      const { visitor, store, gates } = await scene(storeName, doorName)
      await visitor.go('/set/a/1')
      const slow = visitor.copy().go('/flush?gate=slow')
      await gates.entered('slow')
      await visitor.go(renewal)
      gates.release('slow')
      expect((await slow).status).toBe(200)
      expect(await countRows(store)).toBe(0)
      expect((await visitor.go('/read')).body).toEqual({})
    },
  )

  it.each(['/cycle', '/login/7'])(
    'a flush ends the session though %s of another request committed before it, loaded after that',
    async (renewal) => {
      const { visitor, store } = await scene(storeName, doorName)
      await visitor.go('/set/a/1')
      const stale = visitor.copy()
      await visitor.go(renewal)
      expect((await stale.go('/flush')).status).toBe(200)
      expect(await countRows(store)).toBe(0)
      expect((await visitor.go('/read')).body).toEqual({})
    },
  )

  it('a flush ends the session of a user though the same user logged in again before it', async () => {
    const { visitor, store, gates } = await scene(storeName, doorName)
    await visitor.go('/login/7')
    const slow = visitor.copy().go('/flush?gate=slow')
    await gates.entered('slow')
    await visitor.go('/login/7')
    gates.release('slow')
    await slow
    expect(await countRows(store)).toBe(0)
    expect((await visitor.go('/read')).body).toEqual({})
  })
})
