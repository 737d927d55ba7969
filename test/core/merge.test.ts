import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../src/codecs/json.ts'
import { apply, type Intent } from '../../src/core/intent.ts'
import { merge, type Merged, noEffects, overwritten, type Reading } from '../../src/core/merge.ts'
import { DAY } from './fixture.ts'

const reading: Reading = { lifetime: { idle: DAY, absolute: 30 * DAY, browserSession: false }, parse: jsonCodec.parse }

type Texts = Record<string, string>

function merged(base: Texts, ...intents: Intent[]): Merged {
  return merge(new Map(Object.entries(base)), intents, reading)
}

function after(base: Texts, ...intents: Intent[]): Texts {
  return Object.fromEntries(merged(base, ...intents).texts)
}

const set = (name: string, text: string): Intent => ({ kind: 'set', name, text })
const remove = (name: string): Intent => ({ kind: 'remove', name })
const fill = (name: string, text: string): Intent => ({ kind: 'fill', name, text })
const take = (name: string): Intent => ({ kind: 'take', name })
const consume = (name: string, text: string): Intent => ({ kind: 'consume', name, text })
const add = (name: string, by: number): Intent => ({ kind: 'update', name, change: (text) => String(Number(text ?? '0') + by) })
const login = (text: string): Intent => ({ kind: 'login', text })
const clear: Intent = { kind: 'clear' }
const cycle: Intent = { kind: 'cycle' }

