import { describe, expect, it } from 'vitest'
import { START, World, worldWith } from '../fixture.ts'

describe('changes made in place', () => {
  it('are noticed and saved', async () => {
    const world = await worldWith({ cart: { items: [1] } })
    await world.visit((session) => session.get('cart').items.push(2))
    expect(await world.read()).toEqual({ cart: { items: [1, 2] } })
  })

  it('are noticed in objects that any reader handed out', async () => {
    const world = await worldWith({ a: [], b: [], c: [], d: [], e: [], f: [] })
    await world.visit((session) => {
      session.data['a'].push(1)
      for (const [name, value] of session.entries()) if (name === 'b') value.push(1)
      ;(session.toObject()['c'] as number[]).push(1)
      session.forEach((value, name) => void (name === 'd' && value.push(1)))
      session.setDefault('e', []).push(1)
      for (const value of session.values()) if (value === session.get('f')) value.push(1)
    })
    expect(await world.read()).toEqual({ a: [1], b: [1], c: [1], d: [1], e: [1], f: [1] })
  })

  it('are noticed in Map, Set and Date', async () => {
    const world = await worldWith({ map: new Map([[1, 1]]), set: new Set([1]), date: new Date(START) })
    await world.visit((session) => {
      session.get('map').set(2, 2)
      session.get('set').add(2)
      session.get('date').setTime(START + 1)
    })
    expect(await world.read()).toEqual({
      map: new Map([
        [1, 1],
        [2, 2],
      ]),
      set: new Set([1, 2]),
      date: new Date(START + 1),
    })
  })

  it('are not seen where the text was only foreign: reading a text that we would print otherwise writes nothing', async () => {
    const world = await worldWith({ a: 1 })
    await world.plant('{"a":{"x":1.0, "y":"\\u00e9"},"b":[1e2]}')
    await world.visit((session) => [session.get('a').x, session.get('b')[0]])
    expect(world.reasons('unchanged')).toEqual(['read-only'])
    await world.visit((session) => session.get('a').x++)
    expect((await world.row()).payload).toContain('"b":[1e2]')
    expect(await world.read()).toEqual({ a: { x: 2, y: 'é' }, b: [100] })
  })

  it('come before what is recorded later on that property', async () => {
    const world = await worldWith({ n: { count: 1 }, list: [1] })
    await world.visit((session) => {
      session.get('n').count = 10
      session.update('n', (n: any) => ({ count: n.count + 1 }))
      session.get('list').push(2)
      session.push('list', 3)
    })
    expect(await world.read()).toEqual({ n: { count: 11 }, list: [1, 2, 3] })
  })

  it.each<[string, (session: any) => unknown]>([
    ['set', (session) => session.set('cart', ['new'])],
    ['update', (session) => session.update('cart', () => ['new'])],
    ['delete and set', (session) => [session.delete('cart'), session.set('cart', ['new'])]],
    ['pop and set', (session) => [session.pop('cart'), session.set('cart', ['new'])]],
    ['clear and set', (session) => [session.clear(), session.set('cart', ['new'])]],
    ['claim and set', async (session) => [await session.claim('cart'), session.set('cart', ['new'])]],
    ['flush and set', (session) => [session.flush(), session.set('cart', ['new'])]],
  ])('to an object that is not current any more are not watched: %s', async (_name, replace) => {
    const world = await worldWith({ cart: ['old'] })
    await world.visit(async (session) => {
      const old = session.get('cart')
      await replace(session)
      old.push('ghost')
      expect(session.get('cart')).toEqual(['new'])
    })
    expect(await world.read()).toEqual({ cart: ['new'] })
  })

  it('of two requests to the same property: the last wins, and the event says so', async () => {
    const world = await worldWith({ cart: [1] })
    const [first, second] = [await world.open(), await world.open()]
    first.get('cart').push('first')
    second.get('cart').push('second')
    await world.sessions.commit(first, { status: 200 })
    await world.sessions.commit(second, { status: 200 })
    expect(await world.read()).toEqual({ cart: [1, 'second'] })
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'overwritten', property: 'cart' }))
  })

  it('that make the object unstorable fail the commit, naming the property; nothing is saved', async () => {
    const world = await worldWith({ cart: {} })
    const session = await world.open()
    session.set('other', 1)
    session.get('cart').bad = () => 1
    await expect(world.sessions.commit(session, { status: 200 })).rejects.toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'cart' })
    expect(await world.read()).toEqual({ cart: {} })
  })

  it('that make the object unstorable do not keep a flush from happening', async () => {
    const world = await worldWith({ cart: {} })
    const session = await world.open()
    session.get('cart').bad = () => 1
    session.flush()
    await world.sessions.commit(session, { status: 200 })
    expect((await world.rows()).length).toBe(0)
  })
})

describe('the size of a session', () => {
  it('over maxSize fails the commit and names the largest property', async () => {
    const world = new World({ maxSize: 200 })
    const session = await world.open()
    session.set('small', 'x').set('large', 'y'.repeat(200))
    await expect(world.sessions.commit(session, { status: 200 })).rejects.toMatchObject({
      code: 'ERR_SESSION_TOO_LARGE',
      property: 'large',
    })
    expect((await world.rows()).length).toBe(0)
  })

  it('is measured in bytes of UTF-8', async () => {
    const world = new World({ maxSize: 200 })
    await world.visit((session) => void session.set('ascii', 'x'.repeat(150)))
    const session = await world.open()
    session.set('ascii', '\u20ac'.repeat(70))
    await expect(world.sessions.commit(session, { status: 200 })).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
  })

  it('grown by merging: the request that would make it too large is refused, the other stands', async () => {
    const world = await worldWith({ a: '' }, { maxSize: 1000 })
    const [first, second] = [await world.open(), await world.open()]
    first.set('first', 'x'.repeat(600))
    second.set('second', 'y'.repeat(600))
    const outcomes = await Promise.allSettled([
      world.sessions.commit(first, { status: 200 }),
      world.sessions.commit(second, { status: 200 }),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect((outcomes[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' })
    expect(Object.keys(await world.read())).toEqual(['a', 'first'])
  })

  it('is 1 MiB unless said otherwise', async () => {
    const world = new World()
    await world.visit((session) => void session.set('a', 'x'.repeat((1 << 20) - 20)))
    const session = await world.open()
    session.set('b', 'x'.repeat(20))
    await expect(world.sessions.commit(session, { status: 200 })).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE', property: 'a' })
  })
})
