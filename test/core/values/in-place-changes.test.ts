import { describe, expect, it } from 'vitest'
import { appWith, START, TestApp } from '../fixture.ts'

describe('in-place changes', () => {
  it('are detected and saved', async () => {
    const app = await appWith({ cart: { items: [1] } })
    await app.request((session) => session.get('cart').items.push(2))
    expect(await app.read()).toEqual({ cart: { items: [1, 2] } })
  })

  it('are detected in objects from every reader', async () => {
    const app = await appWith({ a: [], b: [], c: [], d: [], e: [], f: [] })
    await app.request((session) => {
      session.data['a'].push(1)
      for (const [name, value] of session.entries()) if (name === 'b') value.push(1)
      ;(session.toObject()['c'] as number[]).push(1)
      session.forEach((value, name) => void (name === 'd' && value.push(1)))
      session.setDefault('e', []).push(1)
      for (const value of session.values()) if (value === session.get('f')) value.push(1)
    })
    expect(await app.read()).toEqual({ a: [1], b: [1], c: [1], d: [1], e: [1], f: [1] })
  })

  it('are detected in Map, Set and Date', async () => {
    const app = await appWith({ map: new Map([[1, 1]]), set: new Set([1]), date: new Date(START) })
    await app.request((session) => {
      session.get('map').set(2, 2)
      session.get('set').add(2)
      session.get('date').setTime(START + 1)
    })
    expect(await app.read()).toEqual({
      map: new Map([
        [1, 1],
        [2, 2],
      ]),
      set: new Set([1, 2]),
      date: new Date(START + 1),
    })
  })

  it('are not reported for a foreign text that would be printed in another form', async () => {
    const app = await appWith({ a: 1 })
    await app.replacePayload('{"a":{"x":1.0, "y":"\\u00e9"},"b":[1e2]}')
    await app.request((session) => [session.get('a').x, session.get('b')[0]])
    expect(app.eventReasons('unchanged')).toEqual(['read-only'])
    await app.request((session) => session.get('a').x++)
    expect((await app.row()).payload).toContain('"b":[1e2]')
    expect(await app.read()).toEqual({ a: { x: 2, y: 'é' }, b: [100] })
  })

  it('are applied before later changes of the same property', async () => {
    const app = await appWith({ n: { count: 1 }, list: [1] })
    await app.request((session) => {
      session.get('n').count = 10
      session.update('n', (n: any) => ({ count: n.count + 1 }))
      session.get('list').push(2)
      session.push('list', 3)
    })
    expect(await app.read()).toEqual({ n: { count: 11 }, list: [1, 2, 3] })
  })

  it.each<[string, (session: any) => unknown]>([
    ['set', (session) => session.set('cart', ['new'])],
    ['update', (session) => session.update('cart', () => ['new'])],
    ['delete and set', (session) => [session.delete('cart'), session.set('cart', ['new'])]],
    ['pop and set', (session) => [session.pop('cart'), session.set('cart', ['new'])]],
    ['clear and set', (session) => [session.clear(), session.set('cart', ['new'])]],
    ['claim and set', async (session) => [await session.claim('cart'), session.set('cart', ['new'])]],
    ['flush and set', (session) => [session.flush(), session.set('cart', ['new'])]],
  ])('are ignored on an object that %s has replaced', async (_name, replace) => {
    const app = await appWith({ cart: ['old'] })
    await app.request(async (session) => {
      const old = session.get('cart')
      await replace(session)
      old.push('ghost')
      expect(session.get('cart')).toEqual(['new'])
    })
    expect(await app.read()).toEqual({ cart: ['new'] })
  })

  it('of two requests to one property keep the last and emit overwritten', async () => {
    const app = await appWith({ cart: [1] })
    const [first, second] = [await app.open(), await app.open()]
    first.get('cart').push('first')
    second.get('cart').push('second')
    await app.sessions.commit(first, { status: 200 })
    await app.sessions.commit(second, { status: 200 })
    expect(await app.read()).toEqual({ cart: [1, 'second'] })
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'overwritten', property: 'cart' }))
  })

  it('that make the object unstorable reject the commit and save nothing', async () => {
    const app = await appWith({ cart: {} })
    const session = await app.open()
    session.set('other', 1)
    session.get('cart').bad = () => 1
    await expect(app.sessions.commit(session, { status: 200 })).rejects.toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'cart' })
    expect(await app.read()).toEqual({ cart: {} })
  })

  it('that make the object unstorable do not prevent a flush', async () => {
    const app = await appWith({ cart: {} })
    const session = await app.open()
    session.get('cart').bad = () => 1
    session.flush()
    await app.sessions.commit(session, { status: 200 })
    expect((await app.rows()).length).toBe(0)
  })
})

describe('maxSize', () => {
  it('rejects a commit that exceeds it and names the largest property', async () => {
    const app = new TestApp({ maxSize: 200 })
    const session = await app.open()
    session.set('small', 'x').set('large', 'y'.repeat(200))
    await expect(app.sessions.commit(session, { status: 200 })).rejects.toMatchObject({
      code: 'ERR_SESSION_TOO_LARGE',
      property: 'large',
    })
    expect((await app.rows()).length).toBe(0)
  })

  it('counts bytes of UTF-8', async () => {
    const app = new TestApp({ maxSize: 200 })
    await app.request((session) => void session.set('ascii', 'x'.repeat(150)))
    const session = await app.open()
    session.set('ascii', '\u20ac'.repeat(70))
    await expect(app.sessions.commit(session, { status: 200 })).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
  })

  it('rejects only the request whose merged changes exceed it', async () => {
    const app = await appWith({ a: '' }, { maxSize: 1000 })
    const [first, second] = [await app.open(), await app.open()]
    first.set('first', 'x'.repeat(600))
    second.set('second', 'y'.repeat(600))
    const outcomes = await Promise.allSettled([app.sessions.commit(first, { status: 200 }), app.sessions.commit(second, { status: 200 })])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect((outcomes[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
    expect(Object.keys(await app.read())).toEqual(['a', 'first'])
  })

  it('is 1 MiB by default', async () => {
    const app = new TestApp()
    await app.request((session) => void session.set('a', 'x'.repeat((1 << 20) - 20)))
    const session = await app.open()
    session.set('b', 'x'.repeat(20))
    await expect(app.sessions.commit(session, { status: 200 })).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE', property: 'a' })
  })
})