describe('each intent', () => {
  it.each<[string, Texts, Intent[], Texts]>([
    ['set', { a: '1' }, [set('a', '2'), set('b', '3')], { a: '2', b: '3' }],
    ['edit', { a: '1' }, [{ kind: 'edit', name: 'a', text: '2' }], { a: '2' }],
    ['remove', { a: '1', b: '2' }, [remove('a'), remove('c')], { b: '2' }],
    ['fill where absent', {}, [fill('a', '1')], { a: '1' }],
    ['fill where present', { a: '0' }, [fill('a', '1')], { a: '0' }],
    ['update', { a: '1' }, [add('a', 2), add('b', 3)], { a: '3', b: '3' }],
    ['update to nothing', { a: '1' }, [{ kind: 'update', name: 'a', change: () => undefined }], {}],
    ['take', { a: '1' }, [take('a')], {}],
    ['consume of what was read', { a: '1' }, [consume('a', '1')], {}],
    ['consume of what is newer', { a: '2' }, [consume('a', '1')], { a: '2' }],
    ['clear', { a: '1', userId: '7', _expiry: '{"idle":1}', '_flash.x': '1' }, [clear], {}],
    ['clear keeps whether it ends with the browser', { a: '1', _browser: 'true' }, [clear], { _browser: 'true' }],
    ['cycle', { a: '1' }, [cycle], { a: '1' }],
    ['login of an anonymous visitor', { a: '1' }, [login('7')], { a: '1', userId: '7' }],
    ['login of the same user', { a: '1', userId: '7' }, [login('"7"')], { a: '1', userId: '"7"' }],
    ['login over another user', { a: '1', userId: '7' }, [login('8')], { userId: '8' }],
    ['login after that user was removed', { a: '1', _lastUser: '7' }, [login('7')], { a: '1', userId: '7' }],
    ['login after another user was removed', { a: '1', _lastUser: '7' }, [login('8')], { userId: '8' }],
    ['remove of the user', { a: '1', userId: '7' }, [remove('userId')], { a: '1', _lastUser: '7' }],
    ['take of the user', { a: '1', userId: '7' }, [take('userId')], { a: '1', _lastUser: '7' }],
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
    ['a user filled in', true, {}, [fill('userId', '1')]],
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

  it('login over another user says so, and only that', () => {
    expect(merged({ userId: '1' }, login('2')).otherUser).toBe(true)
    expect(merged({ userId: '1' }, login('1')).otherUser).toBe(false)
    expect(merged({ a: '1' }, login('1')).otherUser).toBe(false)
    expect(merged({ userId: '1' }, set('userId', '2')).otherUser).toBe(false)
  })

  it('take says what it took', () => {
    expect(merged({ a: '1' }, take('a')).taken).toBe('1')
    expect(merged({}, take('a')).taken).toBeUndefined()
    expect(merged({ a: '1' }, add('a', 1), take('a')).taken).toBe('2')
  })
})

const names = ['a', 'b', 'c', 'd', '__proto__', '']
const nameOf = fc.constantFrom(...names)
const textOf = fc.integer({ min: 0, max: 9 }).map(String)
const baseOf = fc.dictionary(nameOf, textOf).map((texts) => new Map(Object.entries(texts)))

/** Intents of properties only: no user, no reserved names. */
const intentOn = (name: fc.Arbitrary<string>): fc.Arbitrary<Intent> =>
  fc.oneof(
    fc.tuple(name, textOf).map(([each, text]) => set(each, text)),
    fc.tuple(name, textOf).map(([each, text]): Intent => ({ kind: 'edit', name: each, text })),
    name.map(remove),
    fc.tuple(name, textOf).map(([each, text]) => fill(each, text)),
    fc.tuple(name, fc.integer({ min: 1, max: 5 })).map(([each, by]) => add(each, by)),
    fc.tuple(name, textOf).map(([each, text]) => consume(each, text)),
    name.map(take),
  )
const intentOf = fc.oneof({ weight: 8, arbitrary: intentOn(nameOf) }, { weight: 1, arbitrary: fc.constant(clear) }, { weight: 1, arbitrary: fc.constant(cycle) })
const intentsOf = fc.array(intentOf, { maxLength: 12 })

const run = (base: ReadonlyMap<string, string>, intents: readonly Intent[]): ReadonlyMap<string, string> => merge(base, intents, reading).texts
const nameIn = (intent: Intent): string | undefined => ('name' in intent ? intent.name : undefined)

describe('laws', () => {
  it('the state that is merged on stays as it is', () => {
    fc.assert(fc.property(baseOf, intentsOf, (base, intents) => {
      const copy = new Map(base)
      run(base, intents)
      expect(base).toEqual(copy)
    }))
  })

  it('replaying on the state one has seen is what one saw', () => {
    fc.assert(fc.property(baseOf, intentsOf, (base, intents) => {
      const seen = new Map(base)
      const effects = noEffects()
      for (const intent of intents) apply(seen, intent, effects)
      expect(run(base, intents)).toEqual(seen)
    }))
  })

  it('merging one after the other is merging all: requests in order are one long request', () => {
    fc.assert(fc.property(baseOf, intentsOf, intentsOf, (base, first, second) => {
      expect(run(run(base, first), second)).toEqual(run(base, [...first, ...second]))
    }))
  })

  it('changes of different properties commute', () => {
    const left = fc.array(intentOn(fc.constantFrom('a', 'b')), { maxLength: 8 })
    const right = fc.array(intentOn(fc.constantFrom('c', 'd')), { maxLength: 8 })
    fc.assert(fc.property(baseOf, left, right, (base, one, other) => {
      expect(run(run(base, one), other)).toEqual(run(run(base, other), one))
    }))
  })

  it('a property that no intent names stays as it is, unless it is cleared', () => {
    fc.assert(fc.property(baseOf, intentsOf, (base, intents) => {
      if (intents.some(({ kind }) => kind === 'clear')) return
      const merged = run(base, intents)
      for (const name of names) if (intents.every((intent) => nameIn(intent) !== name)) expect(merged.get(name)).toBe(base.get(name))
    }))
  })

  it('a deletion stays deleted whatever else is set', () => {
    fc.assert(fc.property(baseOf, intentsOf, nameOf, (base, others, name) => {
      const elsewhere = others.filter((intent) => nameIn(intent) !== name)
      expect(run(run(base, [remove(name)]), elsewhere).has(name)).toBe(false)
      expect(run(run(base, elsewhere), [remove(name)]).has(name)).toBe(false)
      expect(run(run(base, others), [remove(name)]).has(name)).toBe(false)
    }))
  })

  it('clear removes every property present when it commits', () => {
    fc.assert(fc.property(baseOf, intentsOf, (base, before) => {
      expect(run(run(base, before), [clear]).size).toBe(0)
    }))
  })

  it('after clear only what comes after it counts', () => {
    fc.assert(fc.property(baseOf, intentsOf, intentsOf, (base, before, later) => {
      expect(run(base, [...before, clear, ...later])).toEqual(run(new Map(), later))
    }))
  })

  it('merge never resurrects: what is there was there, or an intent put it there', () => {
    fc.assert(fc.property(baseOf, intentsOf, (base, intents) => {
      const put = new Set(intents.filter(({ kind }) => ['set', 'edit', 'fill', 'update'].includes(kind)).map(nameIn))
      for (const name of run(base, intents).keys()) expect(base.has(name) || put.has(name)).toBe(true)
    }))
  })

  it('of set-if-absent the first to commit wins', () => {
    fc.assert(fc.property(baseOf, nameOf, textOf, textOf, (base, name, first, second) => {
      expect(run(base, [fill(name, first), fill(name, second)]).get(name)).toBe(base.get(name) ?? first)
    }))
  })

  it('of set the last to commit wins', () => {
    fc.assert(fc.property(baseOf, intentsOf, nameOf, textOf, (base, before, name, text) => {
      expect(run(run(base, before), [set(name, text)]).get(name)).toBe(text)
    }))
  })

  it('no update is lost, in whatever order requests commit', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 20 }), (steps, order) => {
      const shuffled = steps.map((by, index) => ({ by, at: order[index] ?? 0 })).sort((one, other) => one.at - other.at)
      let state: ReadonlyMap<string, string> = new Map()
      for (const { by } of shuffled) state = run(state, [add('n', by), set(`x${by}`, '1')])
      expect(Number(state.get('n') ?? '0')).toBe(steps.reduce((sum, by) => sum + by, 0))
    }))
  })

  it('of any number of takes one gets the value, whatever else commits between that does not set it', () => {
    fc.assert(fc.property(textOf, fc.array(intentOn(fc.constantFrom('a', 'b')), { maxLength: 10 }), (text, between) => {
      let state: ReadonlyMap<string, string> = new Map([['coupon', text]])
      const taken: (string | undefined)[] = []
      for (const intent of [...between, ...between]) {
        const merged = merge(state, [take('coupon')], reading)
        taken.push(merged.taken)
        state = run(merged.texts, [intent])
      }
      if (taken.length > 0) expect(taken.filter((each) => each !== undefined)).toEqual([text])
    }))
  })

  it('a user’s data never meets another user by login, whatever the user was set, removed or added before', () => {
    const userOf = fc.constantFrom('1', '2', '"1"', '"2"')
    const step = fc.oneof(
      userOf.map(login),
      fc.constant(remove('userId')),
      fc.constant(take('userId')),
      fc.constant<Intent>({ kind: 'update', name: 'userId', change: () => undefined }),
    )
    fc.assert(fc.property(fc.array(step, { maxLength: 12 }), userOf, (steps, last) => {
      let state: ReadonlyMap<string, string> = new Map()
      for (const each of [...steps, login(last)]) {
        state = run(state, [each])
        const user = state.get('userId')
        if (user !== undefined) state = run(state, [set(`of ${user.replaceAll('"', '')}`, '1')])
      }
      const mine = `of ${last.replaceAll('"', '')}`
      expect([...state.keys()].filter((name) => name.startsWith('of '))).toEqual([mine])
    }))
  })

  it('an id never stays the same over a change to another user', () => {
    const user = fc.option(fc.constantFrom('1', '2', '"1"', '"2"', '1.0'), { nil: undefined })
    fc.assert(fc.property(user, user, (before, now) => {
      if (now === undefined) return
      const base = new Map(before === undefined ? [] : [['userId', before]])
      const same = before !== undefined && String(JSON.parse(before)) === String(JSON.parse(now))
      expect(merge(base, [set('userId', now)], reading).newId).toBe(!same)
    }))
  })
})

describe('overwritten', () => {
  it('names what was set without looking and changed meanwhile, once', () => {
    const opened = new Map([['a', '1'], ['b', '1'], ['c', '1']])
    const current = new Map([['a', '2'], ['b', '1'], ['c', '2']])
    expect(overwritten(opened, current, [set('a', '3'), set('a', '4'), set('b', '3'), add('c', 1), set('d', '1')])).toEqual(['a'])
    expect(overwritten(opened, new Map(), [set('a', '1')])).toEqual(['a'])
    expect(overwritten(opened, current, [{ kind: 'edit', name: 'c', text: '5' }])).toEqual(['c'])
  })
})
