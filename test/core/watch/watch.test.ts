import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSessions, type Session, type Sessions } from '../../../src/index.ts'
import { CachedStore } from '../../../src/stores/cached.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { appWith, Browser, catchError, HOUR, MINUTE, type TestApp } from '../fixture.ts'
import { anotherProcess, CountingStore, loggedIn, pass, settle, useFakeTimers, watch } from './watch-fixture.ts'

const POLL = 30_000

// The watches load their code at the first use, which needs no timer and takes real time.
beforeAll(async () => void (await import('../../../src/core/watch/watchers.ts')))
beforeEach(useFakeTimers)
afterEach(() => void vi.useRealTimers())

type End = (app: TestApp, session: Session<any>) => unknown

const ENDS: Readonly<Record<string, readonly [reason: string, end: End]>> = {
  'logout()': ['ended', (app) => app.request((session) => session.logout())],
  'a logout that keeps the cart': [
    'ended',
    (app) =>
      app.request((session) => {
        const cart = session.get('cart')
        session.logout()
        session.set('cart', cart)
      }),
  ],
  'revoke()': ['ended', (app, { handle = '' }) => app.sessions.revoke(handle)],
  'users.revoke()': ['ended', (app) => app.sessions.users.revoke('ada')],
  'revokeAll()': ['ended', (app) => app.sessions.revokeAll()],
  'a login of another user': ['ended', (app) => app.request((session) => session.login('grace'))],
  'a login of the same user': ['new-id', (app) => app.request((session) => session.login('ada'))],
  'reauthenticate()': ['new-id', (app) => app.request((session) => session.reauthenticate())],
  'cycleId()': ['new-id', (app) => app.request((session) => session.cycleId())],
  'the removal of the user': ['other-user', (app) => app.request((session) => void session.delete('userId'))],
}

describe('a watch', () => {
  it.each(Object.entries(ENDS))('ends at once with %s in this process', async (_, [reason, end]) => {
    const { app, session } = await loggedIn()
    const ends = await watch(app.sessions, session)
    await end(app, session)
    await settle()
    expect(ends).toEqual([reason])
    expect(app.events.filter(({ type }) => type === 'watch-ended')).toEqual([{ type: 'watch-ended', reason, handle: session.handle }])
  })

  it.each(Object.entries(ENDS))('ends with %s in another process, within the time of `poll`', async (_, [reason, end]) => {
    const { app, session } = await loggedIn()
    const other = anotherProcess(app)
    const ends = await watch(other, await app.open(app.browser, other))
    await end(app, session)
    await settle()
    expect(ends).toEqual([])
    await pass(POLL)
    expect(ends).toEqual([reason])
  })

  it('sees an end before it began: it is registered first, and the session is checked then', async () => {
    const { app, session } = await loggedIn()
    await anotherProcess(app).users.revoke('ada')
    expect(await watch(app.sessions, session)).toEqual(['ended'])
  })

  it('goes on while the session is changed, extended and used under another id of a parallel login', async () => {
    const { app, session } = await loggedIn()
    const first = await watch(app.sessions, session)
    for (let hour = 0; hour < 5; hour += 1) {
      app.clock.advance(HOUR)
      await app.request((each) => void each.increment('n'))
      await pass(POLL)
    }
    expect(first).toEqual([])
  })

  it('goes on when the id is replaced because of its age, and ends when the new one is used two minutes later', async () => {
    const { app, session } = await loggedIn({ cycleId: '15m' })
    const ends = await watch(app.sessions, session)
    app.clock.advance(15 * MINUTE)
    await app.request((each) => each.userId)
    expect(app.browser.id).not.toBe(session.id)
    await pass(POLL)
    expect(ends).toEqual([])
    app.clock.advance(2 * MINUTE)
    await app.request((each) => each.userId)
    await settle()
    expect(ends).toEqual(['new-id'])
  })

  it('goes on for the ids of two parallel logins, and ends when their overlap is over', async () => {
    const app = await appWith({ cart: [1] }, { clearExpired: false })
    const [one, other] = [app.browser.copy(), app.browser.copy()]
    await app.request((session) => session.login('ada'), { browser: one })
    const first = await watch(app.sessions, await app.open(one))
    await app.request((session) => session.login('ada'), { browser: other })
    const second = await watch(app.sessions, await app.open(other))
    await pass(POLL)
    expect([first, second]).toEqual([[], []])
    app.clock.advance(3 * MINUTE)
    await app.request((session) => session.get('cart'), { browser: other })
    await settle()
    expect([first, second]).toEqual([['new-id'], []])
    await pass(POLL)
    expect(second).toEqual([])
  })

  it('of a planted id ends when its victim logs in, so that no socket follows a session to another id', async () => {
    const app = await appWith({ theme: 'dark' }, { clearExpired: false })
    const attacker = await app.open(app.browser.copy())
    const ends = await watch(app.sessions, attacker)
    await app.request((session) => session.login('ada'))
    await settle()
    expect(ends).toEqual(['new-id'])
  })

  it('of the session that users.revoke excepts goes on', async () => {
    const { app, session } = await loggedIn()
    const phone = new Browser()
    await app.request((each) => each.login('ada'), { browser: phone })
    const [kept, ended] = [await watch(app.sessions, session), await watch(app.sessions, await app.open(phone))]
    await app.sessions.users.revoke('ada', { except: session })
    await settle()
    expect([kept, ended]).toEqual([[], ['ended']])
  })

  it('of the oldest session ends at once when a login exceeds `maxPerUser`', async () => {
    const { app, session } = await loggedIn({ maxPerUser: 1 })
    const ends = await watch(app.sessions, session)
    await app.request((each) => each.login('ada'), { browser: new Browser() })
    await settle()
    expect(ends).toEqual(['ended'])
  })

  it('ends when the session expires, and not before it was last extended', async () => {
    const { app, session } = await loggedIn({ idle: '10m' })
    const ends = await watch(app.sessions, session)
    app.clock.advance(9 * MINUTE)
    await app.request((each) => void each.set('a', 1))
    app.clock.advance(9 * MINUTE)
    await pass(1000)
    expect(ends).toEqual([])
    app.clock.advance(MINUTE)
    await pass(1000)
    expect(ends).toEqual(['expired'])
  })

  it('is made by several managers of one store, and ends whichever of them ends the session', async () => {
    const { app, session } = await loggedIn()
    const second = app.createManager({ clearExpired: false })
    const ends = [await watch(app.sessions, session), await watch(second, await app.open(app.browser, second))]
    await second.users.revoke('ada')
    await settle()
    expect(ends).toEqual([['ended'], ['ended']])
  })

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
