import { deepStrictEqual } from 'node:assert/strict'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../src/codecs/json.ts'
import { createSessions, type Entry } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'

const { parse, print } = jsonCodec

function cycle(): Record<string, unknown> {
  const object: Record<string, unknown> = { a: 1 }
  object['self'] = object
  return object
}

function shared(): unknown[] {
  const one = new Map([['n', 1]])
  return [one, one]
}

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = { value }
  return value
}

describe('a storable value', () => {
  // These texts are stored in databases: new versions of the library or of devalue must read and
  // print them unchanged.
  it.each<[string, unknown, string]>([
    ['null', null, 'null'],
    ['a text', 'é\u2028"\\', '"é\u2028\\"\\\\"'],
    ['a half surrogate', '\ud800', '"\\ud800"'],
    ['NUL', 'a\0b', '"a\\u0000b"'],
    ['a number', 1e21, '1e+21'],
    ['an object', { a: [1, { b: null }] }, '{"a":[1,{"b":null}]}'],
    ['an object with __proto__', JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
    ['undefined in an object', { a: undefined }, '{"$rich":[{"a":-1}]}'],
    ['undefined in an array', [undefined], '{"$rich":[[-1]]}'],
    ['a hole in an array', Array(1), '{"$rich":[[-2]]}'],
    ['NaN', Number.NaN, '{"$rich":-3}'],
    ['Infinity', Number.POSITIVE_INFINITY, '{"$rich":-4}'],
    ['negative Infinity', Number.NEGATIVE_INFINITY, '{"$rich":-5}'],
    ['negative zero', -0, '{"$rich":-6}'],
    ['a BigInt', 10n, '{"$rich":[["BigInt","10"]]}'],
    ['a Date', new Date(0), '{"$rich":[["Date","1970-01-01T00:00:00.000Z"]]}'],
    ['a Map', new Map([[1, 2]]), '{"$rich":[["Map",1,2],1,2]}'],
    ['a Set', new Set(['a']), '{"$rich":[["Set",1],"a"]}'],
    ['a RegExp', /a\/b/gi, '{"$rich":[["RegExp","a\\\\/b","gi"]]}'],
    ['a URL', new URL('https://example.com/a?b#c'), '{"$rich":[["URL","https://example.com/a?b#c"]]}'],
    ['bytes', new Uint8Array([1, 2, 255]), '{"$rich":[["Uint8Array",1],["ArrayBuffer","AQL/"]]}'],
    ['an object that looks like ours', { $rich: 1 }, '{"$rich":{"plain":{"$rich":1}}}'],
  ])('(%s) is printed and parsed in the stored form', (_, value, text) => {
    expect(print(value)).toBe(text)
    deepStrictEqual(parse(text), value)
  })

  it('may be an invalid Date', () => {
    expect(print(new Date(Number.NaN))).toBe('{"$rich":[["Date",""]]}')
    expect((parse(print(new Date(Number.NaN))) as Date).getTime()).toBeNaN()
  })

  it('may contain itself', () => {
    const read = parse(print(cycle())) as Record<string, unknown>
    expect(read['self']).toBe(read)
    expect(read['a']).toBe(1)
  })

  it('keeps a shared rich object shared', () => {
    const [first, second] = parse(print(shared())) as unknown[]
    expect(first).toBe(second)
  })

  it('may be nested as deep as a form', () => {
    for (const depth of [199, 200, 201, 500]) deepStrictEqual(parse(print(nested(depth))), nested(depth))
  })

  it('may have no prototype', () => {
    expect(parse(print(Object.assign(Object.create(null), { a: 1 })))).toEqual({ a: 1 })
    expect(parse(print(Object.assign(Object.create(null), { a: 1n })))).toEqual({ a: 1n })
  })

  it('may be frozen, and is read as a copy that is not', () => {
    const read = parse(print(Object.freeze({ a: Object.freeze([1]) }))) as { a: number[] }
    read.a.push(2)
    expect(read).toEqual({ a: [1, 2] })
  })

  it('may come from another realm', () => {
    expect(parse(print(runInNewContext('({ a: [1], at: new Date(0) })')))).toEqual({ a: [1], at: new Date(0) })
  })

  it('is printed as it is at the time of the call', () => {
    const cart = [1]
    const text = print(cart)
    cart.push(2)
    expect(parse(text)).toEqual([1])
  })
})

class Cart {
  readonly items = [1]
}

class Items extends Array<number> {}

class Registry extends Map<string, number> {}

class When extends Date {}

describe('a value that cannot be restored', () => {
  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['an instance of a class', new Cart()],
    ['an array of a class', Items.from([1])],
    ['a Map of a class', new Registry()],
    ['a Date of a class', new When()],
    ['a Buffer', Buffer.from('a')],
    ['an Error', new Error('x')],
    ['a promise', Promise.resolve(1)],
    ['a WeakMap', new WeakMap()],
    ['a generator', (function* () {})()],
    ['a Blob', new Blob([])],
    ['a Response', new Response()],
    ['an object with a toJSON', { toJSON: () => 1 }],
    [
      'an object with a toJSON that throws',
      {
        toJSON() {
          throw new Error('x')
        },
      },
    ],
    ['an object with a symbol for a name', { [Symbol('x')]: 1 }],
    [
      'an object that throws when it is read',
      {
        get a(): never {
          throw new Error('x')
        },
      },
    ],
    ['an object that inherits', Object.create({ inherited: 1 })],
    [
      'a proxy that throws',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('x')
          },
        },
      ),
    ],
    ['__proto__ next to a rich value', JSON.parse('{"__proto__":1,"at":0}', (name, value) => (name === 'at' ? new Date(0) : value))],
  ])('(%s) is rejected at any position', (_, value) => {
    for (const whole of [value, [value], { a: { b: value } }, new Map([['k', value]]), new Set([value])])
      expect(() => print(whole)).toThrow()
  })

  it('is reported with its position', () => {
    expect(() => print({ cart: [{ add: () => 1 }] })).toThrow(expect.objectContaining({ path: '.cart[0].add' }))
  })
})

