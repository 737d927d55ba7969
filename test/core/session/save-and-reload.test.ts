import { describe, expect, it } from 'vitest'
import type { Load } from '../../../src/core/store/store.ts'
import { appWith, TestApp } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

describe('save', () => {
  it('commits at once, and is final even if the request fails later', async () => {
    const app = await appWith({ a: 1 })
    await app.request(
      async (session) => {
        session.set('b', 2)
        await session.save()
        expect(session.modified).toBe(false)
        expect(await app.read()).toEqual({ a: 1, b: 2 })
        session.set('c', 3)
      },
      { status: 503 },
    )
    expect(await app.read()).toEqual({ a: 1, b: 2 })
  })

  it('creates the row of a new session, and every later response sends its cookie', async () => {
    for (const status of [200, 302, 404, 500]) {
      const app = new TestApp()
      const { headers } = await app.request(
        async (session) => {
          session.set('a', 1)
          await session.save()
          expect(session.id).toBeDefined()
        },
        { status },
      )
      expect(headers.getSetCookie().length).toBe(1)
      expect(await app.read()).toEqual({ a: 1 })
    }
  })

  it('writes nothing without changes', async () => {
    const app = new TestApp()
    await app.request(async (session) => session.save())
    expect((await app.rows()).length).toBe(0)
  })

  it('keeps the opened snapshot and local changes for reads until reload, while commits use the newest state', async () => {
    const app = await appWith({ a: 'old' })
    await app.request(async (session) => {
      await app.request((other) => void other.set('a', 'new').set('x', 1))
      session.set('b', 1)
      await session.save()
      expect(session.toObject()).toEqual({ a: 'old', b: 1 })
      session.set('c', 1)
      await session.reload()
      expect(session.toObject()).toEqual({ a: 'new', x: 1, b: 1, c: 1 })
    })
    expect(await app.read()).toEqual({ a: 'new', x: 1, b: 1, c: 1 })
  })

  it('saves each change once when called twice', async () => {
    const app = await appWith({ n: 0 })
    await app.request(async (session) => {
      session.increment('n')
      await session.save()
      session.increment('n')
      await session.save()
    })
    expect(await app.read()).toEqual({ n: 2 })
  })

  it('runs in order with other saves and claims when not awaited', async () => {
    const app = await appWith({ n: 0, coupon: 1 })
    await app.request(async (session) => {
      session.increment('n')
      const first = session.save()
      session.increment('n')
      const claimed = session.claim('coupon')
      session.increment('n')
      await Promise.all([first, claimed, session.save()])
      expect(await claimed).toBe(1)
    })
    expect(await app.read()).toEqual({ n: 3 })
  })

  it('still detects in-place changes of objects read before it', async () => {
    const app = await appWith({ cart: [1] })
    await app.request(async (session) => {
      const cart = session.get('cart')
      cart.push(2)
      await session.save()
      cart.push(3)
    })
    expect(await app.read()).toEqual({ cart: [1, 2, 3] })
  })
})

describe('reload', () => {
  it('reads the newest state and applies pending changes to it', async () => {
    const app = await appWith({ a: 1, n: 1, gone: 1 })
    await app.request(async (session) => {
      session.increment('n')
      session.delete('gone')
      await app.request((other) => void other.set('a', 2).set('n', 10).set('gone', 2))
      await session.reload()
      expect(session.toObject()).toEqual({ a: 2, n: 11 })
    })
    expect(await app.read()).toEqual({ a: 2, n: 11 })
  })

  it('bypasses a cache', async () => {
    const fresh: unknown[] = []
    const app = await appWith(
      { a: 1 },
      {},
      (memory) =>
        new ScriptedStore(memory, {
          load: (_next, operation) => void fresh.push((operation as Load).fresh),
        }),
    )
    fresh.length = 0
    await app.request((session) => session.reload())
    expect(fresh).toEqual([false, true])
  })

  it('keeps in-place changes', async () => {
    const app = await appWith({ cart: [1] })
    await app.request(async (session) => {
      session.get('cart').push(2)
      await session.reload()
      expect(session.get('cart')).toEqual([1, 2])
    })
    expect(await app.read()).toEqual({ cart: [1, 2] })
  })
})
