import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Session, Sessions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { HOUR } from '../../core/fixture.ts'
import { CookieFixture, Jar } from './cookie-fixture.ts'
import { revocationRows } from './revocation-rows.ts'

type Step = readonly [verb: string, run: (session: Session<any>) => unknown]

const name = fc.constantFrom('a', 'b', 'c')
const value = fc.oneof(fc.integer(), fc.string({ maxLength: 20 }), fc.constant(new Date(0)))
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(name, value).map(([key, to]): Step => ['set', (session) => void session.set(key, to)]),
  name.map((key): Step => ['delete', (session) => session.delete(key)]),
  name.map((key): Step => ['pop', (session) => session.pop(key)]),
  fc.constant<Step>(['increment', (session) => session.increment('n')]),
  fc.constant<Step>(['push', (session) => session.push('list', 'x')]),
  fc.constant<Step>(['in place', (session) => (session.setDefault('list', []) as unknown[]).push('y')]),
  fc.constantFrom('ada', 'eve').map((user): Step => ['login', (session) => session.login(user)]),
  fc.constant<Step>(['clear', (session) => session.clear()]),
  fc.constant<Step>(['flush', (session) => session.flush()]),
  fc.constant<Step>(['cycleId', (session) => session.cycleId()]),
  fc.constant<Step>(['setExpiry', (session) => session.setExpiry('2h')]),
  fc.constant<Step>(['browser', (session) => session.setExpiry('browser')]),
  fc.constant<Step>(['flash', (session) => session.flash('notice', 'saved')]),
  fc.constant<Step>(['flashed', (session) => session.flashed('notice')]),
  fc.constant<Step>(['save', (session) => session.save()]),
  fc.constant<Step>(['read', (session) => session.toObject()]),
)
// All pauses together are below the shortest expiry, because a read extends a session in rows, but
// not one in a cookie.
const request = fc.record({ steps: fc.array(step, { maxLength: 4 }), pause: fc.constantFrom(0, 1000, HOUR / 5) })

describe('sequential requests', () => {
  it.each([false, true])('have the same results with a session in a cookie as with a session in rows (revocation: %s)', async (revokes) => {
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 8 }), async (requests) => {
        const fixture = new CookieFixture({ maxSize: 12_288, ...(revokes ? { revocation: revocationRows() } : {}) })
        const inRows = fixture.newManager({}, { store: new MemoryStore() })
        const run = async (sessions: Sessions<any>, jar: Jar): Promise<unknown[]> => {
          const seen: unknown[] = []
          for (const { steps, pause } of requests) {
            fixture.clock.advance(pause)
            await fixture.request(
              async (session) => {
                seen.push(session.toObject(), session.userId, session.isNew)
                for (const [, act] of steps) seen.push(await act(session))
              },
              jar,
              sessions,
            )
            seen.push(jar.cookies.size > 0)
          }
          return seen
        }
        const start = fixture.clock.at
        const expected = await run(inRows, new Jar())
        fixture.clock.at = start
        expect(await run(fixture.sessions, new Jar())).toEqual(expected)
      }),
      { numRuns: 50 },
    )
  })
})
