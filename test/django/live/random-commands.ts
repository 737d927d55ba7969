import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Apps, Browser, type Command } from './browser.ts'

/** Numbers that JavaScript and Python print alike. Other tests cover the rest. */
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

const command: fc.Arbitrary<Command> = fc.oneof(
  { arbitrary: fc.tuple(fc.constant('set'), name, value), weight: 6 },
  { arbitrary: fc.tuple(fc.constantFrom('get', 'has', 'delete', 'pop'), name), weight: 6 },
  {
    arbitrary: fc.constantFrom<Command[]>(['names'], ['clear'], ['cycle'], ['flush'], ['user'], ['logout'], ['endsWithBrowser'], ['save']),
    weight: 4,
  },
  fc.tuple(fc.constant('login'), fc.constantFrom('ada', 'eve')),
  fc.tuple(fc.constant('expire'), fc.constantFrom(0, 600, null)),
  fc.constantFrom<Command[]>(['setTestCookie'], ['testCookieWorked']),
)

/** Declares a test that executes random commands on either app and compares the results with those of Django alone. */
export function randomCommandTests(apps: Apps): void {
  it('random commands have the same results as in Django alone', async () => {
    const requests = fc.array(fc.tuple(fc.constantFrom('Django', 'Node'), fc.array(command, { minLength: 1, maxLength: 4 })), {
      maxLength: 8,
    })
    const property = fc.asyncProperty(requests, async (all) => {
      const [djangoOnly, both] = [new Browser(), new Browser()]
      for (const [app, commands] of all) {
        const expected = await djangoOnly.run(apps.Django, ...commands)
        expect(await both.run(apps[app as keyof Apps], ...commands)).toEqual(expected)
      }
    })
    await fc.assert(property, { numRuns: Number(process.env['SEQUENCES'] ?? 15) })
  })
}
