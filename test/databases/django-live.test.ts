// A real Django and ours on one table: what either writes the other reads, and what either ends is over on both.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Side } from '../django/live/deed.ts'
import { startDjango } from '../django/live/django-side.ts'
import { startNode } from '../django/live/node-side.ts'
import { type SharedDatabase, sharedDatabases } from '../django/live/shared-databases.ts'
import { time, Visitor } from '../django/live/visitor.ts'
import { SECRET } from '../django/site.ts'
import { findDjango } from '../services/django.ts'

const django = findDjango()
const readsDates = django !== undefined && !/^(?:3|4\.0)\b/.test(django.version)
const DAY = 86_400
const TWO_WEEKS = 14 * DAY

/** What JSON can hold, and what its writers like to get wrong. */
const VALUES: Readonly<Record<string, unknown>> = {
  nothing: null,
  yes: true,
  no: false,
  zero: 0,
  negative: -7,
  fraction: 0.1,
  huge: 9_007_199_254_740_991,
  empty: '',
  controls: '\u0000\b\t\n\f\r"\\/\u007f\u2028',
  words: 'žluťoučký 日本語 🍰',
  lone: '\ud83c',
  list: [[], {}, [1, [2, [3]]], 'x', null],
  object: { '': 1, ü: 2, __proto__x: 3, '1': 4, nested: { deep: [true] } },
  'a name: "ü"\n': 'x',
}

