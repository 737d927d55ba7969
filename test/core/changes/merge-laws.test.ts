import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../../src/codecs/json.ts'
import { apply, type Intent, noEffects } from '../../../src/core/changes/intent.ts'
import { merge } from '../../../src/core/changes/merge.ts'
import { ownProfile } from '../../../src/core/config/own-profile.ts'
import type { MergeContext } from '../../../src/core/config/profile.ts'
import { DAY } from '../fixture.ts'

const context: MergeContext = {
  lifetime: { idle: DAY, absolute: 30 * DAY, browserSession: false },
  parse: jsonCodec.parse,
  print: jsonCodec.print,
  profile: ownProfile,
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

const names = ['a', 'b', 'c', 'd', '__proto__', '']
const nameArbitrary = fc.constantFrom(...names)
const textArbitrary = fc.integer({ min: 0, max: 9 }).map(String)
const baseArbitrary = fc.dictionary(nameArbitrary, textArbitrary).map((texts) => new Map(Object.entries(texts)))

/** Intents that change ordinary properties: no user and no reserved names. */
const intentFor = (name: fc.Arbitrary<string>): fc.Arbitrary<Intent> =>
  fc.oneof(
    fc.tuple(name, textArbitrary).map(([each, text]) => set(each, text)),
    fc.tuple(name, textArbitrary).map(([each, text]): Intent => ({ kind: 'mutate', name: each, text })),
    name.map(remove),
    fc.tuple(name, textArbitrary).map(([each, text]) => setIfAbsent(each, text)),
    fc.tuple(name, fc.integer({ min: 1, max: 5 })).map(([each, by]) => add(each, by)),
    name.map(consume),
    name.map(claim),
  )
const intentArbitrary = fc.oneof(
  { weight: 8, arbitrary: intentFor(nameArbitrary) },
  { weight: 1, arbitrary: fc.constant(clear) },
  { weight: 1, arbitrary: fc.constant(cycle) },
)
const intentsArbitrary = fc.array(intentArbitrary, { maxLength: 12 })

const run = (base: ReadonlyMap<string, string>, intents: readonly Intent[]): ReadonlyMap<string, string> =>
  merge(base, intents, context).texts
const nameOf = (intent: Intent): string | undefined => ('name' in intent ? intent.name : undefined)

describe('merge laws', () => {
  it('does not change the state it merges into', () => {
    fc.assert(
      fc.property(baseArbitrary, intentsArbitrary, (base, intents) => {
        const copy = new Map(base)
        run(base, intents)
        expect(base).toEqual(copy)
      }),
    )
  })

  it('gives the state the request saw when replayed on the state it opened', () => {
    fc.assert(
      fc.property(baseArbitrary, intentsArbitrary, (base, intents) => {
        const seen = new Map(base)
        const effects = noEffects()
        for (const intent of intents) apply(seen, intent, effects, context)
        expect(run(base, intents)).toEqual(seen)
      }),
    )
  })

  it('merges intents in two steps as in one', () => {
    fc.assert(
      fc.property(baseArbitrary, intentsArbitrary, intentsArbitrary, (base, first, second) => {
        expect(run(run(base, first), second)).toEqual(run(base, [...first, ...second]))
      }),
    )
  })

  it('commutes for changes of different properties', () => {
    const left = fc.array(intentFor(fc.constantFrom('a', 'b')), { maxLength: 8 })
    const right = fc.array(intentFor(fc.constantFrom('c', 'd')), { maxLength: 8 })
    fc.assert(
      fc.property(baseArbitrary, left, right, (base, one, other) => {
        expect(run(run(base, one), other)).toEqual(run(run(base, other), one))
      }),
    )
  })

  it('keeps a property that no intent names, unless it is cleared', () => {
    fc.assert(
      fc.property(baseArbitrary, intentsArbitrary, (base, intents) => {
        if (intents.some(({ kind }) => kind === 'clear')) return
        const merged = run(base, intents)
        for (const name of names) if (intents.every((intent) => nameOf(intent) !== name)) expect(merged.get(name)).toBe(base.get(name))
      }),
    )
  })

  it('keeps a deletion when other properties are set', () => {
    fc.assert(
      fc.property(baseArbitrary, intentsArbitrary, nameArbitrary, (base, others, name) => {
        const unrelated = others.filter((intent) => nameOf(intent) !== name)
        expect(run(run(base, [remove(name)]), unrelated).has(name)).toBe(false)
        expect(run(run(base, unrelated), [remove(name)]).has(name)).toBe(false)
        expect(run(run(base, others), [remove(name)]).has(name)).toBe(false)
      }),
    )
  })

  it('removes every property with clear, including those set before it', () => {
    fc.assert(
      fc.property(baseArbitrary, intentsArbitrary, (base, before) => {
        expect(run(run(base, before), [clear]).size).toBe(0)
      }),
    )
  })

  it('depends only on the intents after a clear', () => {
    fc.assert(
      fc.property(baseArbitrary, intentsArbitrary, intentsArbitrary, (base, before, later) => {
        expect(run(base, [...before, clear, ...later])).toEqual(run(new Map(), later))
      }),
    )
  })

  it('adds a property only if an intent sets it', () => {
    fc.assert(
      fc.property(baseArbitrary, intentsArbitrary, (base, intents) => {
        const put = new Set(intents.filter(({ kind }) => ['set', 'mutate', 'setIfAbsent', 'update'].includes(kind)).map(nameOf))
        for (const name of run(base, intents).keys()) expect(base.has(name) || put.has(name)).toBe(true)
      }),
    )
  })

  it('keeps the first setIfAbsent that commits', () => {
    fc.assert(
      fc.property(baseArbitrary, nameArbitrary, textArbitrary, textArbitrary, (base, name, first, second) => {
        expect(run(base, [setIfAbsent(name, first), setIfAbsent(name, second)]).get(name)).toBe(base.get(name) ?? first)
      }),
    )
  })

  it('keeps the last set that commits', () => {
    fc.assert(
      fc.property(baseArbitrary, intentsArbitrary, nameArbitrary, textArbitrary, (base, before, name, text) => {
        expect(run(run(base, before), [set(name, text)]).get(name)).toBe(text)
      }),
    )
  })

  it('loses no update, in any commit order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 20 }), (steps, order) => {
        const shuffled = steps.map((by, index) => ({ by, at: order[index] ?? 0 })).sort((one, other) => one.at - other.at)
        let state: ReadonlyMap<string, string> = new Map()
        for (const { by } of shuffled) state = run(state, [add('n', by), set(`x${by}`, '1')])
        expect(Number(state.get('n') ?? '0')).toBe(steps.reduce((sum, by) => sum + by, 0))
      }),
    )
  })

  it('gives a claimed value to exactly one claim', () => {
    fc.assert(
      fc.property(textArbitrary, fc.array(intentFor(fc.constantFrom('a', 'b')), { maxLength: 10 }), (text, between) => {
        let state: ReadonlyMap<string, string> = new Map([['coupon', text]])
        const claimedValues: (string | undefined)[] = []
        for (const intent of [...between, ...between]) {
          const merged = merge(state, [claim('coupon')], context)
          claimedValues.push(merged.claimed)
          state = run(merged.texts, [intent])
        }
        if (claimedValues.length > 0) expect(claimedValues.filter((each) => each !== undefined)).toEqual([text])
      }),
    )
  })

  it('keeps every message that was not read, in the order of the commits, and none that was', () => {
    const request = fc.record({ opensAt: fc.nat(5), reads: fc.boolean(), adds: fc.nat(2) })
    fc.assert(
      fc.property(fc.array(request, { maxLength: 8 }), (requests) => {
        const states: ReadonlyMap<string, string>[] = [new Map()]
        const added: string[] = []
        const read = new Set<string>()
        for (const { opensAt, reads, adds } of requests) {
          const seen = states[Math.max(0, states.length - 1 - opensAt)] as ReadonlyMap<string, string>
          const own = Array.from({ length: adds }, (_, index) => `_flash.${added.length + index}.notice`)
          const consumed = reads ? [...seen.keys()] : []
          states.push(run(states.at(-1) as ReadonlyMap<string, string>, [...consumed.map(consume), ...own.map((name) => set(name, '1'))]))
          added.push(...own)
          for (const name of consumed) read.add(name)
        }
        expect([...(states.at(-1)?.keys() ?? [])]).toEqual(added.filter((name) => !read.has(name)))
      }),
    )
  })

  it('never shows data of one user to another after login', () => {
    const userArbitrary = fc.constantFrom('1', '2', '"1"', '"2"')
    const step = fc.oneof(
      userArbitrary.map(login),
      fc.constant(remove('userId')),
      fc.constant(claim('userId')),
      fc.constant<Intent>({ kind: 'update', name: 'userId', change: () => undefined }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), userArbitrary, (steps, last) => {
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

  it('gives a new id to every change of user', () => {
    const user = fc.option(fc.constantFrom('1', '2', '"1"', '"2"', '1.0'), { nil: undefined })
    fc.assert(
      fc.property(user, user, (before, now) => {
        if (now === undefined) return
        const base = new Map(before === undefined ? [] : [['userId', before]])
        const same = before !== undefined && String(JSON.parse(before)) === String(JSON.parse(now))
        expect(merge(base, [set('userId', now)], context).newId).toBe(!same)
      }),
    )
  })
})