describe('a value from a row', () => {
  it.each([
    ['nested deeper than a value that can be set', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['with names that a rich text cannot contain', '{"$rich":null,"x":{"__proto__":null}}'],
  ])('%s is readable, so a request that only reads never fails', async (_, text) => {
    const store = new MemoryStore()
    const sessions = createSessions({ store })
    const session = sessions.create()
    session.set('other', 1)
    await session.save()
    const key = session.handle as string
    const entry = (await store.load({ key, now: Date.now() })) as Entry
    await store.replace({
      key,
      entry: { ...entry, payload: `{"foreign": ${text}}`, version: 'foreign' },
      expected: entry.version,
      now: Date.now(),
    })
    const reading = await sessions.load(session.id as string)
    expect(typeof reading.get('foreign')).toBe('object')
    await expect(sessions.commit(reading, { status: 200 })).resolves.toBeInstanceOf(Headers)
  })
})

describe('nesting', () => {
  const nested = (levels: number, inner: unknown): unknown => {
    let value = inner
    for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { value }
    return value
  }

  it.each([
    ['plain', 1],
    ['rich', new Date(0)],
  ])('of 500 levels around a %s value is stored and read', (_, inner) => {
    const value = nested(500, inner)
    deepStrictEqual(parse(print(value)), value)
  })

  it.each([
    ['plain', 1],
    ['rich', new Date(0)],
  ])('of more levels around a %s value is rejected when it is set', (_, inner) => {
    for (const levels of [502, 3000, 100_000]) expect(() => print(nested(levels, inner))).toThrow('nested deeper than 500 levels')
  })

  it('of a cycle is not limited', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = [cycle]
    expect(() => print(cycle)).not.toThrow()
  })

  it('does not change names and tags of clients', () => {
    for (const text of ['{"$rich":1,"__proto__":1}', '{"$rich":{"plain":2}}', '{"__proto__":{"x":1}}']) {
      const value: unknown = JSON.parse(text)
      deepStrictEqual(parse(print(value)), value)
    }
  })
})
