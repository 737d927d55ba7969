import { describe, expectTypeOf, it } from 'vitest'
import type { Session } from '../../src/index.ts'

interface Item {
  readonly sku: number
  n: number
}

interface Data {
  cart: Item[]
  darkMode: boolean
  visits?: number
  theme: 'light' | 'dark'
  name: string | undefined
  userId: number
}

declare const session: Session<Data>

describe('get', () => {
  it('may return undefined for any property', () => {
    expectTypeOf(session.get('cart')).toEqualTypeOf<Item[] | undefined>()
    expectTypeOf(session.get('darkMode')).toEqualTypeOf<boolean | undefined>()
    expectTypeOf(session.get('visits')).toEqualTypeOf<number | undefined>()
    expectTypeOf(session.get('name')).toEqualTypeOf<string | undefined>()
  })

  it('never returns undefined with a fallback of the same type', () => {
    expectTypeOf(session.get('cart', [])).toEqualTypeOf<Item[]>()
    expectTypeOf(session.get('visits', 0)).toEqualTypeOf<number>()
    expectTypeOf(session.get('theme', 'light')).toEqualTypeOf<'light' | 'dark'>()
  })

  it('returns either type with a fallback of another type', () => {
    expectTypeOf(session.get('visits', null)).toEqualTypeOf<number | null>()
    expectTypeOf(session.get('theme', 5)).toEqualTypeOf<'light' | 'dark' | number>()
  })

  it('accepts only declared names', () => {
    // @ts-expect-error -- a typo
    session.get('crat')
    // @ts-expect-error -- a typo
    session.has('crat')
    // @ts-expect-error -- a typo
    session.delete('crat')
  })
})

describe('pop', () => {
  it('has the same three forms', () => {
    expectTypeOf(session.pop('cart')).toEqualTypeOf<Item[] | undefined>()
    expectTypeOf(session.pop('cart', [])).toEqualTypeOf<Item[]>()
    expectTypeOf(session.pop('visits', null)).toEqualTypeOf<number | null>()
  })
})

describe('writes', () => {
  it('set accepts the type of the property without undefined', () => {
    session.set('cart', [{ sku: 1, n: 2 }]).set('theme', 'dark')
    // @ts-expect-error -- not a theme
    session.set('theme', 'pink')
    // @ts-expect-error -- delete removes
    session.set('visits', undefined)
    // @ts-expect-error -- delete removes
    session.set('name', undefined)
    // @ts-expect-error -- a typo
    session.set('drakMode', true)
  })

  it('assign accepts some of the properties', () => {
    session.assign({ darkMode: true, visits: 1 })
    // @ts-expect-error -- a typo
    session.assign({ drakMode: true })
    // @ts-expect-error -- not a boolean
    session.assign({ darkMode: 'yes' })
  })

  it('setDefault never returns undefined', () => {
    expectTypeOf(session.setDefault('cart', [])).toEqualTypeOf<Item[]>()
    expectTypeOf(session.setDefault('cart', () => [])).toEqualTypeOf<Item[]>()
    // @ts-expect-error -- not a theme
    session.setDefault('theme', 'pink')
  })

  it('update passes a value that may be undefined and returns the result of its function', () => {
    expectTypeOf(session.update('visits', (visits = 0) => visits + 1)).toEqualTypeOf<number>()
    expectTypeOf(session.update('visits', () => undefined)).toEqualTypeOf<undefined>()
    expectTypeOf(session.update('visits', (visits) => (visits === undefined ? undefined : visits - 1))).toEqualTypeOf<number | undefined>()
    session.update('cart', (cart) => {
      expectTypeOf(cart).toEqualTypeOf<Item[] | undefined>()
      return []
    })
    // @ts-expect-error -- not a number
    session.update('visits', () => 'many')
    // @ts-expect-error -- asynchronous
    session.update('visits', async (visits = 0) => visits + 1)
  })

  it('increment accepts numbers, push accepts arrays', () => {
    expectTypeOf(session.increment('visits')).toEqualTypeOf<number>()
    expectTypeOf(session.push('cart', { sku: 1, n: 1 })).toEqualTypeOf<Item[]>()
    // @ts-expect-error -- not a number
    session.increment('cart')
    // @ts-expect-error -- not a number
    session.increment('darkMode')
    // @ts-expect-error -- not an array
    session.push('visits', 1)
    // @ts-expect-error -- not an item
    session.push('cart', 'apple')
  })

  it('claim returns the value or undefined', () => {
    expectTypeOf(session.claim('cart')).resolves.toEqualTypeOf<Item[] | undefined>()
    // @ts-expect-error -- a typo
    void session.claim('crat')
  })
})

describe('all properties', () => {
  it('entries pairs each name with its type', () => {
    type Entry =
      | ['cart', Item[]]
      | ['darkMode', boolean]
      | ['visits', number]
      | ['theme', 'light' | 'dark']
      | ['name', string]
      | ['userId', number]
    expectTypeOf(session.entries()).toEqualTypeOf<IterableIterator<Entry>>()
    for (const [name, value] of session) if (name === 'cart') expectTypeOf(value).toEqualTypeOf<Item[]>()
    expectTypeOf(session.keys()).toEqualTypeOf<IterableIterator<keyof Data>>()
    session.forEach((value, key, self) => {
      expectTypeOf(value).toEqualTypeOf<Entry[1]>()
      expectTypeOf(key).toEqualTypeOf<keyof Data>()
      expectTypeOf(self).toEqualTypeOf<Session<Data>>()
    })
  })

  it('data, toObject and toJSON are partial', () => {
    expectTypeOf(session.data).toEqualTypeOf<Partial<Data>>()
    expectTypeOf(session.toObject()).toEqualTypeOf<Partial<Data>>()
    expectTypeOf(session.toJSON()).toEqualTypeOf<Partial<Data>>()
    expectTypeOf(session.data.cart).toEqualTypeOf<Item[] | undefined>()
    delete session.data.cart
    // @ts-expect-error -- a typo
    session.data.crat = []
  })
})

describe('userId', () => {
  it('has the declared type', () => {
    expectTypeOf(session.userId).toEqualTypeOf<number | undefined>()
    session.login(7, { expiry: 'browser' })
    // @ts-expect-error -- not a number
    session.login('7')
  })

  it('is a string or a number by default', () => {
    const other = {} as Session<{ a: number }>
    expectTypeOf(other.userId).toEqualTypeOf<string | number | undefined>()
    other.login('x')
    other.login(1)
    // @ts-expect-error -- not a user id
    other.login(true)
  })
})
