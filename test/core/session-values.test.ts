import { describe, expect, it } from 'vitest'
import { START, thrown, World, worldWith } from './fixture.ts'

class Money {
  amount = 5
}

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = { value }
  return value
}

describe('values that come back as they are', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  const values: Record<string, unknown> = {
    text: 'grüße \ud83d\ude00 \u2028 "\\',
    'a lone surrogate': '\ud800',
    'NUL in a text': 'a\0b',
    number: 1.5,
    '2**53': 2 ** 53,
    NaN: Number.NaN,
    Infinity: Number.POSITIVE_INFINITY,
    '-Infinity': Number.NEGATIVE_INFINITY,
    '-0': -0,
    null: null,
    'true and false': [true, false],
    'nested undefined': { a: undefined, b: [undefined, 1] },
    bigint: 10n,
    Date: new Date(START),
    'a Date in an object': { at: new Date(START) },
    Map: new Map<unknown, unknown>([[1, { a: 2 }], ['k', new Set([3])]]),
    Set: new Set([1, 'a']),
    RegExp: /a+/giu,
    URL: new URL('https://example.com/?q=1#h'),
    Uint8Array: new Uint8Array([1, 255]),
    Float64Array: new Float64Array([1.5, Number.NaN]),
    'a cycle': cycle,
    'depth 150': nested(150),
    'an object with the name of our tag': { $rich: [1, 2] },
    'keys of Object.prototype': { constructor: 1, toString: 'x', hasOwnProperty: null },
    'an object without prototype': Object.assign(Object.create(null) as object, { a: 1 }),
    'integer-like keys': { '10': 1, '9': 2 },
    '__proto__ as an own key': JSON.parse('{"__proto__":{"polluted":true}}'),
  }
  it.each(Object.entries(values))('%s', async (_name, value) => {
    const world = new World()
    await world.visit((session) => {
      session.set('value', value)
      expect(session.get('value')).toEqual(value)
    })
    const session = await world.open()
    expect(session.get('value')).toEqual(value)
    expect((await world.visit((again) => void again.get('value'))).session.modified).toBe(false)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

describe('values that cannot be stored throw at once, naming the property', () => {
  const values: Record<string, unknown> = {
    function: () => 1,
    symbol: Symbol('s'),
    'undefined at the top': undefined,
    'an instance of a class': new Money(),
    'an instance deep inside': { a: [{ b: new Money() }] },
    Error: new Error('x'),
    WeakMap: new WeakMap(),
    promise: Promise.resolve(1),
    'toJSON that throws': { toJSON: () => { throw new Error('no') } },
    'a proxy that throws': new Proxy({}, { ownKeys: () => { throw new Error('no') } }),
    'a getter that throws': { get a() { throw new Error('no') } },
    'a subclass of Array': new (class List extends Array {})(),
    'a symbol as a key': { [Symbol('s')]: 1 },
  }
  it.each(Object.entries(values))('%s', async (_name, value) => {
    const world = new World()
    await world.visit((session) => {
      session.set('good', 1)
      const verbs = [() => session.set('bad', value), () => session.assign({ bad: value }), () => (session.data['bad'] = value), () => session.flash('bad', value)]
      for (const verb of verbs) {
        const error = thrown(verb)
        expect(error).toMatchObject({ code: 'ERR_SESSION_CODEC', status: 500 })
        expect(error.property).toMatch(/^(_flash\.)?bad$/)
        expect(error.message).toContain('bad')
      }
    })
    expect(await world.read()).toEqual({ good: 1 })
  })

  it('a value nested too deep for the engine is refused or stored, and never harms another', async () => {
    const world = new World()
    await world.visit((session) => {
      session.set('good', 1)
      try {
        session.set('deep', nested(50_000))
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'deep' })
      }
    })
    expect((await world.open()).get('good')).toBe(1)
  })

  it('the message tells where inside the value', async () => {
    const session = await new World().open()
    expect(thrown(() => session.set('cart', { items: [{ price: new Money() }] })).message).toContain('items[0].price')
    expect(thrown(() => session.set('later', Promise.resolve(1))).message).toContain('await')
  })
})

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
    expect(await world.read()).toEqual({ map: new Map([[1, 1], [2, 2]]), set: new Set([1, 2]), date: new Date(START + 1) })
  })

  it('are not seen where the text was only foreign: reading a text that we would print otherwise writes nothing', async () => {
    const world = await worldWith({ a: 1 })
    await world.plant('{"a":{"x":1.0, "y":"\\u00e9"},"b":[1e2]}')
    await world.visit((session) => [session.get('a').x, session.get('b')[0]])
    expect(world.reasons('untouched')).toEqual(['read-only'])
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
    await expect(world.sessions.commit(session, { status: 200 })).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE', property: 'large' })
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
    const outcomes = await Promise.allSettled([world.sessions.commit(first, { status: 200 }), world.sessions.commit(second, { status: 200 })])
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
