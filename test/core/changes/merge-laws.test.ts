import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../../src/codecs/json.ts'
import { apply, type Intent, noEffects } from '../../../src/core/changes/intent.ts'
import { merge } from '../../../src/core/changes/merge.ts'
import { ownProfile } from '../../../src/core/config/own-profile.ts'
import type { RuleContext } from '../../../src/core/config/profile.ts'
import { DAY } from '../fixture.ts'

const reading: RuleContext = {
  lifetime: { idle: DAY, absolute: 30 * DAY, browserSession: false },
  parse: jsonCodec.parse,
  profile: ownProfile,
}

const set = (name: string, text: string): Intent => ({ kind: 'set', name, text })
const remove = (name: string): Intent => ({ kind: 'remove', name })
const setIfAbsent = (name: string, text: string): Intent => ({ kind: 'setIfAbsent', name, text })
const take = (name: string): Intent => ({ kind: 'claim', name })
const consume = (name: string, text: string): Intent => ({ kind: 'consume', name, text })
const add = (name: string, by: number): Intent => ({ kind: 'update', name, change: (text) => String(Number(text ?? '0') + by) })
const login = (text: string): Intent => ({ kind: 'login', text })
const clear: Intent = { kind: 'clear' }
const cycle: Intent = { kind: 'cycle' }

const names = ['a', 'b', 'c', 'd', '__proto__', '']
const nameOf = fc.constantFrom(...names)
const textOf = fc.integer({ min: 0, max: 9 }).map(String)
const baseOf = fc.dictionary(nameOf, textOf).map((texts) => new Map(Object.entries(texts)))

/** Intents of properties only: no user, no reserved names. */
const intentOn = (name: fc.Arbitrary<string>): fc.Arbitrary<Intent> =>
  fc.oneof(
    fc.tuple(name, textOf).map(([each, text]) => set(each, text)),
    fc.tuple(name, textOf).map(([each, text]): Intent => ({ kind: 'mutate', name: each, text })),
    name.map(remove),
    fc.tuple(name, textOf).map(([each, text]) => setIfAbsent(each, text)),
    fc.tuple(name, fc.integer({ min: 1, max: 5 })).map(([each, by]) => add(each, by)),
    fc.tuple(name, textOf).map(([each, text]) => consume(each, text)),
    name.map(take),
  )
const intentOf = fc.oneof(
  { weight: 8, arbitrary: intentOn(nameOf) },
  { weight: 1, arbitrary: fc.constant(clear) },
  { weight: 1, arbitrary: fc.constant(cycle) },
)
const intentsOf = fc.array(intentOf, { maxLength: 12 })

const run = (base: ReadonlyMap<string, string>, intents: readonly Intent[]): ReadonlyMap<string, string> =>
  merge(base, intents, reading).texts
const nameIn = (intent: Intent): string | undefined => ('name' in intent ? intent.name : undefined)

