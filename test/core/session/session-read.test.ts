import { describe, expect, it } from 'vitest'
import { Browser, DAY, HOUR, START, World, worldWith } from '../fixture.ts'

describe('reading', () => {
  it('get answers the value, or undefined, or the fallback', async () => {
    const world = await worldWith({ theme: 'dark', zero: 0, no: false, empty: '', nothing: null })
    await world.visit((session) => {
      expect(session.get('theme')).toBe('dark')
      expect(session.get('theme', 'light')).toBe('dark')
      expect(session.get('missing')).toBeUndefined()
      expect(session.get('missing', 'light')).toBe('light')
      expect([session.get('zero', 1), session.get('no', true), session.get('empty', 'x'), session.get('nothing', 1)]).toEqual([
        0,
        false,
        '',
        null,
      ])
    })
  })

  it('get answers the same object every time', async () => {
    const world = await worldWith({ cart: [1] })
    await world.visit((session) => expect(session.get('cart')).toBe(session.get('cart')))
  })

  it('has tells what is there, values that are falsy included', async () => {
    const world = await worldWith({ zero: 0, nothing: null })
    await world.visit((session) => {
      expect([session.has('zero'), session.has('nothing'), session.has('missing'), session.has('toString')]).toEqual([
        true,
        true,
        false,
        false,
      ])
    })
  })

  it('keys, values, entries, forEach, size and iteration are as on Map', async () => {
    const world = await worldWith({ b: 1, a: [2], '10': 3 })
    await world.visit((session) => {
      expect([...session.keys()].sort()).toEqual(['10', 'a', 'b'])
      expect(new Map(session.entries())).toEqual(
        new Map<string, unknown>([
          ['b', 1],
          ['a', [2]],
          ['10', 3],
        ]),
      )
      expect(new Map(session)).toEqual(new Map(session.entries()))
      expect([...session.values()]).toEqual([...session.entries()].map(([, value]) => value))
      expect(session.size).toBe(3)
      const seen: unknown[] = []
      session.forEach((value, key, self) => seen.push([key, value, self === session]))
      expect(seen).toEqual([...session.entries()].map(([key, value]) => [key, value, true]))
    })
  })

  it('toObject and toJSON answer plain objects of all properties', async () => {
    const world = await worldWith({ a: 1, b: { c: 2 } })
    await world.visit((session) => {
      expect(session.toObject()).toEqual({ a: 1, b: { c: 2 } })
      expect(JSON.parse(JSON.stringify(session))).toEqual({ a: 1, b: { c: 2 } })
    })
  })

  it('a request sees its own changes at once, and in the order of the verbs', async () => {
    const world = await worldWith({ a: 1, b: 2 })
    await world.visit((session) => {
      session.set('c', 3).delete('a')
      expect(session.toObject()).toEqual({ b: 2, c: 3 })
      session.clear()
      expect(session.size).toBe(0)
      session.set('d', 4)
      expect(session.toObject()).toEqual({ d: 4 })
    })
  })

  it('keys may be removed while they are walked', async () => {
    const world = await worldWith({ a: 1, b: 2, c: 3 })
    await world.visit((session) => {
      for (const key of session.keys()) session.delete(key)
      expect(session.size).toBe(0)
    })
  })

  it('reserved names never show', async () => {
    const world = new World()
    await world.visit((session) => {
      session.login(1, { expiry: '1h' })
      session.flash('notice', 'hello')
    })
    await world.visit((session) => {
      expect([...session.keys()]).toEqual(['userId'])
      expect(session.size).toBe(1)
      expect(session.toObject()).toEqual({ userId: 1 })
      expect(
        ['_expiry', '_browser', '_flash.notice', '_lastUser'].map((name) => [session.has(name), session.get(name, 'fallback')]),
      ).toEqual(Array.from({ length: 4 }, () => [false, 'fallback']))
    })
  })
})

