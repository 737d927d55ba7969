import { describe, expect, it } from 'vitest'
import { appWith, Browser, DAY, HOUR, START, TestApp } from '../fixture.ts'

describe('reading', () => {
  it('get returns the value, undefined or the fallback', async () => {
    const app = await appWith({ theme: 'dark', zero: 0, no: false, empty: '', nothing: null })
    await app.request((session) => {
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

  it('get returns the same object every time', async () => {
    const app = await appWith({ cart: [1] })
    await app.request((session) => expect(session.get('cart')).toBe(session.get('cart')))
  })

  it('has returns true for falsy values', async () => {
    const app = await appWith({ zero: 0, nothing: null })
    await app.request((session) => {
      expect([session.has('zero'), session.has('nothing'), session.has('missing'), session.has('toString')]).toEqual([
        true,
        true,
        false,
        false,
      ])
    })
  })

  it('keys, values, entries, forEach, size and iteration work as on Map', async () => {
    const app = await appWith({ b: 1, a: [2], '10': 3 })
    await app.request((session) => {
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

  it('toObject and toJSON return plain objects of all properties', async () => {
    const app = await appWith({ a: 1, b: { c: 2 } })
    await app.request((session) => {
      expect(session.toObject()).toEqual({ a: 1, b: { c: 2 } })
      expect(JSON.parse(JSON.stringify(session))).toEqual({ a: 1, b: { c: 2 } })
    })
  })

  it('includes the changes of this request, in the order of the verbs', async () => {
    const app = await appWith({ a: 1, b: 2 })
    await app.request((session) => {
      session.set('c', 3).delete('a')
      expect(session.toObject()).toEqual({ b: 2, c: 3 })
      session.clear()
      expect(session.size).toBe(0)
      session.set('d', 4)
      expect(session.toObject()).toEqual({ d: 4 })
    })
  })

  it('allows properties to be deleted during iteration', async () => {
    const app = await appWith({ a: 1, b: 2, c: 3 })
    await app.request((session) => {
      for (const key of session.keys()) session.delete(key)
      expect(session.size).toBe(0)
    })
  })

  it('hides reserved names', async () => {
    const app = new TestApp()
    await app.request((session) => {
      session.login(1, { expiry: '1h' })
      session.flash('notice', 'hello')
    })
    await app.request((session) => {
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
    'an absent flash': (session) => session.flashed('notice'),
    data: (session) => ({ ...session.data, has: 'cart' in session.data, keys: Object.keys(session.data) }),
    'delete and pop of an absent property': (session) => [session.delete('missing'), session.pop('missing'), session.pop('missing', 1)],
    'setDefault of a present property': (session) => session.setDefault('cart', []),
    'reflash of nothing': (session) => session.reflash(),
  }
  it.each(Object.entries(readers))('%s', async (_name, read) => {
    const app = await appWith({ cart: [{ sku: 7 }], when: new Date(START), map: new Map([[1, { a: 2 }]]) })
    const before = await app.rows()
    const { headers, session } = await app.request(read)
    expect(await app.rows()).toEqual(before)
    expect(headers.getSetCookie()).toEqual([])
    expect(session.modified).toBe(false)
    expect(app.eventTypes()).toEqual(['loaded', 'unchanged'])
  })

  it('keeps a foreign row byte for byte after a read of every property', async () => {
    const app = await appWith({ a: 1 })
    const foreign = '{ "big" : 12345678901234567890,"price":1.0,\n "z": {"b" : 1e2, "a":[ 1 , 2 ]}, "caf\\u00e9":"\\u00e9\\/" ,"d":-0}'
    await app.replacePayload(foreign)
    await app.request((session) => {
      expect(session.toObject()).toEqual({ big: Number('12345678901234567890'), price: 1, z: { b: 100, a: [1, 2] }, café: 'é/', d: -0 })
      for (const value of session.values()) JSON.stringify(value)
    })
    expect((await app.row()).payload).toBe(foreign)
  })

  it('costs one load and no header if the session is not accessed', async () => {
    const app = await appWith({ a: 1 })
    app.clock.advance(2 * HOUR)
    const { headers, session } = await app.request(() => undefined)
    expect([...headers]).toEqual([])
    expect([session.accessed, session.modified]).toEqual([false, false])
    expect(app.eventReasons('unchanged')).toEqual(['not-used'])
    expect((await app.row()).seenAt).toBe(START)
  })
})

describe('state', () => {
  it('a new session has no id and no handle before its first commit, and both after it', async () => {
    const app = new TestApp()
    const { session } = await app.request((session) => {
      expect([session.id, session.handle, session.isNew]).toEqual([undefined, undefined, true])
      session.set('a', 1)
      expect([session.id, session.handle, session.isNew]).toEqual([undefined, undefined, true])
    })
    const [key] = await app.onlyRow()
    expect([session.id, session.handle, session.isNew]).toEqual([app.browser.id, key, true])
  })

  it('an unknown id from the cookie is not the id of the session', async () => {
    const app = new TestApp()
    const session = await app.open(new Browser(`__Host-sid=${'A'.repeat(16)}.${'B'.repeat(32)}`))
    expect([session.id, session.handle, session.isNew]).toEqual([undefined, undefined, true])
  })

  it('id is the value of the cookie, handle is the key of the row, and neither contains the other', async () => {
    const app = await appWith({ a: 1 })
    await app.request((session) => {
      expect(session.id).toBe(app.browser.id)
      expect(session.isNew).toBe(false)
      expect(session.id).not.toContain(session.handle)
    })
    const [key, entry] = await app.onlyRow()
    expect(JSON.stringify([key, entry])).not.toContain(app.browser.id?.slice(17))
    expect(JSON.stringify([key, entry])).not.toContain(app.browser.id?.slice(0, 16))
  })

  it('isNew describes the start of the request and does not change', async () => {
    const app = new TestApp()
    await app.request(async (session) => {
      session.set('a', 1)
      await session.save()
      expect(session.isNew).toBe(true)
      await session.reload()
      expect(session.isNew).toBe(true)
    })
  })

  it('accessed is true after the first access, modified after the first change', async () => {
    const app = await appWith({ cart: [1] })
    await app.request((session) => {
      expect([session.accessed, session.modified]).toEqual([false, false])
      const cart = session.get('cart')
      expect([session.accessed, session.modified]).toEqual([true, false])
      cart.push(2)
      expect([session.accessed, session.modified]).toEqual([true, true])
    })
    const { session } = await app.request((session) => session.flush())
    expect([session.accessed, session.modified]).toEqual([true, false])
  })

  it('is readable after the commit', async () => {
    const app = await appWith({ a: 1 })
    const { session } = await app.request((session) => void session.set('b', 2))
    expect(session.toObject()).toEqual({ a: 1, b: 2 })
    expect(session.expiresAt).toBe(START + 14 * DAY)
    expect(session.flashed('x')).toEqual([])
  })

  it('is not accessed by inspection, await and printing', async () => {
    const app = await appWith({ canary: 'c4n4ry' })
    const session = await app.open()
    expect(await Promise.resolve(session)).toBe(session)
    const { inspect } = await import('node:util')
    expect(inspect(session, { depth: 9, showHidden: true })).not.toContain('c4n4ry')
    expect(inspect(session, { depth: 9, showHidden: true })).not.toContain(app.browser.id)
  })
})
