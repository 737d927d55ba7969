import { describe, expect, it } from 'vitest'
import { type Apps, Browser, ORDERS, time } from './browser.ts'

const DAY = 86_400
const TWO_WEEKS = 14 * DAY

/** Declares tests in which a session expires at the same time for both apps. */
export function expiryTests(apps: Apps, readsDates: boolean): void {
  describe.each(ORDERS)('%s, then %s', (first, second) => {
    it('expires two weeks after the last save of either app', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['set', 'a', 1])
      time.ahead = 10 * DAY
      await browser.run(apps[second], ['set', 'b', 2])
      time.ahead = 10 * DAY + TWO_WEEKS - 60
      expect(await browser.copy().run(apps[first], ['get', 'a'])).toEqual([1])
      expect(await browser.copy().run(apps[second], ['get', 'a'])).toEqual([1])
      time.ahead = 10 * DAY + TWO_WEEKS + 60
      expect(await browser.copy().run(apps[first], ['get', 'a'])).toEqual([null])
      expect(await browser.copy().run(apps[second], ['get', 'a'])).toEqual([null])
    })

    it('expires after the number of seconds that was set', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['set', 'a', 1], ['expire', 600])
      const [expiresIn, endsWithBrowser] = await browser.run(apps[second], ['expiresIn'], ['endsWithBrowser'])
      expect([expiresIn > 540, expiresIn <= 600, endsWithBrowser]).toEqual([true, true, false])
      time.ahead = 300
      await browser.run(apps[second], ['set', 'b', 2])
      time.ahead = 840
      expect(await browser.copy().run(apps[first], ['get', 'a'])).toEqual([1])
      time.ahead = 960
      expect(await browser.copy().run(apps[first], ['get', 'a'])).toEqual([null])
    })

    it.runIf(readsDates)('expires at a date', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['set', 'a', 1], ['expireAt', 600])
      time.ahead = 300
      expect((await browser.run(apps[second], ['set', 'b', 2], ['get', 'a'])).at(-1)).toBe(1)
      time.ahead = 540
      expect(await browser.copy().run(apps[first], ['get', 'b'])).toEqual([2])
      time.ahead = 660
      expect(await browser.copy().run(apps[first], ['get', 'a'])).toEqual([null])
      expect(await browser.copy().run(apps[second], ['get', 'a'])).toEqual([null])
    })

    it('saves a session without changes, which extends its expiry', async () => {
      const browser = new Browser()
      await browser.run(apps[first], ['set', 'a', 1])
      time.ahead = TWO_WEEKS - 60
      await browser.copy().run(apps[second], ['save'])
      time.ahead = 2 * TWO_WEEKS - 120
      for (const reader of [apps.Django, apps.Node]) expect(await browser.copy().run(reader, ['get', 'a'])).toEqual([1])
      time.ahead = 2 * TWO_WEEKS
      for (const reader of [apps.Django, apps.Node]) expect(await browser.copy().run(reader, ['get', 'a'])).toEqual([null])
    })

    it('deletes only expired sessions', async () => {
      const [expired, current] = [new Browser(), new Browser()]
      await expired.run(apps[first], ['set', 'a', 1], ['expire', 600])
      await current.run(apps[first], ['set', 'a', 1])
      time.ahead = 660
      await new Browser().run(apps[second], ['clearExpired'])
      expect(await current.run(apps[first], ['get', 'a'])).toEqual([1])
      time.ahead = 0
      expect(await expired.run(apps[first], ['get', 'a'])).toEqual([null])
    })
  })
}
