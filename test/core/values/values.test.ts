import { describe, expect, it } from 'vitest'
import { catchError, START, TestApp } from '../fixture.ts'

class Money {
  amount = 5
}

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = { value }
  return value
}

describe('storable values are returned unchanged', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  const values: Record<string, unknown> = {
    text: 'grüße \ud83d\ude00 \u2028 "\\',
    'a lone surrogate': '\ud800',
    'NUL in a text': 'a\0b',
    number: 1.5,
    '2 ** 53': 2 ** 53,
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
    Map: new Map<unknown, unknown>([
      [1, { a: 2 }],
      ['k', new Set([3])],
    ]),
    Set: new Set([1, 'a']),
    RegExp: /a+/giu,
    URL: new URL('https://example.com/?q=1#h'),
    Uint8Array: new Uint8Array([1, 255]),
    Float64Array: new Float64Array([1.5, Number.NaN]),
    'a cycle': cycle,
    'depth 150': nested(150),
    'an object with the $rich tag': { $rich: [1, 2] },
    'keys of Object.prototype': { constructor: 1, toString: 'x', hasOwnProperty: null },
    'an object without prototype': Object.assign(Object.create(null) as object, { a: 1 }),
    'integer-like keys': { '10': 1, '9': 2 },
    '__proto__ as an own key': JSON.parse('{"__proto__":{"polluted":true}}'),
  }
  it.each(Object.entries(values))('%s', async (_name, value) => {
    const app = new TestApp()
    await app.request((session) => {
      session.set('value', value)
      expect(session.get('value')).toEqual(value)
    })
    const session = await app.open()
    expect(session.get('value')).toEqual(value)
    expect((await app.request((again) => void again.get('value'))).session.modified).toBe(false)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

describe('unstorable values throw immediately and name the property', () => {
  const values: Record<string, unknown> = {
    function: () => 1,
    symbol: Symbol('s'),
    'undefined as a value': undefined,
    'an instance of a class': new Money(),
    'an instance deep inside': { a: [{ b: new Money() }] },
    Error: new Error('x'),
    WeakMap: new WeakMap(),
    promise: Promise.resolve(1),
    'toJSON that throws': {
      toJSON: () => {
        throw new Error('no')
      },
    },
    'a proxy that throws': new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no')
        },
      },
    ),
    'a getter that throws': {
      get a() {
        throw new Error('no')
      },
    },
    'a subclass of Array': new (class List extends Array {})(),
    'a symbol as a key': { [Symbol('s')]: 1 },
  }
  it.each(Object.entries(values))('%s', async (_name, value) => {
    const app = new TestApp()
    await app.request((session) => {
      session.set('good', 1)
      const verbs = [
        () => session.set('bad', value),
        () => session.assign({ bad: value }),
        () => (session.data['bad'] = value),
        () => session.flash('bad', value),
      ]
      for (const verb of verbs) {
        const error = catchError(verb)
        expect(error).toMatchObject({ code: 'ERR_SESSION_CODEC', status: 500 })
        expect(error.property).toMatch(/^(_flash\.)?bad$/)
        expect(error.message).toContain('bad')
      }
    })
    expect(await app.read()).toEqual({ good: 1 })
  })

  it('rejects or stores a very deep value, and keeps other properties either way', async () => {
    const app = new TestApp()
    await app.request((session) => {
      session.set('good', 1)
      try {
        session.set('deep', nested(50_000))
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'deep' })
      }
    })
    expect((await app.open()).get('good')).toBe(1)
  })

  it('reports the position inside the value', async () => {
    const session = await new TestApp().open()
    expect(catchError(() => session.set('cart', { items: [{ price: new Money() }] })).message).toContain('items[0].price')
    expect(catchError(() => session.set('later', Promise.resolve(1))).message).toContain('await')
  })
})
