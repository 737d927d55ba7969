import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differences } from '../../src/express-session/values/json-texts.ts'
import { SessionProperties } from '../../src/express-session/values/session-properties.ts'

type Properties = Record<string, unknown>

const LONG = 'x'.repeat(1000)

function textsOf(values: object): Map<string, string> {
  return new Map(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]))
}

function make(values: object, prototype: object = {}): { session: Properties; properties: SessionProperties } {
  const session = Object.create(prototype) as Properties
  return { session, properties: new SessionProperties(session, textsOf(values)) }
}

function changesOf(properties: SessionProperties): unknown[] {
  const { before, after } = properties.take()
  return differences(before, after, new Set())
}

describe('the properties of a session object', () => {
  it('have the stored values, and no change is found', () => {
    const values = fc
      .dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.string({ minLength: 300 })))
      .map((each) => JSON.parse(JSON.stringify(each)))
    fc.assert(
      fc.property(values, (stored) => {
        delete stored.cookie
        delete stored.__proto__
        const { session, properties } = make(stored, Object.create(null))
        expect(changesOf(properties)).toEqual([])
        expect({ ...session }).toEqual(stored)
        expect(changesOf(properties)).toEqual([])
      }),
    )
  })

  it('with long texts are parsed when they are read', () => {
    const { session, properties } = make({ big: { text: LONG } })
    expect(Object.getOwnPropertyDescriptor(session, 'big')?.get).toBeTypeOf('function')
    expect((session['big'] as { text: string }).text).toBe(LONG)
    expect(session['big']).toBe(session['big'])
    expect(changesOf(properties)).toEqual([])
    ;(session['big'] as { text: string }).text = 'short'
    expect(changesOf(properties)).toEqual([{ kind: 'set', name: 'big', text: '{"text":"short"}' }])
  })

  it('can be assigned and deleted before they are read', () => {
    const { session, properties } = make({ one: LONG, two: LONG, three: LONG })
    session['one'] = 1
    delete session['two']
    Object.defineProperty(session, 'three', { value: 3, enumerable: true, configurable: true })
    expect(changesOf(properties)).toEqual([
      { kind: 'set', name: 'one', text: '1' },
      { kind: 'set', name: 'three', text: '3' },
      { kind: 'remove', name: 'two' },
    ])
  })

  it('behave as ordinary ones in spread, for in, assign, structuredClone and JSON', () => {
    const stored = { a: 1, big: { text: LONG } }
    const { session } = make(stored)
    expect([{ ...session }, Object.assign({}, session), structuredClone({ ...session }), JSON.parse(JSON.stringify(session))]).toEqual(
      Array(4).fill(stored),
    )
    expect('big' in session).toBe(true)
  })

  it('with equal values are no change, and a change is found once', () => {
    const { session, properties } = make({ cart: { a: 1 } })
    session['cart'] = { a: 1 }
    expect(changesOf(properties)).toEqual([])
    session['cart'] = { a: 2 }
    expect(changesOf(properties)).toHaveLength(1)
    expect(changesOf(properties)).toEqual([])
  })

  it('without a JSON text are absent', () => {
    const { session, properties } = make({ a: 1 })
    session['a'] = undefined
    session['b'] = () => 1
    expect(changesOf(properties)).toEqual([{ kind: 'remove', name: 'a' }])
  })

  it('with names of members, and unreadable ones, are hidden and stay as they are', () => {
    const session = Object.create({ save: () => 1 }) as Properties
    const properties = new SessionProperties(
      session,
      new Map([
        ['save', '"nope"'],
        ['damaged', '{'],
        ['ok', '1'],
      ]),
    )
    expect([typeof session['save'], Object.keys(session)]).toEqual(['function', ['ok']])
    expect(changesOf(properties)).toEqual([])
  })

  it.each([
    ['a cycle', () => Object.assign({}, { self: undefined as unknown }), true],
    ['a BigInt', () => 7n, false],
  ])('that JSON rejects are an error with the name: %s', (_what, make_, isCycle) => {
    const { session, properties } = make({})
    const value = make_()
    if (isCycle) (value as unknown as { self: unknown }).self = value
    session['wrong'] = value
    expect(() => properties.take()).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CODEC', property: 'wrong' }))
  })

  it('take over what was changed elsewhere, unless the object was changed too', () => {
    const { session, properties } = make({ a: 1, b: 1, c: 1, big: LONG })
    session['b'] = 2
    properties.pull(textsOf({ a: 5, b: 5, d: 5, big: LONG }))
    expect({ ...session }).toEqual({ a: 5, b: 2, d: 5, big: LONG })
    expect(changesOf(properties)).toEqual([{ kind: 'set', name: 'b', text: '2' }])
  })
})
