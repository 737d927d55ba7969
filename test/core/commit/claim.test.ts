import { describe, expect, it } from 'vitest'
import type { Session } from '../../../src/index.ts'
import { appWith, catchRejection, TestApp } from '../fixture.ts'

describe('claim', () => {
  it('removes a value from the store at once and returns it', async () => {
    const app = await appWith({ coupon: { off: 10 }, a: 1 })
    await app.request(async (session) => {
      expect(await session.claim('coupon')).toEqual({ off: 10 })
      expect(await app.read()).toEqual({ a: 1 })
      expect([session.has('coupon'), session.get('coupon'), await session.claim('coupon')]).toEqual([false, undefined, undefined])
    })
    expect(app.eventReasons('saved')).toEqual(['claimed'])
  })

  it('returns undefined and writes nothing if the property is absent', async () => {
    const app = await appWith({ a: 1 })
    const before = await app.row()
    const { session } = await app.request(async (session) => expect(await session.claim('coupon')).toBeUndefined())
    expect(await app.row()).toEqual(before)
    expect(session.modified).toBe(false)
  })

  it('returns the value this request set on a session without a row', async () => {
    const app = new TestApp()
    await app.request(async (session) => {
      expect(await session.claim('coupon')).toBeUndefined()
      session.set('coupon', 1).set('a', 1)
      expect(await session.claim('coupon')).toBe(1)
      expect(await session.claim('coupon')).toBeUndefined()
    })
    expect(await app.read()).toEqual({ a: 1 })
  })

  it('is final even if the request fails later', async () => {
    const app = await appWith({ coupon: 1 })
    await app.request(
      async (session) => {
        await session.claim('coupon')
        session.set('lost', 1)
      },
      { status: 500 },
    )
    expect(await app.read()).toEqual({})
  })

  it('returns a value to one of many requests in one process', async () => {
    const app = await appWith({ coupon: 1, a: 1 })
    const requests = await Promise.all(Array.from({ length: 100 }, () => app.open()))
    const claimed = await Promise.all(requests.map((session) => session.claim('coupon')))
    expect(claimed.filter((value) => value !== undefined)).toEqual([1])
    expect(await app.read()).toEqual({ a: 1 })
  })

  it('returns a value to one of many requests in several processes', async () => {
    const app = await appWith({ coupon: 1 })
    const managers = Array.from({ length: 20 }, () => app.createManager())
    const requests = await Promise.all(managers.map((manager) => app.open(app.browser, manager)))
    const claimed = await Promise.all(requests.map((session) => session.claim('coupon')))
    expect(claimed.filter((value) => value !== undefined)).toEqual([1])
  })

  it('returns a value another request set after this request started', async () => {
    const app = await appWith({ a: 1 })
    const session = await app.open()
    await app.request((other) => void other.set('coupon', 'new'))
    expect(session.has('coupon')).toBe(false)
    expect(await session.claim('coupon')).toBe('new')
    expect(await app.read()).toEqual({ a: 1 })
  })

  it.each<[string, (session: Session<any>) => unknown]>([
    ['delete', (session) => session.delete('coupon')],
    ['clear', (session) => session.clear()],
    ['pop', (session) => session.pop('coupon')],
    ['update to undefined', (session) => session.update('coupon', () => undefined)],
  ])('returns undefined without I/O after a %s in this request', async (_name, remove) => {
    const app = await appWith({ coupon: 1 })
    await app.request(async (session) => {
      remove(session)
      expect(await session.claim('coupon')).toBeUndefined()
      expect(await app.read()).toEqual({ coupon: 1 })
    })
    expect(await app.read()).toEqual({})
  })

  it('writes the pending changes of that property, and no others', async () => {
    const app = await appWith({ n: 1 })
    await app.request(async (session) => {
      session.set('later', 1)
      session.increment('n', 10)
      expect(await session.claim('n')).toBe(11)
      expect(await app.read()).toEqual({})
      expect(session.modified).toBe(true)
    })
    expect(await app.read()).toEqual({ later: 1 })
  })

  it('writes an in-place change of the property', async () => {
    const app = await appWith({ cart: [1] })
    await app.request(async (session) => {
      session.get('cart').push(2)
      expect(await session.claim('cart')).toEqual([1, 2])
    })
    expect(await app.read()).toEqual({})
  })

  it('after a clear returns what was set since, and the clear is committed with the request', async () => {
    const app = await appWith({ coupon: 'old', a: 1 })
    await app.request(async (session) => {
      session.clear()
      session.set('coupon', 'new')
      expect(await session.claim('coupon')).toBe('new')
    })
    expect(await app.read()).toEqual({})
  })

  it('keeps the opened snapshot for reads, while commits use the newest state', async () => {
    const app = await appWith({ coupon: 1, a: 'old' })
    await app.request(async (session) => {
      await app.request((other) => void other.set('a', 'new').set('b', 'new'))
      await session.claim('coupon')
      expect(session.toObject()).toEqual({ a: 'old' })
      session.set('c', 1)
    })
    expect(await app.read()).toEqual({ a: 'new', b: 'new', c: 1 })
  })

  it('allows the value to be set again', async () => {
    const app = await appWith({ coupon: 1 })
    await app.request(async (session) => void session.set('coupon', await session.claim('coupon')))
    expect(await app.read()).toEqual({ coupon: 1 })
  })

  it('returns undefined if the session ended after it was opened', async () => {
    const app = await appWith({ coupon: 1 })
    const session = await app.open()
    await app.request((other) => other.flush())
    expect(await session.claim('coupon')).toBeUndefined()
    expect((await app.rows()).length).toBe(0)
  })

  it('rejects with SessionEndedError if it has pending changes and the session ended', async () => {
    const app = await appWith({ n: 1 })
    const session = await app.open()
    session.increment('n')
    await app.request((other) => other.flush())
    expect((await catchRejection(session.claim('n'))).code).toBe('ERR_SESSION_ENDED')
  })

  it('of userId logs out', async () => {
    const app = new TestApp()
    await app.request((session) => session.login(7))
    await app.request(async (session) => {
      expect(await session.claim('userId')).toBe(7)
      expect(session.userId).toBeUndefined()
    })
    expect([await app.read(), (await app.row()).userId]).toEqual([{}, undefined])
  })

  it('of userId after a login returns that user, and the commit logs no user in', async () => {
    const app = await appWith({ a: 1 })
    await app.request(async (session) => {
      session.login(7)
      expect(await session.claim('userId')).toBe(7)
    })
    expect((await app.open()).userId).toBeUndefined()
  })

  it('between a login over another user and its commit does not prevent the new session', async () => {
    const app = await appWith({ a: 1 })
    await app.request((session) => session.login(1))
    const [before] = await app.onlyRow()
    await app.request(async (session) => {
      session.login(2)
      session.set('z', 1)
      expect(await session.claim('z')).toBe(1)
    })
    const [after] = await app.onlyRow()
    expect((await app.rows()).length).toBe(1)
    expect(after).not.toBe(before)
    expect(await app.read()).toEqual({ userId: 2 })
  })
})
