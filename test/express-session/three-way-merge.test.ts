import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeTexts } from '../../src/express-session/values/three-way-merge.ts'

/** Merges values. `undefined` stands for an absent property. */
function merged(base: unknown, mine: unknown, theirs: unknown): unknown {
  const print = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value))
  const text = mergeTexts(print(base), print(mine), print(theirs))
  return text === undefined ? undefined : JSON.parse(text)
}

describe('a merge of the changes of two requests', () => {
  const cases: readonly [what: string, base: unknown, mine: unknown, theirs: unknown, result: unknown][] = [
    ['keeps different members', { a: 1 }, { a: 1, b: 2 }, { a: 1, c: 3 }, { a: 1, c: 3, b: 2 }],
    [
      'keeps the members of an object that both created',
      undefined,
      { info: ['one'] },
      { error: ['two'] },
      { error: ['two'], info: ['one'] },
    ],
    ['keeps the elements that both appended', ['a'], ['a', 'b'], ['a', 'c'], ['a', 'c', 'b']],
    ['keeps the elements of a list that both created', undefined, ['one'], ['two'], ['two', 'one']],
    ['removes only what the request saw from a list that it emptied', ['a'], [], ['a', 'b'], ['b']],
    ['removes only what the request saw from a list that it deleted', { info: ['a'] }, {}, { info: ['a', 'b'] }, { info: ['b'] }],
    ['deletes a list of which nothing is left', { info: ['a'], x: 1 }, { x: 1 }, { info: ['a'], x: 2 }, { x: 2 }],
    ['keeps what the request appended to a list that the other emptied', ['a'], ['a', 'b'], [], ['b']],
    ['keeps what the request appended to a list that the other deleted', { info: ['a'] }, { info: ['a', 'b'] }, {}, { info: ['b'] }],
    ['keeps what the request added after it emptied the list', ['a'], ['b'], ['a', 'c'], ['c', 'b']],
    ['removes one of two equal elements', ['a'], [], ['a', 'a'], ['a']],
    ['lets a scalar of the request win', { user: 7 }, { user: 8 }, { user: 9 }, { user: 8 }],
    ['lets a deletion of a scalar win', { user: 7 }, {}, { user: 9 }, {}],
    ['lets an element that the request changed in place win', [{ n: 1 }], [{ n: 2 }], [{ n: 3 }], [{ n: 2 }]],
    ['lets another type win', ['a'], 'text', ['a', 'b'], 'text'],
    ['deletes an object of which nothing is left', { a: 1 }, undefined, { a: 1 }, undefined],
    ['keeps what others added to an object that the request deleted', { a: 1 }, undefined, { a: 1, b: 2 }, { b: 2 }],
    ['restores no member of an object that the other deleted', { user: 7 }, { user: 7, b: 2 }, undefined, { b: 2 }],
    ['keeps a member that the request changed in an object that the other deleted', { a: 1, b: 2 }, { a: 3, b: 2 }, undefined, { a: 3 }],
    [
      'keeps a member named __proto__',
      JSON.parse('{}'),
      JSON.parse('{"__proto__":{"x":1}}'),
      { a: 1 },
      JSON.parse('{"a":1,"__proto__":{"x":1}}'),
    ],
  ]
  it.each(cases)('%s', (_what, base, mine, theirs, result) => {
    expect(merged(base, mine, theirs)).toEqual(result)
  })

  it('replaces a text that is not JSON', () => {
    expect(mergeTexts('{}', '{"a":1}', '{')).toBe('{"a":1}')
  })
})

describe('for all values', () => {
  const value = fc.option(fc.jsonValue({ maxDepth: 3 }), { nil: undefined, freq: 10 })

  it('a request that changed nothing keeps the other value, and an unchanged other value is replaced', () => {
    fc.assert(
      fc.property(value, value, (base, other) => {
        expect(merged(base, base, other)).toEqual(json(other))
        expect(merged(base, other, base)).toEqual(json(other))
      }),
    )
  })

  it('members that different requests added are all kept, in both orders', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }))
    fc.assert(
      fc.property(object, object, object, (base, a, b) => {
        const mine = { ...base, ...prefixed('a', a) }
        const theirs = { ...base, ...prefixed('b', b) }
        const all = { ...json(base), ...json(prefixed('a', a)), ...json(prefixed('b', b)) }
        expect(merged(base, mine, theirs)).toEqual(all)
        expect(merged(base, theirs, mine)).toEqual(all)
      }),
    )
  })

  it('elements that different requests appended are all kept', () => {
    const list = fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 4 })
    fc.assert(
      fc.property(list, list, list, (base, a, b) => {
        const result = merged(base, [...base, ...a], [...base, ...b])
        expect(result).toEqual(json([...base, ...b, ...a]))
      }),
    )
  })
})

function json<T>(value: T): T {
  return value === undefined ? value : JSON.parse(JSON.stringify(value))
}

function prefixed(prefix: string, object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [`${prefix}-new-${name}`, value]))
}
