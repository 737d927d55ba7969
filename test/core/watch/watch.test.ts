import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSessions, type Sessions } from '../../../src/index.ts'
import { CachedStore } from '../../../src/stores/cached.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { Browser, catchError, MINUTE, type TestApp } from '../fixture.ts'
import { anotherProcess, CountingStore, loggedIn, pass, settle, useFakeTimers, watch } from './watch-fixture.ts'

const POLL = 30_000

// The watches load their code at the first use, which needs no timer and takes real time.
beforeAll(async () => void (await import('../../../src/core/watch/watchers.ts')))
beforeEach(useFakeTimers)
afterEach(() => void vi.useRealTimers())

// The tests that run on every store are in test/core/attacks/ends.ts.
describe('a watch', () => {
  it('reads past a cache', async () => {
    const rows = new MemoryStore()
    const store = new CachedStore({ store: rows, cache: new MemoryStore(), maxStale: '1h' })
    const { app, session } = await loggedIn({ store })
    const ends = await watch(app.sessions, session)
    await createSessions({ store: rows, clearExpired: false, clock: app.clock.read }).users.revoke('ada')
    await pass(POLL)
    expect(ends).toEqual(['ended'])
  })

  it('is over after its function was called once, after it was stopped, and after the manager was closed', async () => {
    const { app, session } = await loggedIn()
    const calls: string[] = []
    const stop = app.sessions.watch(session, () => calls.push('stopped'))
    const stopEarly = app.sessions.watch(session, () => calls.push('stopped early'))
    stopEarly()
    await settle()
    stop()
    stop()
    const ends = await watch(app.sessions, session)
    await app.sessions.users.revoke('ada')
    await settle()
    await pass(2 * POLL)
    expect([calls, ends]).toEqual([[], ['ended']])
    expect(vi.getTimerCount()).toBe(0)

    const { app: closed, session: another } = await loggedIn()
    const late = await watch(closed.sessions, another)
    await closed.sessions.close()
    await anotherProcess(closed).users.revoke('ada')
    await pass(2 * POLL)
    expect([late, vi.getTimerCount()]).toEqual([[], 0])
  })

  it('whose function throws or rejects prints the error, and all others end', async () => {
    const print = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { app, session } = await loggedIn()
    app.sessions.watch(session, () => {
      throw new Error('no')
    })
    app.sessions.watch(session, () => Promise.reject(new Error('no')))
    const ends = await watch(app.sessions, session)
    await app.sessions.users.revoke('ada')
    await settle()
    expect(ends).toEqual(['ended'])
    expect(print).toHaveBeenCalledTimes(2)
  })
})

describe('a store that fails', () => {
  it('ends nothing, except sessions whose expiry has passed', async () => {
    const counting = new CountingStore()
    const { app } = await loggedIn({ idle: '10m' })
    const other = anotherProcess(app, { store: counting.over(app.store), idle: '10m' })
    const ends = await watch(other, await app.open(app.browser, other))
    counting.isDown = true
    app.clock.advance(9 * MINUTE)
    await pass(10 * POLL)
    expect(ends).toEqual([])
    app.clock.advance(MINUTE)
    await pass(1000)
    expect(ends).toEqual(['expired'])
  })

  it('and works again: the watch sees what happened', async () => {
    const counting = new CountingStore()
    const { app } = await loggedIn()
    const other = anotherProcess(app, { store: counting.over(app.store) })
    const ends = await watch(other, await app.open(app.browser, other))
    counting.isDown = true
    await app.sessions.users.revoke('ada')
    await pass(2 * POLL)
    expect(ends).toEqual([])
    counting.isDown = false
    await pass(2 * POLL)
    expect(ends).toEqual(['ended'])
  })
})

