import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StoreError } from '../../../src/core/base/errors.ts'
import type { Keyed } from '../../../src/core/store/store.ts'
import type { Session } from '../../../src/index.ts'
import { appWith, type Browser, catchError, catchRejection, type TestApp } from '../fixture.ts'
import { failBeforeEffect, neverSettles, type Script, ScriptedStore } from '../scripted-store.ts'

const CODE = 'ERR_SESSION_STORE'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

async function createScriptedApp(options: Parameters<typeof appWith>[1] = {}): Promise<{ app: TestApp; store: ScriptedStore }> {
  const app = await appWith({ a: 1 }, options, (memory) => new ScriptedStore(memory))
  return { app, store: app.store as ScriptedStore }
}

/** Opens a session and lets fake time pass, since the store may not respond. */
async function openSlowly(app: TestApp, browser?: Browser): Promise<Session<any>> {
  const opening = app.open(browser)
  await vi.advanceTimersByTimeAsync(2000)
  return opening
}

function storeEvents(app: TestApp): string[] {
  return app.events.filter(({ type }) => type.startsWith('store-')).map(({ type, reason }) => `${type} ${reason}`)
}

describe('a store that does not respond', () => {
  async function openOnSilentStore(): Promise<{ app: TestApp; store: ScriptedStore }> {
    const { app, store } = await createScriptedApp()
    store.on({ load: neverSettles, replace: neverSettles, delete: neverSettles })
    await openSlowly(app)
    await vi.advanceTimersByTimeAsync(500)
    expect(storeEvents(app)).toEqual(['store-down timeout'])
    store.calls.length = 0
    return { app, store }
  }

  it('delays the first requests only, and later operations fail without being sent', async () => {
    const { app, store } = await openOnSilentStore()
    for (let request = 0; request < 20; request++) {
      const session = await app.open() // fake time does not advance
      expect(catchError(() => session.get('a'))).toMatchObject({ code: CODE, status: 503, applied: false, operation: 'load' })
    }
    expect(store.calls).toEqual([])
  })

  it('causes an error with the state of the store and its last failure as the cause', async () => {
    const { app } = await openOnSilentStore()
    const error = (await app.open()).loadError as StoreError
    expect(error.message).toMatch(/is not responding.*work again as soon as it responds.*timeout\.operation/)
    expect(error.cause).toBeInstanceOf(StoreError)
  })

  it('is probed regularly, each time for one operation timeout, and is up after the first response', async () => {
    const { app, store } = await openOnSilentStore()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(store.calls.length).toBeGreaterThan(20)
    expect(store.calls.length).toBeLessThan(30)
    store.on({})
    await vi.advanceTimersByTimeAsync(2250)
    expect(storeEvents(app)).toEqual(['store-down timeout', 'store-up responded'])
    expect(await app.read()).toEqual({ a: 1 })
    store.calls.length = 0
    await vi.advanceTimersByTimeAsync(10_000)
    expect(store.calls).toEqual([])
  })

  it('is probed by one operation at a time', async () => {
    const { store } = await openOnSilentStore()
    let [running, maxRunning, probes] = [0, 0, 0]
    store.on({
      load: async (_next, { deadline = 0 }) => {
        probes += 1
        running += 1
        maxRunning = Math.max(maxRunning, running)
        await new Promise((resolve) => setTimeout(resolve, deadline - performance.now()))
        running -= 1
        throw new Error('the deadline has passed')
      },
    })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(maxRunning).toBe(1)
    expect(probes).toBeGreaterThan(20)
  })

  it('is up as soon as a probe in flight succeeds, and is not probed again', async () => {
    const { app, store } = await openOnSilentStore()
    const response = Promise.withResolvers<void>()
    store.on({ load: () => response.promise })
    await vi.advanceTimersByTimeAsync(3000)
    store.calls.length = 0
    response.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(storeEvents(app)).toEqual(['store-down timeout', 'store-up responded'])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(store.calls).toEqual([])
  })

  it('is up when an earlier operation succeeds late', async () => {
    const { app, store } = await createScriptedApp()
    const late = Promise.withResolvers<void>()
    store.on({ load: () => late.promise })
    await openSlowly(app)
    await vi.advanceTimersByTimeAsync(500)
    store.on({ load: neverSettles })
    late.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(storeEvents(app)).toEqual(['store-down timeout', 'store-up responded'])
  })

  it('makes a logout reject with status 503 and keeps the cookie', async () => {
    const { app } = await openOnSilentStore()
    const before = app.browser.cookie
    const error = catchRejection(app.request((session) => session.logout()))
    await vi.advanceTimersByTimeAsync(200)
    expect(await error).toMatchObject({ code: CODE, status: 503, applied: false })
    expect(app.browser.cookie).toBe(before)
  })

  it('is probed by a request if timers did not run', async () => {
    const { app, store } = await openOnSilentStore()
    store.on({})
    const now = performance.now()
    vi.spyOn(performance, 'now').mockImplementation(() => now + 1500) // as in a serverless process that was frozen
    expect(await app.read()).toEqual({ a: 1 })
    expect(storeEvents(app)).toEqual(['store-down timeout', 'store-up responded'])
  })
})