describe('laws', () => {
  it('the state that is merged on stays as it is', () => {
    fc.assert(
      fc.property(baseOf, intentsOf, (base, intents) => {
        const copy = new Map(base)
        run(base, intents)
        expect(base).toEqual(copy)
      }),
    )
  })

  it('replaying on the state one has seen is what one saw', () => {
    fc.assert(
      fc.property(baseOf, intentsOf, (base, intents) => {
        const seen = new Map(base)
        const effects = noEffects()
        for (const intent of intents) apply(seen, intent, effects, reading)
        expect(run(base, intents)).toEqual(seen)
      }),
    )
  })

  it('merging one after the other is merging all: requests in order are one long request', () => {
    fc.assert(
      fc.property(baseOf, intentsOf, intentsOf, (base, first, second) => {
        expect(run(run(base, first), second)).toEqual(run(base, [...first, ...second]))
      }),
    )
  })

  it('changes of different properties commute', () => {
    const left = fc.array(intentOn(fc.constantFrom('a', 'b')), { maxLength: 8 })
    const right = fc.array(intentOn(fc.constantFrom('c', 'd')), { maxLength: 8 })
    fc.assert(
      fc.property(baseOf, left, right, (base, one, other) => {
        expect(run(run(base, one), other)).toEqual(run(run(base, other), one))
      }),
    )
  })

  it('a property that no intent names stays as it is, unless it is cleared', () => {
    fc.assert(
      fc.property(baseOf, intentsOf, (base, intents) => {
        if (intents.some(({ kind }) => kind === 'clear')) return
        const merged = run(base, intents)
        for (const name of names) if (intents.every((intent) => nameIn(intent) !== name)) expect(merged.get(name)).toBe(base.get(name))
      }),
    )
  })

  it('a deletion stays deleted whatever else is set', () => {
    fc.assert(
      fc.property(baseOf, intentsOf, nameOf, (base, others, name) => {
        const elsewhere = others.filter((intent) => nameIn(intent) !== name)
        expect(run(run(base, [remove(name)]), elsewhere).has(name)).toBe(false)
        expect(run(run(base, elsewhere), [remove(name)]).has(name)).toBe(false)
        expect(run(run(base, others), [remove(name)]).has(name)).toBe(false)
      }),
    )
  })

  it('clear removes every property present when it commits', () => {
    fc.assert(
      fc.property(baseOf, intentsOf, (base, before) => {
        expect(run(run(base, before), [clear]).size).toBe(0)
      }),
    )
  })

  it('after clear only what comes after it counts', () => {
    fc.assert(
      fc.property(baseOf, intentsOf, intentsOf, (base, before, later) => {
        expect(run(base, [...before, clear, ...later])).toEqual(run(new Map(), later))
      }),
    )
  })

  it('merge never resurrects: what is there was there, or an intent put it there', () => {
    fc.assert(
      fc.property(baseOf, intentsOf, (base, intents) => {
        const put = new Set(intents.filter(({ kind }) => ['set', 'mutate', 'setIfAbsent', 'update'].includes(kind)).map(nameIn))
        for (const name of run(base, intents).keys()) expect(base.has(name) || put.has(name)).toBe(true)
      }),
    )
  })

  it('of set-if-absent the first to commit wins', () => {
    fc.assert(
      fc.property(baseOf, nameOf, textOf, textOf, (base, name, first, second) => {
        expect(run(base, [setIfAbsent(name, first), setIfAbsent(name, second)]).get(name)).toBe(base.get(name) ?? first)
      }),
    )
  })

  it('of set the last to commit wins', () => {
    fc.assert(
      fc.property(baseOf, intentsOf, nameOf, textOf, (base, before, name, text) => {
        expect(run(run(base, before), [set(name, text)]).get(name)).toBe(text)
      }),
    )
  })

  it('no update is lost, in whatever order requests commit', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 20 }), (steps, order) => {
        const shuffled = steps.map((by, index) => ({ by, at: order[index] ?? 0 })).sort((one, other) => one.at - other.at)
        let state: ReadonlyMap<string, string> = new Map()
        for (const { by } of shuffled) state = run(state, [add('n', by), set(`x${by}`, '1')])
        expect(Number(state.get('n') ?? '0')).toBe(steps.reduce((sum, by) => sum + by, 0))
      }),
    )
  })

  it('of any number of takes one gets the value, whatever else commits between that does not set it', () => {
    fc.assert(
      fc.property(textOf, fc.array(intentOn(fc.constantFrom('a', 'b')), { maxLength: 10 }), (text, between) => {
        let state: ReadonlyMap<string, string> = new Map([['coupon', text]])
        const taken: (string | undefined)[] = []
        for (const intent of [...between, ...between]) {
          const merged = merge(state, [take('coupon')], reading)
          taken.push(merged.claimed)
          state = run(merged.texts, [intent])
        }
        if (taken.length > 0) expect(taken.filter((each) => each !== undefined)).toEqual([text])
      }),
    )
  })

  it('a user’s data never meets another user by login, whatever the user was set, removed or added before', () => {
    const userOf = fc.constantFrom('1', '2', '"1"', '"2"')
    const step = fc.oneof(
      userOf.map(login),
      fc.constant(remove('userId')),
      fc.constant(take('userId')),
      fc.constant<Intent>({ kind: 'update', name: 'userId', change: () => undefined }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), userOf, (steps, last) => {
        let state: ReadonlyMap<string, string> = new Map()
        for (const each of [...steps, login(last)]) {
          state = run(state, [each])
          const user = state.get('userId')
          if (user !== undefined) state = run(state, [set(`of ${user.replaceAll('"', '')}`, '1')])
        }
        const mine = `of ${last.replaceAll('"', '')}`
        expect([...state.keys()].filter((name) => name.startsWith('of '))).toEqual([mine])
      }),
    )
  })

  it('an id never stays the same over a change to another user', () => {
    const user = fc.option(fc.constantFrom('1', '2', '"1"', '"2"', '1.0'), { nil: undefined })
    fc.assert(
      fc.property(user, user, (before, now) => {
        if (now === undefined) return
        const base = new Map(before === undefined ? [] : [['userId', before]])
        const same = before !== undefined && String(JSON.parse(before)) === String(JSON.parse(now))
        expect(merge(base, [set('userId', now)], reading).newId).toBe(!same)
      }),
    )
  })
})