describe('the loads of watches', () => {
  async function countingApp(): Promise<{ counting: CountingStore; app: TestApp; other: Sessions<any> }> {
    const counting = new CountingStore()
    const { app } = await loggedIn()
    return { counting, app, other: anotherProcess(app, { store: counting.over(app.store) }) }
  }

  it('are one for all watches of a session, in every interval', async () => {
    const { counting, app, other } = await countingApp()
    for (let tab = 0; tab < 50; tab += 1) other.watch(await app.open(app.browser, other), () => undefined)
    await settle()
    await pass(2 * POLL)
    counting.loads = 0
    await pass(10 * POLL)
    expect(counting.loads).toBeGreaterThanOrEqual(9)
    expect(counting.loads).toBeLessThanOrEqual(11)
  })

  it('are spread over the interval, at most a hundred at the same time', async () => {
    const { counting, app, other } = await countingApp()
    for (let visitor = 0; visitor < 500; visitor += 1) {
      const browser = new Browser()
      await app.request((session) => void session.set('a', visitor), { browser })
      other.watch(await app.open(browser, other), () => undefined)
    }
    counting.maxRunning = 0
    await settle()
    expect(counting.maxRunning).toBeLessThanOrEqual(100)
    await pass(POLL)
    const seconds: number[] = []
    for (let second = 0; second < 30; second += 1) {
      counting.loads = 0
      await pass(1000)
      seconds.push(counting.loads)
    }
    expect(seconds.reduce((sum, loads) => sum + loads)).toBeGreaterThanOrEqual(500)
    expect(Math.max(...seconds)).toBeLessThan(100)
  })

  it('are not made for sessions whose watches were stopped', async () => {
    const { counting, app, other } = await countingApp()
    const stop = other.watch(await app.open(app.browser, other), () => undefined)
    await settle()
    stop()
    counting.loads = 0
    await pass(5 * POLL)
    expect(counting.loads).toBe(0)
  })

  it('follow a hint that arrives while another one runs, because that may have read too early', async () => {
    const counting = new CountingStore()
    const { app } = await loggedIn()
    const store = counting.over(app.store)
    const [one, two] = [app.createManager({ store }), app.createManager({ store })]
    const session = await app.open(app.browser, one)
    const gate = Promise.withResolvers<void>()
    counting.gate = gate.promise
    const ends = await watch(one, session)
    counting.gate = Promise.resolve()
    await two.users.revoke('ada')
    await settle()
    expect(ends).toEqual([])
    gate.resolve()
    await settle()
    expect(ends).toEqual(['ended'])
  })
})

describe('watch(session, onEnd, options)', () => {
  it('ends at once for a visitor without a session, and for one whose session was flushed', async () => {
    const { app } = await loggedIn()
    expect(await watch(app.sessions, await app.open(new Browser()))).toEqual(['ended'])
    const session = await app.open()
    session.logout()
    expect(await watch(app.sessions, session)).toEqual(['ended'])
  })

  it('ends at once with `new-id` for an id that was replaced a moment ago', async () => {
    const { app } = await loggedIn()
    const old = app.browser.copy()
    await app.request((session) => session.cycleId())
    expect(await watch(app.sessions, await app.open(old))).toEqual(['new-id'])
  })

  it('throws the error of a session that could not be read', async () => {
    const counting = new CountingStore()
    const { app } = await loggedIn()
    const other = anotherProcess(app, { store: counting.over(app.store) })
    counting.isDown = true
    const session = await app.open(app.browser, other)
    for (let time = 0; time < 2; time += 1)
      expect(catchError(() => other.watch(session, () => undefined))).toMatchObject({ code: 'ERR_SESSION_STORE' })
    const lazy = app.createManager({ lazy: true })
    const unread = await app.open(app.browser, lazy)
    expect(catchError(() => lazy.watch(unread, () => undefined))).toMatchObject({ code: 'ERR_SESSION_NOT_LOADED' })
  })

  it('throws for a session that is not saved, of another manager, without a function and for wrong options', async () => {
    const { app, session } = await loggedIn()
    const created = app.sessions.create().set('a', 1)
    const calls: (() => unknown)[] = [
      () => app.sessions.watch(created, () => undefined),
      () => app.createManager().watch(session, () => undefined),
      () => app.sessions.watch(session, undefined as never),
      ...(['100ms', '2h', 30_000] as never[]).map((poll) => () => app.sessions.watch(session, () => undefined, { poll })),
      () => app.sessions.watch(session, () => undefined, { interval: '1s' } as never),
    ]
    for (const call of calls) expect(catchError(call)).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    await created.save()
    expect(await watch(app.sessions, created)).toEqual([])
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const error = catchError(() => app.sessions.watch(session, () => undefined))
    vi.unstubAllGlobals()
    expect(error).toMatchObject({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining('Workers') })
  })

  it('checks as often as the shortest `poll` of a session', async () => {
    const { app, session } = await loggedIn()
    const other = anotherProcess(app)
    const [slow, fast] = [await app.open(app.browser, other), await app.open(app.browser, other)]
    const ends = [await watch(other, slow, { poll: '1h' }), await watch(other, fast, { poll: '2s' })]
    await app.sessions.revoke(session.handle ?? '')
    await pass(2000)
    expect(ends).toEqual([['ended'], ['ended']])
  })
})