describe('a store that fails at once', () => {
  it('is down after one request, and is probed at short intervals at first', async () => {
    const { app, store } = await createScriptedApp()
    store.on({ load: failBeforeEffect })
    await app.open()
    await vi.advanceTimersByTimeAsync(0)
    expect(storeEvents(app)).toEqual(['store-down store-error'])
    store.on({})
    await vi.advanceTimersByTimeAsync(25)
    expect(storeEvents(app)).toEqual(['store-down store-error', 'store-up responded'])
  })

  it('is not down if the probe after a failure succeeds', async () => {
    const { app, store } = await createScriptedApp()
    let failures = 2
    store.on({
      load: () => {
        if (failures-- > 0) throw new Error('the connection was reset')
      },
    })
    expect((await app.open()).loadError).toBeDefined()
    await vi.advanceTimersByTimeAsync(5000)
    expect(storeEvents(app)).toEqual([])
  })
})

describe('failures of one operation', () => {
  it.each<[string, Script]>([
    ['a locked row', neverSettles],
    ['a session the server rejects', failBeforeEffect],
  ])('caused by %s do not affect other sessions', async (_name, script) => {
    const { app, store } = await createScriptedApp()
    const [blockedKey] = await app.onlyRow()
    const other = app.browser.copy()
    other.cookie = undefined
    await app.request((session) => session.set('a', 2), { browser: other })
    const blockRow = (next: () => Promise<any>, operation: Keyed): unknown =>
      operation.key === blockedKey ? script(next, operation) : next()
    store.on({ load: blockRow, replace: blockRow })
    for (let round = 0; round < 5; round++) {
      expect((await openSlowly(app)).loadError).toMatchObject({ code: CODE })
      expect(await app.read(other)).toEqual({ a: 2 })
    }
    expect(storeEvents(app)).toEqual([])
  })

  it('that only concern writes do not affect reads', async () => {
    const { app, store } = await createScriptedApp()
    store.on({
      replace: () => {
        throw new StoreError('replace', new Error('read-only'), { applied: false })
      },
    })
    for (let round = 0; round < 5; round++) {
      const failed = catchRejection(app.request((session) => session.set('a', 2)))
      await vi.advanceTimersByTimeAsync(50)
      expect(await failed).toMatchObject({ code: CODE, applied: false })
      expect(await app.read()).toEqual({ a: 1 })
    }
    expect(storeEvents(app)).toEqual([])
  })

  it('do not matter if another operation succeeds during the probe', async () => {
    const { app, store } = await createScriptedApp()
    let loads = 0
    store.on({ load: (next, { key }) => (key.startsWith('nobody') || loads++ === 0 ? neverSettles() : next()) })
    await openSlowly(app)
    await app.read()
    await vi.advanceTimersByTimeAsync(500)
    expect(storeEvents(app)).toEqual([])
  })
})

describe('the number of waiting operations', () => {
  it('is limited: one more fails at once and is not sent', async () => {
    const { app, store } = await createScriptedApp()
    store.on({ load: neverSettles })
    store.calls.length = 0
    const waiting = Array.from({ length: 10_000 }, () => app.open())
    const rejected = await app.open()
    expect(rejected.loadError).toMatchObject({
      code: CODE,
      applied: false,
      message: expect.stringContaining('wait for the session store already'),
    })
    expect(store.calls.length).toBe(10_000)
    await vi.advanceTimersByTimeAsync(2000)
    await Promise.all(waiting)
    store.on({})
    await vi.advanceTimersByTimeAsync(2250)
    expect(await app.read()).toEqual({ a: 1 })
  })

  it('is limited for the commits of one session', async () => {
    const { app, store } = await createScriptedApp()
    store.on({ replace: neverSettles })
    const sessions = await Promise.all(Array.from({ length: 1002 }, () => app.open()))
    for (const session of sessions) session.increment('n')
    const outcomes = sessions.map((session) => catchRejection(app.sessions.commit(session, { status: 200 })))
    expect(await outcomes.at(-1)).toMatchObject({ code: CODE, applied: false, message: expect.stringContaining('1000 requests') })
    await vi.advanceTimersByTimeAsync(6000)
    await Promise.all(outcomes)
  })
})
