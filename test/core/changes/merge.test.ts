import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../../src/codecs/json.ts'
import { type Intent } from '../../../src/core/changes/intent.ts'
import { type Merged, merge, overwrittenProperties } from '../../../src/core/changes/merge.ts'
import { ownProfile } from '../../../src/core/config/own-profile.ts'
import type { MergeContext } from '../../../src/core/config/profile.ts'
import { DAY } from '../fixture.ts'

const context: MergeContext = {
  lifetime: { idle: DAY, absolute: 30 * DAY, browserSession: false },
  parse: jsonCodec.parse,
  print: jsonCodec.print,
  profile: ownProfile,
}

type Texts = Record<string, string>

function merged(base: Texts, ...intents: Intent[]): Merged {
  return merge(new Map(Object.entries(base)), intents, context)
}

function after(base: Texts, ...intents: Intent[]): Texts {
  return Object.fromEntries(merged(base, ...intents).texts)
}

const set = (name: string, text: string): Intent => ({ kind: 'set', name, text })
const remove = (name: string): Intent => ({ kind: 'remove', name })
const setIfAbsent = (name: string, text: string): Intent => ({ kind: 'setIfAbsent', name, text })
const claim = (name: string): Intent => ({ kind: 'claim', name })
const consume = (name: string): Intent => ({ kind: 'consume', name, change: () => undefined })
const add = (name: string, by: number): Intent => ({ kind: 'update', name, change: (text) => String(Number(text ?? '0') + by) })
const login = (text: string): Intent => ({ kind: 'login', text })
const clear: Intent = { kind: 'clear' }
const cycle: Intent = { kind: 'cycle' }

describe('applying one intent', () => {
  it.each<[string, Texts, Intent[], Texts]>([
    ['set', { a: '1' }, [set('a', '2'), set('b', '3')], { a: '2', b: '3' }],
    ['mutate', { a: '1' }, [{ kind: 'mutate', name: 'a', text: '2' }], { a: '2' }],
    ['remove', { a: '1', b: '2' }, [remove('a'), remove('c')], { b: '2' }],
    ['setIfAbsent of an absent property', {}, [setIfAbsent('a', '1')], { a: '1' }],
    ['setIfAbsent of a present property', { a: '0' }, [setIfAbsent('a', '1')], { a: '0' }],
    ['update', { a: '1' }, [add('a', 2), add('b', 3)], { a: '3', b: '3' }],
    ['update to nothing', { a: '1' }, [{ kind: 'update', name: 'a', change: () => undefined }], {}],
    ['claim', { a: '1' }, [claim('a')], {}],
    ['consume', { a: '1', b: '2' }, [consume('a'), consume('c')], { b: '2' }],
    ['consume of a part', { a: '12' }, [{ kind: 'consume', name: 'a', change: (text) => text?.replace('1', '') }], { a: '2' }],
    ['clear', { a: '1', userId: '7', _expiry: '{"idle":1}', '_flash.id.x': '1' }, [clear], {}],
    ['clear keeps whether it ends with the browser', { a: '1', _browser: 'true' }, [clear], { _browser: 'true' }],
    ['cycle', { a: '1' }, [cycle], { a: '1' }],
    ['login of an anonymous visitor', { a: '1' }, [login('7')], { a: '1', userId: '7' }],
    ['login of the same user', { a: '1', userId: '7' }, [login('"7"')], { a: '1', userId: '"7"' }],
    ['login over another user', { a: '1', userId: '7' }, [login('8')], { userId: '8' }],
    ['login after that user was removed', { a: '1', _lastUser: '7' }, [login('7')], { a: '1', userId: '7' }],
    ['login after another user was removed', { a: '1', _lastUser: '7' }, [login('8')], { userId: '8' }],
    ['remove of the user', { a: '1', userId: '7' }, [remove('userId')], { a: '1', _lastUser: '7' }],
    ['claim of the user', { a: '1', userId: '7' }, [claim('userId')], { a: '1', _lastUser: '7' }],
    ['set of a user after another was removed', { a: '1', _lastUser: '7' }, [set('userId', '8')], { a: '1', userId: '8' }],
    ['set before a login over another user', { userId: '7' }, [set('mine', '1'), login('8')], { userId: '8' }],
    ['set after a login over another user', { userId: '7' }, [login('8'), set('mine', '1')], { userId: '8', mine: '1' }],
  ])('%s', (_name, base, intents, expected) => {
    expect(after(base, ...intents)).toEqual(expected)
  })
})

describe('a new id', () => {
  it.each<[string, boolean, Texts, Intent[]]>([
    ['nothing', false, { a: '1' }, []],
    ['set', false, { a: '1' }, [set('a', '2')]],
    ['clear', false, { a: '1' }, [clear]],
    ['clear of a user', false, { userId: '1' }, [clear]],
    ['remove of a user', false, { userId: '1', a: '1' }, [remove('userId')]],
    ['the same user as text', false, { userId: '1' }, [set('userId', '"1"')]],
    ['the same user removed and set', false, { userId: '1' }, [remove('userId'), set('userId', '1')]],
    ['cycle', true, { a: '1' }, [cycle]],
    ['login', true, { a: '1' }, [login('1')]],
    ['login of the same user', true, { userId: '1' }, [login('1')]],
    ['another user set', true, { userId: '1' }, [set('userId', '2')]],
    ['a user set on an anonymous session', true, {}, [set('userId', '1')]],
    ['a user set if absent', true, {}, [setIfAbsent('userId', '1')]],
    ['a user by update', true, { userId: '1' }, [add('userId', 1)]],
    ['to the browser', true, {}, [set('_browser', 'true')]],
    ['from the browser', true, { _browser: 'true' }, [set('_browser', 'false')]],
    ['from the browser to the default', true, { _browser: 'true' }, [remove('_browser')]],
    ['no change of the cookie', false, { _browser: 'true' }, [set('_browser', 'true')]],
    ['saying the default', false, {}, [set('_browser', 'false')]],
    ['another expiry', false, {}, [set('_expiry', '{"idle":1000}')]],
  ])('%s: %s', (_name, expected, base, intents) => {
    expect(merged(base, ...intents).newId).toBe(expected)
  })

  it('reports otherUser only for a login over another user', () => {
    expect(merged({ userId: '1' }, login('2')).otherUser).toBe(true)
    expect(merged({ userId: '1' }, login('1')).otherUser).toBe(false)
    expect(merged({ a: '1' }, login('1')).otherUser).toBe(false)
    expect(merged({ userId: '1' }, set('userId', '2')).otherUser).toBe(false)
  })

  it('reports the claimed value', () => {
    expect(merged({ a: '1' }, claim('a')).claimed).toBe('1')
    expect(merged({}, claim('a')).claimed).toBeUndefined()
    expect(merged({ a: '1' }, add('a', 1), claim('a')).claimed).toBe('2')
  })
})

describe('overwritten', () => {
  it('names each property once that both requests set', () => {
    const opened = new Map([
      ['a', '1'],
      ['b', '1'],
      ['c', '1'],
    ])
    const current = new Map([
      ['a', '2'],
      ['b', '1'],
      ['c', '2'],
    ])
    expect(overwrittenProperties(opened, current, [set('a', '3'), set('a', '4'), set('b', '3'), add('c', 1), set('d', '1')])).toEqual(['a'])
    expect(overwrittenProperties(opened, new Map(), [set('a', '1')])).toEqual(['a'])
    expect(overwrittenProperties(opened, current, [{ kind: 'mutate', name: 'c', text: '5' }])).toEqual(['c'])
  })
})
