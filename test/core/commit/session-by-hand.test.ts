import { describe, expect, it } from 'vitest'
import type { Load } from '../../../src/core/store/store.ts'
import { World, worldWith } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

describe('save', () => {
  it('commits at once, and is final even if the request fails later', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit(
      async (session) => {
        session.set('b', 2)
        await session.save()
        expect(session.modified).toBe(false)
        expect(await world.read()).toEqual({ a: 1, b: 2 })
        session.set('c', 3)
      },
      { status: 503 },
    )
    expect(await world.read()).toEqual({ a: 1, b: 2 })
  })

  it('of a new session makes its row; its cookie goes out with whatever response follows', async () => {
    for (const status of [200, 302, 404, 500]) {
      const world = new World()
      const { headers } = await world.visit(
        async (session) => {
          session.set('a', 1)
          await session.save()
          expect(session.id).toBeDefined()
        },
        { status },
      )
      expect(headers.getSetCookie().length).toBe(1)
      expect(await world.read()).toEqual({ a: 1 })
    }
  })

  it('of nothing writes nothing', async () => {
    const world = new World()
    await world.visit(async (session) => session.save())
    expect((await world.rows()).length).toBe(0)
  })

  it('after it commits build on the newest state, while reads keep the opened snapshot and own changes, until reload', async () => {
    const world = await worldWith({ a: 'old' })
    await world.visit(async (session) => {
      await world.visit((other) => void other.set('a', 'new').set('x', 1))
      session.set('b', 1)
      await session.save()
      expect(session.toObject()).toEqual({ a: 'old', b: 1 })
      session.set('c', 1)
      await session.reload()
      expect(session.toObject()).toEqual({ a: 'new', x: 1, b: 1, c: 1 })
    })
    expect(await world.read()).toEqual({ a: 'new', x: 1, b: 1, c: 1 })
  })

  it('twice, with changes between, saves each once', async () => {
    const world = await worldWith({ n: 0 })
    await world.visit(async (session) => {
      session.increment('n')
      await session.save()
      session.increment('n')
      await session.save()
    })
    expect(await world.read()).toEqual({ n: 2 })
  })

  it('not awaited, and again, and a claim: they go one after the other', async () => {
    const world = await worldWith({ n: 0, coupon: 1 })
    await world.visit(async (session) => {
      session.increment('n')
      const first = session.save()
      session.increment('n')
      const claimed = session.claim('coupon')
      session.increment('n')
      await Promise.all([first, claimed, session.save()])
      expect(await claimed).toBe(1)
    })
    expect(await world.read()).toEqual({ n: 3 })
  })

  it('keeps watching what it handed out', async () => {
    const world = await worldWith({ cart: [1] })
    await world.visit(async (session) => {
      const cart = session.get('cart')
      cart.push(2)
      await session.save()
      cart.push(3)
    })
    expect(await world.read()).toEqual({ cart: [1, 2, 3] })
  })
})

describe('reload', () => {
  it('reads the newest state, with pending changes on top', async () => {
    const world = await worldWith({ a: 1, n: 1, gone: 1 })
    await world.visit(async (session) => {
      session.increment('n')
      session.delete('gone')
      await world.visit((other) => void other.set('a', 2).set('n', 10).set('gone', 2))
      await session.reload()
      expect(session.toObject()).toEqual({ a: 2, n: 11 })
    })
    expect(await world.read()).toEqual({ a: 2, n: 11 })
  })

  it('goes past a cache', async () => {
    const fresh: unknown[] = []
    const world = await worldWith(
      { a: 1 },
      {},
      (memory) =>
        new ScriptedStore(memory, {
          load: (_next, operation) => void fresh.push((operation as Load).fresh),
        }),
    )
    fresh.length = 0
    await world.visit((session) => session.reload())
    expect(fresh).toEqual([false, true])
  })

  it('keeps changes made in place', async () => {
    const world = await worldWith({ cart: [1] })
    await world.visit(async (session) => {
      session.get('cart').push(2)
      await session.reload()
      expect(session.get('cart')).toEqual([1, 2])
    })
    expect(await world.read()).toEqual({ cart: [1, 2] })
  })
})
