// A real Django and ours on one table: what either writes the other reads, and what either ends is over on both.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { anySequence } from '../../django/live/any-sequence.ts'
import type { Side, Sides } from '../../django/live/deed.ts'
import { startDjango } from '../../django/live/django-side.ts'
import { startNode } from '../../django/live/node-side.ts'
import { sharedData } from '../../django/live/shared-data.ts'
import { type SharedDatabase, sharedDatabases } from '../../django/live/shared-databases.ts'
import { sharedEnds } from '../../django/live/shared-ends.ts'
import { sharedExpiry } from '../../django/live/shared-expiry.ts'
import { type Answer, time, Visitor } from '../../django/live/visitor.ts'
import { SECRET } from '../../django/site.ts'
import { findDjango } from '../../services/django.ts'

const django = findDjango()
const { readsDates = false } = django ?? {}

describe.each(sharedDatabases)('on %s', (_name, isThere, open) => {
  describe.skipIf(django === undefined || !isThere)('with a live Django', () => {
    let shared: SharedDatabase
    const sides = {} as Record<keyof Sides, Side>

    beforeAll(async () => {
      shared = await open()
      const secrets = { SECRET_KEY: SECRET, ...(readsDates ? { SECRET_KEY_FALLBACKS: ['before'] } : {}) }
      sides.Django = await startDjango(django?.python ?? '', { ...shared.settings, ...secrets })
      sides.Node = await startNode({ secretKey: SECRET, fallbacks: ['before'], isoExpiry: readsDates, ...shared.options }, shared.users)
    })
    afterAll(async () => {
      await sides.Node?.close()
      await sides.Django?.close()
      await shared?.remove()
    })
    afterEach(() => {
      time.ahead = 0
    })

    sharedData(sides)
    sharedEnds(sides)
    sharedExpiry(sides, readsDates)
    anySequence(sides)

    it('what Python wrote stays as it is where Node did not write', async () => {
      const visitor = new Visitor()
      const names = ['float', 'big', 'nan', 'infinity', 'tiny']
      await visitor.on(sides.Django, ...names.map((name) => ['named', name, name] as const))
      expect(await visitor.on(sides.Node, ['set', 'ours', 1], ...names.map((name) => ['repr', name] as const))).toEqual([
        null,
        'number 1',
        'bigint 1180591620717411303424',
        'number NaN',
        'number -Infinity',
        'number 1e-300',
      ])
      const told = await visitor.on(sides.Django, ...names.map((name) => ['repr', name] as const))
      expect(told).toEqual(['1.0', '1180591620717411303424', 'nan', '-inf', '1e-300'])
    })

    it('what Node wrote is what Python makes of it', async () => {
      const visitor = new Visitor()
      const names = ['float', 'big', 'nan', 'infinity', 'tiny']
      await visitor.on(sides.Node, ...names.map((name) => ['named', name, name] as const))
      const told = await visitor.on(sides.Django, ...names.map((name) => ['repr', name] as const))
      expect(told).toEqual(['1.5', '1180591620717411303424', 'nan', '-inf', '1e-300'])
    })

    it('a large session travels compressed, both ways', async () => {
      const visitor = new Visitor()
      const text = 'lorem ipsum '.repeat(20_000)
      await visitor.on(sides.Django, ['set', 'text', text])
      const [fromDjango] = await visitor.on(sides.Node, ['get', 'text'], ['set', 'more', text])
      const back = await visitor.on(sides.Django, ['get', 'text'], ['get', 'more'])
      expect([fromDjango, ...back].map((each) => each === text)).toEqual([true, true, true])
    })

    it('what Django wrote while Node was at work is merged', async () => {
      const visitor = new Visitor()
      await visitor.on(sides.Django, ['set', 'a', 1], ['set', 'b', 2], ['set', 'n', 5])
      const asked = visitor.copy().on(sides.Node, ['get', 'a'], ['hold', 'merge'], ['set', 'ours', 1], ['increment', 'n'], ['delete', 'b'])
      await new Visitor().on(sides.Node, ['held', 'merge'])
      await visitor.on(sides.Django, ['set', 'theirs', 1], ['increment', 'n'], ['delete', 'a'])
      await new Visitor().on(sides.Node, ['release', 'merge'])
      await asked
      expect(await visitor.on(sides.Django, ['names'], ['get', 'n'])).toEqual([['n', 'ours', 'theirs'], 7])
    })

    // The limit: Django writes the session that it has read, as a whole. docs/django.md says so.
    it('what Node wrote while Django was at work, Django overwrites', async () => {
      const visitor = new Visitor()
      await visitor.on(sides.Node, ['set', 'a', 1], ['set', 'b', 2])
      const asked = visitor.copy().on(sides.Django, ['get', 'a'], ['hold', 'whole'], ['set', 'theirs', 1])
      await new Visitor().on(sides.Django, ['held', 'whole'])
      await visitor.on(sides.Node, ['set', 'ours', 1], ['delete', 'b'])
      await new Visitor().on(sides.Django, ['release', 'whole'])
      await asked
      expect(await visitor.on(sides.Node, ['names'])).toEqual([['a', 'b', 'theirs']])
    })

    it('a request in which Django only reads overwrites nothing', async () => {
      const visitor = new Visitor()
      await visitor.on(sides.Node, ['set', 'a', 1])
      const asked = visitor.copy().on(sides.Django, ['get', 'a'], ['hold', 'reads'])
      await new Visitor().on(sides.Django, ['held', 'reads'])
      await visitor.on(sides.Node, ['set', 'ours', 1])
      await new Visitor().on(sides.Django, ['release', 'reads'])
      await asked
      expect(await visitor.on(sides.Node, ['names'])).toEqual([['a', 'ours']])
    })

    it('a logout among the writes of both is final', async () => {
      for (const side of [sides.Django, sides.Node, sides.Django, sides.Node, sides.Django, sides.Node]) {
        const visitor = new Visitor()
        await visitor.on(sides.Django, ['login', 'ada'])
        const thief = visitor.copy()
        const write = (each: Side): Promise<Answer> => thief.copy().ask(each, ['increment', 'n'])
        const writes = [sides.Node, sides.Django, sides.Node, sides.Django].map(write)
        const answers = await Promise.all([...writes, visitor.ask(side, ['logout'])])
        // Django's own answer to a write that came too late, and ours.
        expect(answers.filter(({ status }) => ![200, 400, 409].includes(status))).toEqual([])
        expect(answers.at(-1)?.status).toBe(200)
        for (const each of [sides.Django, sides.Node]) expect(await thief.copy().on(each, ['user'], ['get', 'n'])).toEqual([null, null])
      }
    })

    it('both at once: Node undoes nothing of Django’s, and loses nothing among its own', async () => {
      const visitor = new Visitor()
      await visitor.on(sides.Django, ['set', 'theirs', 0])
      const inTurn = async (side: Side, name: string): Promise<void> => {
        for (let n = 0; n < 15; n++) await visitor.copy().on(side, ['increment', name])
      }
      await Promise.all([inTurn(sides.Django, 'theirs'), inTurn(sides.Node, 'ours'), inTurn(sides.Node, 'ours')])
      const [theirs, beside] = await visitor.on(sides.Django, ['get', 'theirs'], ['get', 'ours'])
      expect(theirs).toBe(15)
      // From here on Django is silent, and every increment counts.
      await Promise.all([inTurn(sides.Node, 'ours'), inTurn(sides.Node, 'ours'), inTurn(sides.Node, 'other')])
      expect(await visitor.on(sides.Django, ['get', 'theirs'], ['get', 'ours'], ['get', 'other'])).toEqual([15, beside + 30, 15])
    })
  })
})
