import { describe, expect, it } from 'vitest'
import { type Apps, Browser, ORDERS } from './browser.ts'

/** JSON values, among them the ones that encoders most often get wrong. */
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

/** Declares tests in which one app writes properties and the other one reads, changes and removes them. */
export function dataTests(apps: Apps): void {
  describe.each(ORDERS)('%s, then %s', (first, second) => {
    it('reads every kind of value', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ...Object.entries(VALUES).map(([name, value]) => ['set', name, value] as const))
      const names = Object.keys(VALUES)
      expect(await browser.run(apps[second], ...names.map((name) => ['get', name] as const))).toEqual(Object.values(VALUES))
      await browser.run(apps[second], ['set', 'more', 1], ['delete', 'list'])
      const left = names.filter((name) => name !== 'list')
      expect(await browser.run(apps[first], ...left.map((name) => ['get', name] as const))).toEqual(left.map((name) => VALUES[name]))
      expect(await browser.run(apps[first], ['has', 'list'], ['get', 'more'])).toEqual([false, 1])
    })

    it('removes properties that the other app set', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['set', 'cart', ['tea']], ['set', 'theme', 'dark'])
      expect(await browser.run(apps[second], ['pop', 'cart'], ['delete', 'theme'], ['delete', 'theme'])).toEqual([['tea'], true, false])
      expect(await browser.run(apps[first], ['names'])).toEqual([[]])
    })

    it('saves a session without properties, whose key the other app keeps', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['save'])
      const { cookies } = browser.copy()
      expect(cookies.get('sessionid')).toMatch(/^[a-z0-9]{32}$/)
      await browser.run(apps[second], ['set', 'a', 1])
      expect(browser.cookies).toEqual(cookies)
    })

    it('clears the data and keeps the key', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['set', 'a', 1], ['set', 'b', 2])
      const { cookies } = browser.copy()
      await browser.run(apps[second], ['clear'], ['set', 'c', 3])
      expect(await browser.run(apps[first], ['names'])).toEqual([['c']])
      expect(browser.cookies).toEqual(cookies)
    })

    it('returns no user who is no longer active', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['login', 'eve'], ['set', 'a', 1])
      await browser.run(apps[second], ['activate', 'eve', false])
      expect(await browser.run(apps[first], ['user'], ['get', 'a'])).toEqual([null, 1])
      expect(await browser.run(apps[second], ['user'], ['get', 'a'])).toEqual([null, 1])
      await browser.run(apps[first], ['activate', 'eve', true])
      expect(await browser.run(apps[second], ['user'])).toEqual(['eve'])
    })

    it('adds messages, which are shown once', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['message', 25, 'Saved “ü”.', 'tag other'], ['message', 40, 'No.'])
      expect(await browser.run(apps[second], ['message', 20, 'More.'], ['set', 'a', 1])).toEqual([null, null])
      expect(await browser.run(apps[second], ['messages'])).toEqual([
        [
          { level: 25, message: 'Saved “ü”.', extraTags: 'tag other' },
          { level: 40, message: 'No.', extraTags: '' },
          { level: 20, message: 'More.', extraTags: '' },
        ],
      ])
      expect(await browser.run(apps[first], ['messages'])).toEqual([[]])
      expect(await browser.run(apps[first], ['get', 'a'])).toEqual([1])
    })

    it('sets a test cookie, which the other app checks and deletes', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['setTestCookie'])
      expect(await browser.run(apps[second], ['testCookieWorked'], ['deleteTestCookie'])).toEqual([true, null])
      expect(await browser.run(apps[first], ['testCookieWorked'])).toEqual([false])
    })

    it('changes the expiry to the end of the browser session and back', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['set', 'a', 1], ['expire', 0])
      expect(await browser.run(apps[second], ['endsWithBrowser'])).toEqual([true])
      const { setCookies } = await browser.send(apps[second], ['expire', null])
      expect(setCookies).toEqual([expect.stringMatching(/Max-Age=1209[56]\d\d/)])
      expect(await browser.run(apps[first], ['endsWithBrowser'], ['get', 'a'])).toEqual([false, 1])
    })
  })
}
