import { describe, expect, it } from 'vitest'
import { DIRECTIONS, type Sides } from './deed.ts'
import { time, Visitor } from './visitor.ts'

const DAY = 86_400
const TWO_WEEKS = 14 * DAY

/** A session expires on both sides at once, whoever says when. */
export function sharedExpiry(sides: Sides, readsDates: boolean): void {
  describe.each(DIRECTIONS)('%s then %s', (first, second) => {
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
      const [lives, endsWithBrowser] = await visitor.on(sides[second], ['lives'], ['endsWithBrowser'])
      expect([lives > 540, lives <= 600, endsWithBrowser]).toEqual([true, true, false])
      time.ahead = 300
      await visitor.on(sides[second], ['set', 'b', 2])
      time.ahead = 840
      expect(await visitor.copy().on(sides[first], ['get', 'a'])).toEqual([1])
      time.ahead = 960
      expect(await visitor.copy().on(sides[first], ['get', 'a'])).toEqual([null])
    })

    it.runIf(readsDates)('ends at a date', async () => {
      const visitor = new Visitor()
      await visitor.on(sides[first], ['set', 'a', 1], ['expireAt', 600])
      time.ahead = 300
      expect((await visitor.on(sides[second], ['set', 'b', 2], ['get', 'a'])).at(-1)).toBe(1)
      time.ahead = 540
      expect(await visitor.copy().on(sides[first], ['get', 'b'])).toEqual([2])
      time.ahead = 660
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
  })
}
