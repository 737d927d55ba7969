import { describe, expect, it } from 'vitest'
import { thrown, World, worldWith } from '../fixture.ts'

describe('data', () => {
  it('reads, writes, deletes and asks as a plain object does', async () => {
    const world = await worldWith({ cart: [1], theme: 'dark' })
    await world.visit((session) => {
      const { data } = session
      expect(data['cart']).toEqual([1])
      expect(data['cart']).toBe(session.get('cart'))
      expect(data['missing']).toBeUndefined()
      expect(['cart' in data, 'missing' in data]).toEqual([true, false])
      data['darkMode'] = true
      expect(delete data['theme']).toBe(true)
      expect(delete data['missing']).toBe(true)
      data['cart'].push(2)
      expect(Object.keys(data).sort()).toEqual(['cart', 'darkMode'])
      expect({ ...data }).toEqual({ cart: [1, 2], darkMode: true })
      expect(JSON.stringify(data)).toBe(JSON.stringify(session))
      expect(Object.entries(data).length).toBe(2)
      expect(Object.hasOwn(data, 'cart')).toBe(true)
    })
    expect(await world.read()).toEqual({ cart: [1, 2], darkMode: true })
  })

  it('is one object for one session', async () => {
    const session = await new World().open()
    expect(session.data).toBe(session.data)
  })

  it('takes Object.assign, destructuring, defineProperty and increments', async () => {
    const world = await worldWith({ n: 1 })
    await world.visit((session) => {
      Object.assign(session.data, { a: 1, b: 2 })
      session.data['n'] += 1
      session.data['c'] ??= 3
      Object.defineProperty(session.data, 'd', { value: 4, writable: true, enumerable: true, configurable: true })
      const { a, ...rest } = session.data
      expect([a, rest]).toEqual([1, { n: 2, b: 2, c: 3, d: 4 }])
    })
    expect(await world.read()).toEqual({ n: 2, a: 1, b: 2, c: 3, d: 4 })
  })

  it('refuses what the verbs refuse', async () => {
    const session = await new World().open()
    expect(thrown(() => (session.data['bad'] = () => 1))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'bad' })
    expect(thrown(() => (session.data['bad'] = undefined))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'bad' })
    expect(thrown(() => (session.data['_bad'] = 1))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: '_bad' })
    expect(() => Object.defineProperty(session.data, 'x', { get: () => 1 })).toThrow(TypeError)
    expect(session.modified).toBe(false)
  })

  it('hides reserved names, and has nothing from Object.prototype', async () => {
    const world = new World()
    await world.visit((session) => {
      session.flash('notice', 1)
      session.set('a', 1)
    })
    await world.visit((session) => {
      expect([session.data['_flash.notice'], '_flash.notice' in session.data, Object.keys(session.data)]).toEqual([undefined, false, ['a']])
      expect([session.data['toString'], 'toString' in session.data, session.data['constructor']]).toEqual([undefined, false, undefined])
      expect(Reflect.get(session.data, Symbol.iterator)).toBeUndefined()
    })
  })

  it('__proto__ is a name like any other', async () => {
    const world = new World()
    await world.visit((session) => {
      session.data['__proto__'] = { polluted: true }
      expect(session.data['__proto__']).toEqual({ polluted: true })
    })
    const session = await world.open()
    expect([...session.keys()]).toEqual(['__proto__'])
    expect(Object.hasOwn(session.toObject(), '__proto__')).toBe(true)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('counts as looking at the session', async () => {
    const world = await worldWith({ a: 1 })
    const { headers } = await world.visit((session) => 'a' in session.data)
    expect(headers.get('vary')).toBe('Cookie')
  })
})