describe.each(sharedDatabases)('on %s', (_name, isThere, open) => {
  describe.skipIf(django === undefined || !isThere)('with a live Django', () => {
    let shared: SharedDatabase
    const sides = {} as Record<'Django' | 'Node', Side>

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

    describe.each([
      ['Django', 'Node'],
      ['Node', 'Django'],
    ] as const)('%s then %s', (first, second) => {
      it('reads every kind of value', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[first], ...Object.entries(VALUES).map(([name, value]) => ['set', name, value] as const))
        const names = Object.keys(VALUES)
        expect(await visitor.on(sides[second], ...names.map((name) => ['get', name] as const))).toEqual(Object.values(VALUES))
        await visitor.on(sides[second], ['set', 'more', 1], ['delete', 'list'])
        const left = names.filter((name) => name !== 'list')
        expect(await visitor.on(sides[first], ...left.map((name) => ['get', name] as const))).toEqual(left.map((name) => VALUES[name]))
        expect(await visitor.on(sides[first], ['has', 'list'], ['get', 'more'])).toEqual([false, 1])
      })

      it('takes out what the other put in', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[first], ['set', 'cart', ['tea']], ['set', 'theme', 'dark'])
        expect(await visitor.on(sides[second], ['pop', 'cart'], ['delete', 'theme'], ['delete', 'theme'])).toEqual([['tea'], true, false])
        expect(await visitor.on(sides[first], ['names'])).toEqual([[]])
      })

      it('clears: the key stays, the data goes', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[first], ['set', 'a', 1], ['set', 'b', 2])
        const { cookies } = visitor.copy()
        await visitor.on(sides[second], ['clear'], ['set', 'c', 3])
        expect(await visitor.on(sides[first], ['names'])).toEqual([['c']])
        expect(visitor.cookies).toEqual(cookies)
      })

      it('flushes: no row, no cookie, on either side', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[first], ['set', 'a', 1])
        const thief = visitor.copy()
        await visitor.on(sides[second], ['flush'])
        expect([...visitor.cookies]).toEqual([])
        expect(await thief.copy().on(sides[first], ['get', 'a'])).toEqual([null])
        expect(await thief.copy().on(sides[second], ['get', 'a'])).toEqual([null])
      })

      it('cycles: a new key with the data, and the old one is dead', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[first], ['set', 'a', 1])
        const thief = visitor.copy()
        await visitor.on(sides[second], ['cycle'], ['set', 'b', 2])
        expect(visitor.cookies).not.toEqual(thief.cookies)
        expect(await visitor.on(sides[first], ['get', 'a'], ['get', 'b'])).toEqual([1, 2])
        expect(await thief.copy().on(sides[first], ['get', 'a'])).toEqual([null])
      })

      it('logs in, and keeps what the anonymous visitor had', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[second], ['set', 'cart', ['tea']])
        const before = visitor.copy()
        await visitor.on(sides[first], ['login', 'ada'])
        expect(await visitor.on(sides[second], ['user'], ['get', 'cart'])).toEqual(['ada', ['tea']])
        expect(await before.on(sides[second], ['user'], ['get', 'cart'])).toEqual([null, null])
      })

      it('logs another in, and shows nothing of the first', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[first], ['login', 'ada'], ['set', 'secret', 1])
        await visitor.on(sides[second], ['login', 'eve'])
        expect(await visitor.on(sides[first], ['user'], ['get', 'secret'])).toEqual(['eve', null])
      })

      it('logs out: for both', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[first], ['login', 'ada'])
        const thief = visitor.copy()
        await visitor.on(sides[second], ['logout'])
        expect(await visitor.on(sides[first], ['user'])).toEqual([null])
        expect(await thief.copy().on(sides[first], ['user'])).toEqual([null])
        expect(await thief.copy().on(sides[second], ['user'])).toEqual([null])
      })

      it('changes the password: others are logged out, this one stays', async () => {
        const [visitor, other, third] = [new Visitor(), new Visitor(), new Visitor()]
        for (const each of [visitor, other, third]) await each.on(sides[first], ['login', 'ada'], ['set', 'a', 1])
        await visitor.on(sides[second], ['password', 'ada', `new ${first}`, true])
        expect(await visitor.on(sides[first], ['user'], ['get', 'a'])).toEqual(['ada', 1])
        expect(await other.on(sides[first], ['user'], ['get', 'a'])).toEqual([null, null])
        expect(await third.on(sides[second], ['user'], ['get', 'a'])).toEqual([null, null])
      })

      it('knows no user who is not active any more', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[first], ['login', 'eve'], ['set', 'a', 1])
        await visitor.on(sides[second], ['activate', 'eve', false])
        expect(await visitor.on(sides[first], ['user'], ['get', 'a'])).toEqual([null, 1])
        expect(await visitor.on(sides[second], ['user'], ['get', 'a'])).toEqual([null, 1])
        await visitor.on(sides[first], ['activate', 'eve', true])
        expect(await visitor.on(sides[second], ['user'])).toEqual(['eve'])
      })

      it('leaves messages, which are shown once', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[first], ['message', 25, 'Saved “ü”.', 'tag other'], ['message', 40, 'No.'])
        expect(await visitor.on(sides[second], ['message', 20, 'More.'], ['set', 'a', 1])).toEqual([null, null])
        expect(await visitor.on(sides[second], ['messages'])).toEqual([
          [
            { level: 25, message: 'Saved “ü”.', extraTags: 'tag other' },
            { level: 40, message: 'No.', extraTags: '' },
            { level: 20, message: 'More.', extraTags: '' },
          ],
        ])
        expect(await visitor.on(sides[first], ['messages'])).toEqual([[]])
        expect(await visitor.on(sides[first], ['get', 'a'])).toEqual([1])
      })

      it('sets a test cookie, which the other sees and deletes', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[first], ['setTestCookie'])
        expect(await visitor.on(sides[second], ['testCookieWorked'], ['deleteTestCookie'])).toEqual([true, null])
        expect(await visitor.on(sides[first], ['testCookieWorked'])).toEqual([false])
      })

      it('lives two weeks from the last save, whoever saved', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[first], ['set', 'a', 1])
        time.ahead = 10 * DAY
        await visitor.on(sides[second], ['set', 'b', 2])
        time.ahead = 10 * DAY + TWO_WEEKS - 60
        expect(await visitor.copy().on(sides[first], ['get', 'a'])).toEqual([1])
        expect(await visitor.copy().on(sides[second], ['get', 'a'])).toEqual([1])
        time.ahead = 10 * DAY + TWO_WEEKS + 60
        expect(await visitor.copy().on(sides[first], ['get', 'a'])).toEqual([null])
        expect(await visitor.copy().on(sides[second], ['get', 'a'])).toEqual([null])
      })

      it('has an expiry of its own in seconds', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[first], ['set', 'a', 1], ['expire', 600])
        expect(await visitor.on(sides[second], ['lives'], ['endsWithBrowser'])).toEqual([600, false])
        time.ahead = 300
        await visitor.on(sides[second], ['set', 'b', 2])
        time.ahead = 890
        expect(await visitor.copy().on(sides[first], ['get', 'a'])).toEqual([1])
        time.ahead = 910
        expect(await visitor.copy().on(sides[first], ['get', 'a'])).toEqual([null])
      })

      it('ends with the browser, and not any more', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[first], ['set', 'a', 1], ['expire', 0])
        expect(await visitor.on(sides[second], ['endsWithBrowser'])).toEqual([true])
        const { setCookies } = await visitor.ask(sides[second], ['expire', null])
        expect(setCookies).toEqual([expect.stringMatching(/Max-Age=1209[56]\d\d/)])
        expect(await visitor.on(sides[first], ['endsWithBrowser'], ['get', 'a'])).toEqual([false, 1])
      })

      it.runIf(readsDates)('ends at a date', async () => {
        const visitor = new Visitor()
        await visitor.on(sides[first], ['set', 'a', 1], ['expireAt', 600])
        time.ahead = 300
        expect((await visitor.on(sides[second], ['set', 'b', 2], ['get', 'a'])).at(-1)).toBe(1)
        time.ahead = 590
        expect(await visitor.copy().on(sides[first], ['get', 'b'])).toEqual([2])
        time.ahead = 610
        expect(await visitor.copy().on(sides[first], ['get', 'a'])).toEqual([null])
        expect(await visitor.copy().on(sides[second], ['get', 'a'])).toEqual([null])
      })

      it('clears away what has expired, and nothing else', async () => {
        const [old, living] = [new Visitor(), new Visitor()]
        await old.on(sides[first], ['set', 'a', 1], ['expire', 600])
        await living.on(sides[first], ['set', 'a', 1])
        time.ahead = 660
        await new Visitor().on(sides[second], ['clearExpired'])
        expect(await living.on(sides[first], ['get', 'a'])).toEqual([1])
        time.ahead = 0
        expect(await old.on(sides[first], ['get', 'a'])).toEqual([null])
      })

      it('is told when the other has logged out meanwhile: nothing comes back', async () => {
        const visitor = new Visitor()
        const gate = `logout ${first}`
        await visitor.on(sides[first], ['login', 'ada'])
        const late = visitor.copy()
        const asked = late.ask(sides[first], ['get', 'a'], ['hold', gate], ['set', 'a', 1])
        await new Visitor().on(sides[first], ['held', gate])
        const thief = visitor.copy()
        await visitor.on(sides[second], ['logout'])
        await new Visitor().on(sides[first], ['release', gate])
        expect((await asked).status).toBe(first === 'Django' ? 400 : 409)
        expect(await thief.copy().on(sides[first], ['user'])).toEqual([null])
        expect(await thief.copy().on(sides[second], ['user'])).toEqual([null])
      })

      it('is told when the other has renewed the key meanwhile', async () => {
        const visitor = new Visitor()
        const gate = `cycle ${first}`
        await visitor.on(sides[first], ['set', 'a', 1])
        const asked = visitor.copy().ask(sides[first], ['get', 'a'], ['hold', gate], ['set', 'late', 1])
        await new Visitor().on(sides[first], ['held', gate])
        await visitor.on(sides[second], ['cycle'])
        await new Visitor().on(sides[first], ['release', gate])
        expect((await asked).status).toBe(first === 'Django' ? 400 : 409)
        expect(await visitor.on(sides[second], ['get', 'a'], ['get', 'late'])).toEqual([1, null])
      })
    })

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
