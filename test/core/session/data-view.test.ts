import { describe, expect, it } from 'vitest'
import { appWith, catchError, TestApp } from '../fixture.ts'

describe('session.data', () => {
  it('reads, writes, deletes and lists properties as a plain object does', async () => {
    const app = await appWith({ cart: [1], theme: 'dark' })
    await app.request((session) => {
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
    expect(await app.read()).toEqual({ cart: [1, 2], darkMode: true })
  })

  it('returns the same object every time', async () => {
    const session = await new TestApp().open()
    expect(session.data).toBe(session.data)
  })

  it('supports Object.assign, destructuring, defineProperty and increments', async () => {
    const app = await appWith({ n: 1 })
    await app.request((session) => {
      Object.assign(session.data, { a: 1, b: 2 })
      session.data['n'] += 1
      session.data['c'] ??= 3
      Object.defineProperty(session.data, 'd', { value: 4, writable: true, enumerable: true, configurable: true })
      const { a, ...rest } = session.data
      expect([a, rest]).toEqual([1, { n: 2, b: 2, c: 3, d: 4 }])
    })
    expect(await app.read()).toEqual({ n: 2, a: 1, b: 2, c: 3, d: 4 })
  })

  it('rejects what the verbs reject', async () => {
    const session = await new TestApp().open()
    expect(catchError(() => (session.data['bad'] = () => 1))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'bad' })
    expect(catchError(() => (session.data['bad'] = undefined))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'bad' })
    expect(catchError(() => (session.data['_bad'] = 1))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: '_bad' })
    expect(() => Object.defineProperty(session.data, 'x', { get: () => 1 })).toThrow(TypeError)
    expect(session.modified).toBe(false)
  })

  it('hides reserved names and inherits nothing from Object.prototype', async () => {
    const app = new TestApp()
    await app.request((session) => {
      session.flash('notice', 1)
      session.set('a', 1)
    })
    await app.request((session) => {
      expect([session.data['_flash.notice'], '_flash.notice' in session.data, Object.keys(session.data)]).toEqual([undefined, false, ['a']])
      expect([session.data['toString'], 'toString' in session.data, session.data['constructor']]).toEqual([undefined, false, undefined])
      expect(Reflect.get(session.data, Symbol.iterator)).toBeUndefined()
    })
  })

  it('treats __proto__ as an ordinary name', async () => {
    const app = new TestApp()
    await app.request((session) => {
      session.data['__proto__'] = { polluted: true }
      expect(session.data['__proto__']).toEqual({ polluted: true })
    })
    const session = await app.open()
    expect([...session.keys()]).toEqual(['__proto__'])
    expect(Object.hasOwn(session.toObject(), '__proto__')).toBe(true)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('marks the session as accessed', async () => {
    const app = await appWith({ a: 1 })
    const { headers } = await app.request((session) => 'a' in session.data)
    expect(headers.get('vary')).toBe('Cookie')
  })
})
