import { describe, expect, it } from 'vitest'
import { DIRECTIONS, type Sides } from './deed.ts'
import { Visitor } from './visitor.ts'

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

/** What one side wrote the other reads, changes and takes out. */
export function sharedData(sides: Sides): void {
  describe.each(DIRECTIONS)('%s then %s', (first, second) => {
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

    it('ends with the browser, and not any more', async () => {
      const visitor = new Visitor()
      await visitor.on(sides[first], ['set', 'a', 1], ['expire', 0])
      expect(await visitor.on(sides[second], ['endsWithBrowser'])).toEqual([true])
      const { setCookies } = await visitor.ask(sides[second], ['expire', null])
      expect(setCookies).toEqual([expect.stringMatching(/Max-Age=1209[56]\d\d/)])
      expect(await visitor.on(sides[first], ['endsWithBrowser'], ['get', 'a'])).toEqual([false, 1])
    })
  })
}
