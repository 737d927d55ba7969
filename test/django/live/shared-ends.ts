import { describe, expect, it } from 'vitest'
import { DIRECTIONS, type Sides } from './deed.ts'
import { Visitor } from './visitor.ts'

/** What one side ends or renews is over on the other, too; nothing comes back. */
export function sharedEnds(sides: Sides): void {
  describe.each(DIRECTIONS)('%s then %s', (first, second) => {
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
}
