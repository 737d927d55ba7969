import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Deed, Sides } from './deed.ts'
import { Visitor } from './visitor.ts'

/** Numbers that JavaScript and Python print alike; others have tests of their own. */
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-9, max: 1e9 }))
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false),
    number,
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 4 }),
  ),
}))
const name = fc.constantFrom('a', 'b', '', 'ü', '__proto__', 'constructor', '1', 'a\n"b"', '🍰')

const deed: fc.Arbitrary<Deed> = fc.oneof(
  { arbitrary: fc.tuple(fc.constant('set'), name, value), weight: 6 },
  { arbitrary: fc.tuple(fc.constantFrom('get', 'has', 'delete', 'pop'), name), weight: 6 },
  { arbitrary: fc.constantFrom<Deed[]>(['names'], ['clear'], ['cycle'], ['flush'], ['user'], ['logout'], ['endsWithBrowser']), weight: 4 },
  fc.tuple(fc.constant('login'), fc.constantFrom('ada', 'eve')),
  fc.tuple(fc.constant('expire'), fc.constantFrom(0, 600, null)),
  fc.constantFrom<Deed[]>(['setTestCookie'], ['testCookieWorked']),
)

/** Whichever side does each of some deeds, their outcome is that of Django doing all of them. */
export function anySequence(sides: Sides): void {
  it('any sequence of deeds comes out as if Django had done them all', async () => {
    const requests = fc.array(fc.tuple(fc.constantFrom('Django', 'Node'), fc.array(deed, { minLength: 1, maxLength: 4 })), { maxLength: 8 })
    const property = fc.asyncProperty(requests, async (all) => {
      const [alone, both] = [new Visitor(), new Visitor()]
      for (const [side, deeds] of all) {
        const expected = await alone.on(sides.Django, ...deeds)
        expect(await both.on(sides[side as keyof Sides], ...deeds)).toEqual(expected)
      }
    })
    await fc.assert(property, { numRuns: Number(process.env['SEQUENCES'] ?? 15) })
  })
}
