// docs/performance.md promises the number of store calls per request. The workloads are those of
// the benchmark.
import { describe, expect, it } from 'vitest'
import type { Session, SessionOptions } from '../../../src/index.ts'
import { DAY, HOUR, MINUTE, TestApp } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

const SMALL = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`property${index}`, 'x'.repeat(100)]))
const LARGE = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`property${index}`, 'x'.repeat(500)]))

/** Creates an app that records store calls, with a session if `data` is given. */
async function createWatchedApp(data?: object, options: Partial<SessionOptions> = {}): Promise<{ app: TestApp; calls: string[] }> {
  const app = new TestApp(options, (memory) => new ScriptedStore(memory))
  if (data !== undefined) await app.request((session) => session.assign({ ...data, visits: 0 }))
  const { calls } = app.store as ScriptedStore
  calls.length = 0
  return { app, calls }
}

async function callsOf(handler: (session: Session<any>) => unknown, data?: object, options?: Partial<SessionOptions>): Promise<string[]> {
  const { app, calls } = await createWatchedApp(data, options)
  await app.request(handler)
  return calls
}

describe('store calls of a request', () => {
  it('W1: a read of a property is one load', async () => {
    expect(await callsOf((session) => session.get('property3'), SMALL)).toEqual(['load'])
  })

  it('W2: a cookie and an unused session are one load, and no call with `lazy`', async () => {
    expect(await callsOf(() => undefined, SMALL)).toEqual(['load'])
    expect(await callsOf(() => undefined, SMALL, { lazy: true })).toEqual([])
  })

  it('W3: an increment is one load and one replace', async () => {
    expect(await callsOf((session) => session.increment('visits'), SMALL)).toEqual(['load', 'replace'])
  })

  it('W4: a session without a cookie that is unused or only read is no call', async () => {
    expect(await callsOf(() => undefined)).toEqual([])
    expect(await callsOf((session) => session.get('property3'))).toEqual([])
  })

  it('W5: a login without a cookie is one create, and the marks of its user and of all users are read before and after', async () => {
    expect(await callsOf((session) => session.login(7))).toEqual(['load', 'load', 'create', 'load', 'load'])
  })

  it('W6: a change of one of a hundred properties is one load and one replace', async () => {
    expect(await callsOf((session) => session.set('property7', 'y'), LARGE)).toEqual(['load', 'replace'])
  })
})

describe('the options for logins', () => {
  const options = { maxPerUser: 2, cycleId: '15m', revokedBefore: new Date(0), trustedOrigins: ['https://www.shop.example'] } as const

  it('cost nothing in a request that uses none of them', async () => {
    expect(await callsOf((session) => session.get('property3'), SMALL, options)).toEqual(['load'])
    expect(await callsOf((session) => session.increment('visits'), SMALL, options)).toEqual(['load', 'replace'])
    expect(await callsOf((session) => session.set('property3', 1), undefined, options)).toEqual(['create'])
    expect(await callsOf(() => undefined, undefined, options)).toEqual([])
  })

  it('cost one replace for a new id that is due and for reauthenticate, and nothing for requireUser', async () => {
    const { app, calls } = await createWatchedApp(SMALL, options)
    const callsOfNext = async (handler: (session: Session<any>) => unknown): Promise<string[]> => {
      calls.length = 0
      await app.request(handler)
      return [...calls]
    }
    await app.request((session) => session.login('ada'))
    expect(await callsOfNext((session) => session.requireUser({ within: '10m' }))).toEqual(['load'])
    app.clock.advance(16 * MINUTE)
    expect(await callsOfNext((session) => session.get('property3'))).toEqual(['load', 'replace'])
    expect(await callsOfNext((session) => session.reauthenticate())).toEqual(['load', 'replace'])
  })
})

describe('touch', () => {
  it.each([
    { idle: '14d', each: HOUR },
    { idle: '30m', each: 3 * MINUTE },
  ] as const)('is called at most once per $each ms with an idle time of $idle', async ({ idle, each }) => {
    const { app, calls } = await createWatchedApp(SMALL, { idle, absolute: '30d' })
    const step = each / 6
    for (let at = 0; at < 60; at += 1) {
      app.clock.advance(step)
      await app.request((session) => session.get('property3'))
    }
    const touches = calls.filter((call) => call === 'touch').length
    expect(touches).toBeGreaterThan(0)
    expect(touches).toBeLessThanOrEqual(10)
    expect(60 * step).toBeLessThan(DAY) // less than the idle time, so the session did not expire
  })
})
