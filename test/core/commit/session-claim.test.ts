import { describe, expect, it } from 'vitest'
import type { Session } from '../../../src/index.ts'
import { rejection, World, worldWith } from '../fixture.ts'

describe('claim', () => {
  it('takes a value out of the store at once and hands it over', async () => {
    const world = await worldWith({ coupon: { off: 10 }, a: 1 })
    await world.visit(async (session) => {
      expect(await session.claim('coupon')).toEqual({ off: 10 })
      expect(await world.read()).toEqual({ a: 1 })
      expect([session.has('coupon'), session.get('coupon'), await session.claim('coupon')]).toEqual([false, undefined, undefined])
    })
    expect(world.reasons('saved')).toEqual(['claimed'])
  })

  it('answers undefined and writes nothing when there is nothing', async () => {
    const world = await worldWith({ a: 1 })
    const before = await world.row()
    const { session } = await world.visit(async (session) => expect(await session.claim('coupon')).toBeUndefined())
    expect(await world.row()).toEqual(before)
    expect(session.modified).toBe(false)
  })

  it('on a session that has no row answers what this request set itself', async () => {
    const world = new World()
    await world.visit(async (session) => {
      expect(await session.claim('coupon')).toBeUndefined()
      session.set('coupon', 1).set('a', 1)
      expect(await session.claim('coupon')).toBe(1)
      expect(await session.claim('coupon')).toBeUndefined()
    })
    expect(await world.read()).toEqual({ a: 1 })
  })

  it('is final even if the request fails later', async () => {
    const world = await worldWith({ coupon: 1 })
    await world.visit(
      async (session) => {
        await session.claim('coupon')
        session.set('lost', 1)
      },
      { status: 500 },
    )
    expect(await world.read()).toEqual({})
  })

  it('hands a value to one of many, in one process', async () => {
    const world = await worldWith({ coupon: 1, a: 1 })
    const requests = await Promise.all(Array.from({ length: 100 }, () => world.open()))
    const claimed = await Promise.all(requests.map((session) => session.claim('coupon')))
    expect(claimed.filter((value) => value !== undefined)).toEqual([1])
    expect(await world.read()).toEqual({ a: 1 })
  })

  it('hands a value to one of many, in several processes', async () => {
    const world = await worldWith({ coupon: 1 })
    const managers = Array.from({ length: 20 }, () => world.manager())
    const requests = await Promise.all(managers.map((manager) => world.open(world.browser, manager)))
    const claimed = await Promise.all(requests.map((session) => session.claim('coupon')))
    expect(claimed.filter((value) => value !== undefined)).toEqual([1])
  })

  it('finds what another request set after this one began', async () => {
    const world = await worldWith({ a: 1 })
    const session = await world.open()
    await world.visit((other) => void other.set('coupon', 'new'))
    expect(session.has('coupon')).toBe(false)
    expect(await session.claim('coupon')).toBe('new')
    expect(await world.read()).toEqual({ a: 1 })
  })

  it.each<[string, (session: Session<any>) => unknown]>([
    ['delete', (session) => session.delete('coupon')],
    ['clear', (session) => session.clear()],
    ['pop', (session) => session.pop('coupon')],
    ['an update that removed it', (session) => session.update('coupon', () => undefined)],
  ])('after this request’s own %s is undefined, without I/O', async (_name, remove) => {
    const world = await worldWith({ coupon: 1 })
    await world.visit(async (session) => {
      remove(session)
      expect(await session.claim('coupon')).toBeUndefined()
      expect(await world.read()).toEqual({ coupon: 1 })
    })
    expect(await world.read()).toEqual({})
  })

  it('takes this request’s own pending changes of that property into its write, and no others', async () => {
    const world = await worldWith({ n: 1 })
    await world.visit(async (session) => {
      session.set('later', 1)
      session.increment('n', 10)
      expect(await session.claim('n')).toBe(11)
      expect(await world.read()).toEqual({})
      expect(session.modified).toBe(true)
    })
    expect(await world.read()).toEqual({ later: 1 })
  })

  it('takes a change made in place into its write', async () => {
    const world = await worldWith({ cart: [1] })
    await world.visit(async (session) => {
      session.get('cart').push(2)
      expect(await session.claim('cart')).toEqual([1, 2])
    })
    expect(await world.read()).toEqual({})
  })

  it('of what was set after a clear hands out what was set; the clear is committed with the request', async () => {
    const world = await worldWith({ coupon: 'old', a: 1 })
    await world.visit(async (session) => {
      session.clear()
      session.set('coupon', 'new')
      expect(await session.claim('coupon')).toBe('new')
    })
    expect(await world.read()).toEqual({})
  })

  it('after it reads keep the opened snapshot, while commits build on the newest state', async () => {
    const world = await worldWith({ coupon: 1, a: 'old' })
    await world.visit(async (session) => {
      await world.visit((other) => void other.set('a', 'new').set('b', 'new'))
      await session.claim('coupon')
      expect(session.toObject()).toEqual({ a: 'old' })
      session.set('c', 1)
    })
    expect(await world.read()).toEqual({ a: 'new', b: 'new', c: 1 })
  })

  it('can be put back', async () => {
    const world = await worldWith({ coupon: 1 })
    await world.visit(async (session) => void session.set('coupon', await session.claim('coupon')))
    expect(await world.read()).toEqual({ coupon: 1 })
  })

  it('of a session that ended meanwhile is undefined', async () => {
    const world = await worldWith({ coupon: 1 })
    const session = await world.open()
    await world.visit((other) => other.flush())
    expect(await session.claim('coupon')).toBeUndefined()
    expect((await world.rows()).length).toBe(0)
  })

  it('of a pending own change on a session that ended meanwhile is SessionEndedError', async () => {
    const world = await worldWith({ n: 1 })
    const session = await world.open()
    session.increment('n')
    await world.visit((other) => other.flush())
    expect((await rejection(session.claim('n'))).code).toBe('ERR_SESSION_ENDED')
  })

  it('of userId logs out', async () => {
    const world = new World()
    await world.visit((session) => session.login(7))
    await world.visit(async (session) => {
      expect(await session.claim('userId')).toBe(7)
      expect(session.userId).toBeUndefined()
    })
    expect([await world.read(), (await world.row()).userId]).toEqual([{}, undefined])
  })

  it('of userId right after a login takes that user: nobody is logged in by the commit', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit(async (session) => {
      session.login(7)
      expect(await session.claim('userId')).toBe(7)
    })
    expect((await world.open()).userId).toBeUndefined()
  })

  it('between a login over another user’s session and its commit changes nothing about it: the old session ends, a new family begins', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit((session) => session.login(1))
    const [before] = await world.onlyRow()
    await world.visit(async (session) => {
      session.login(2)
      session.set('z', 1)
      expect(await session.claim('z')).toBe(1)
    })
    const [after] = await world.onlyRow()
    expect((await world.rows()).length).toBe(1)
    expect(after).not.toBe(before)
    expect(await world.read()).toEqual({ userId: 2 })
  })
})