describe('reading never writes', () => {
  const readers: Record<string, (session: any) => unknown> = {
    get: (session) => session.get('cart').length,
    has: (session) => session.has('cart'),
    'keys, values and entries': (session) => [...session.keys(), ...session.values(), ...session.entries(), ...session],
    forEach: (session) => session.forEach(() => undefined),
    size: (session) => session.size,
    toObject: (session) => session.toObject(),
    toJSON: (session) => JSON.stringify(session),
    'userId, expiresAt and endsWithBrowser': (session) => [session.userId, session.expiresAt, session.endsWithBrowser],
    'id, handle, isNew, accessed, modified and loadError': (session) => [
      session.id,
      session.handle,
      session.isNew,
      session.accessed,
      session.modified,
      session.loadError,
    ],
    'a flash that is not there': (session) => session.flashed('notice'),
    data: (session) => ({ ...session.data, has: 'cart' in session.data, keys: Object.keys(session.data) }),
    'delete, pop of what is absent': (session) => [session.delete('missing'), session.pop('missing'), session.pop('missing', 1)],
    'setDefault of what is there': (session) => session.setDefault('cart', []),
    'reflash of nothing': (session) => session.reflash(),
  }
  it.each(Object.entries(readers))('%s', async (_name, read) => {
    const world = await worldWith({ cart: [{ sku: 7 }], when: new Date(START), map: new Map([[1, { a: 2 }]]) })
    const before = await world.rows()
    const { headers, session } = await world.visit(read)
    expect(await world.rows()).toEqual(before)
    expect(headers.getSetCookie()).toEqual([])
    expect(session.modified).toBe(false)
    expect(world.types()).toEqual(['loaded', 'unchanged'])
  })

  it('leaves a foreign row byte for byte as it is, though every property of it is read', async () => {
    const world = await worldWith({ a: 1 })
    const foreign = '{ "big" : 12345678901234567890,"price":1.0,\n "z": {"b" : 1e2, "a":[ 1 , 2 ]}, "caf\\u00e9":"\\u00e9\\/" ,"d":-0}'
    await world.plant(foreign)
    await world.visit((session) => {
      expect(session.toObject()).toEqual({ big: Number('12345678901234567890'), price: 1, z: { b: 100, a: [1, 2] }, café: 'é/', d: -0 })
      for (const value of session.values()) JSON.stringify(value)
    })
    expect((await world.row()).payload).toBe(foreign)
  })

  it('a request that never looks at its session costs one load and no header', async () => {
    const world = await worldWith({ a: 1 })
    world.clock.advance(2 * HOUR)
    const { headers, session } = await world.visit(() => undefined)
    expect([...headers]).toEqual([])
    expect([session.accessed, session.modified]).toEqual([false, false])
    expect(world.reasons('unchanged')).toEqual(['not-used'])
    expect((await world.row()).seenAt).toBe(START)
  })
})

describe('state', () => {
  it('a new session has no id and no handle before its first commit, then both', async () => {
    const world = new World()
    const { session } = await world.visit((session) => {
      expect([session.id, session.handle, session.isNew]).toEqual([undefined, undefined, true])
      session.set('a', 1)
      expect([session.id, session.handle, session.isNew]).toEqual([undefined, undefined, true])
    })
    const [key] = await world.onlyRow()
    expect([session.id, session.handle, session.isNew]).toEqual([world.browser.id, key, true])
  })

  it('an id that was never issued is not shown as the id of the session', async () => {
    const world = new World()
    const session = await world.open(new Browser(`__Host-sid=${'A'.repeat(16)}.${'B'.repeat(32)}`))
    expect([session.id, session.handle, session.isNew]).toEqual([undefined, undefined, true])
  })

  it('id is what the browser holds, handle is the key of the row and never part of the id', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit((session) => {
      expect(session.id).toBe(world.browser.id)
      expect(session.isNew).toBe(false)
      expect(session.id).not.toContain(session.handle)
    })
    const [key, entry] = await world.onlyRow()
    expect(JSON.stringify([key, entry])).not.toContain(world.browser.id?.slice(17))
    expect(JSON.stringify([key, entry])).not.toContain(world.browser.id?.slice(0, 16))
  })

  it('isNew tells how the request began, whatever it saves and reloads', async () => {
    const world = new World()
    await world.visit(async (session) => {
      session.set('a', 1)
      await session.save()
      expect(session.isNew).toBe(true)
      await session.reload()
      expect(session.isNew).toBe(true)
    })
  })

  it('accessed turns true with the first look, modified with the first change', async () => {
    const world = await worldWith({ cart: [1] })
    await world.visit((session) => {
      expect([session.accessed, session.modified]).toEqual([false, false])
      const cart = session.get('cart')
      expect([session.accessed, session.modified]).toEqual([true, false])
      cart.push(2)
      expect([session.accessed, session.modified]).toEqual([true, true])
    })
    const { session } = await world.visit((session) => session.flush())
    expect([session.accessed, session.modified]).toEqual([true, false])
  })

  it('can still be read when it is committed', async () => {
    const world = await worldWith({ a: 1 })
    const { session } = await world.visit((session) => void session.set('b', 2))
    expect(session.toObject()).toEqual({ a: 1, b: 2 })
    expect(session.expiresAt).toBe(START + 14 * DAY)
    expect(session.flashed('x')).toBeUndefined()
  })

  it('is quiet for inspection, waiting and printing', async () => {
    const world = await worldWith({ canary: 'c4n4ry' })
    const session = await world.open()
    expect(await Promise.resolve(session)).toBe(session)
    const { inspect } = await import('node:util')
    expect(inspect(session, { depth: 9, showHidden: true })).not.toContain('c4n4ry')
    expect(inspect(session, { depth: 9, showHidden: true })).not.toContain(world.browser.id)
  })
})
