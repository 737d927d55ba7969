import { describe, expect, it } from 'vitest'
import { type Apps, Browser, ORDERS } from './browser.ts'

/** Declares tests in which one app ends a session or renews its key, and the other one must not restore it. */
export function endTests(apps: Apps): void {
  describe.each(ORDERS)('%s, then %s', (first, second) => {
    it('flushes a session, which then has no row and no cookie', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['set', 'a', 1])
      const thief = browser.copy()
      await browser.run(apps[second], ['flush'])
      expect([...browser.cookies]).toEqual([])
      expect(await thief.copy().run(apps[first], ['get', 'a'])).toEqual([null])
      expect(await thief.copy().run(apps[second], ['get', 'a'])).toEqual([null])
    })

    it('renews the key and keeps the data, and the old key is invalid', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['set', 'a', 1])
      const thief = browser.copy()
      await browser.run(apps[second], ['cycle'], ['set', 'b', 2])
      expect(browser.cookies).not.toEqual(thief.cookies)
      expect(await browser.run(apps[first], ['get', 'a'], ['get', 'b'])).toEqual([1, 2])
      expect(await thief.copy().run(apps[first], ['get', 'a'])).toEqual([null])
    })

    it('logs in and keeps the data of the anonymous session', async () => {
      const browser = new Browser()
      await browser.run(apps[second], ['set', 'cart', ['tea']])
      const before = browser.copy()
      await browser.run(apps[first], ['login', 'ada'])
      expect(await browser.run(apps[second], ['user'], ['get', 'cart'])).toEqual(['ada', ['tea']])
      expect(await before.run(apps[second], ['user'], ['get', 'cart'])).toEqual([null, null])
    })

    it('logs another user in and drops the data of the first one', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['login', 'ada'], ['set', 'secret', 1])
      await browser.run(apps[second], ['login', 'eve'])
      expect(await browser.run(apps[first], ['user'], ['get', 'secret'])).toEqual(['eve', null])
    })

    it('logs out on both sides', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['login', 'ada'])
      const thief = browser.copy()
      await browser.run(apps[second], ['logout'])
      expect(await browser.run(apps[first], ['user'])).toEqual([null])
      expect(await thief.copy().run(apps[first], ['user'])).toEqual([null])
      expect(await thief.copy().run(apps[second], ['user'])).toEqual([null])
    })

    it('ends the other sessions of the user after a change of the password', async () => {
      const [browser, other, third] = [new Browser(), new Browser(), new Browser()]
      for (const each of [browser, other, third]) await each.run(apps[first], ['login', 'ada'], ['set', 'a', 1])
      await browser.run(apps[second], ['password', 'ada', `new ${first}`, true])
      expect(await browser.run(apps[first], ['user'], ['get', 'a'])).toEqual(['ada', 1])
      expect(await other.run(apps[first], ['user'], ['get', 'a'])).toEqual([null, null])
      expect(await third.run(apps[second], ['user'], ['get', 'a'])).toEqual([null, null])
    })

    it('rejects a write after the other app has logged out', async () => {
      const browser = new Browser()
      const name = `logout ${first}`
      await browser.run(apps[first], ['login', 'ada'])
      const response = browser.copy().send(apps[first], ['get', 'a'], ['pause', name], ['set', 'a', 1])
      await new Browser().run(apps[first], ['waitUntilPaused', name])
      const thief = browser.copy()
      await browser.run(apps[second], ['logout'])
      await new Browser().run(apps[first], ['resume', name])
      expect((await response).status).toBe(first === 'Django' ? 400 : 409)
      expect(await thief.copy().run(apps[first], ['user'])).toEqual([null])
      expect(await thief.copy().run(apps[second], ['user'])).toEqual([null])
    })

    it('rejects a write after the other app has renewed the key', async () => {
      const browser = new Browser()
      const name = `cycle ${first}`
      await browser.run(apps[first], ['set', 'a', 1])
      const response = browser.copy().send(apps[first], ['get', 'a'], ['pause', name], ['set', 'late', 1])
      await new Browser().run(apps[first], ['waitUntilPaused', name])
      await browser.run(apps[second], ['cycle'])
      await new Browser().run(apps[first], ['resume', name])
      expect((await response).status).toBe(first === 'Django' ? 400 : 409)
      expect(await browser.run(apps[second], ['get', 'a'], ['get', 'late'])).toEqual([1, null])
    })
  })
}
