import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StoreError } from '../../../src/core/base/errors.ts'
import type { Keyed } from '../../../src/core/store/store.ts'
import type { Session } from '../../../src/index.ts'
import { type Browser, rejection, thrown, type World, worldWith } from '../fixture.ts'
import { forever, lostRequest, type Script, ScriptedStore } from '../scripted-store.ts'

const CODE = 'ERR_SESSION_STORE'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

async function someWorld(options: Parameters<typeof worldWith>[1] = {}): Promise<{ world: World; store: ScriptedStore }> {
  const world = await worldWith({ a: 1 }, options, (memory) => new ScriptedStore(memory))
  return { world, store: world.store as ScriptedStore }
}

/** What a request gets, once that is known; time is let go by for it. */
async function opened(world: World, browser?: Browser): Promise<Session<any>> {
  const opening = world.open(browser)
  await vi.advanceTimersByTimeAsync(2000)
  return opening
}

function told(world: World): string[] {
  return world.events.filter(({ type }) => type.startsWith('store-')).map(({ type, reason }) => `${type} ${reason}`)
}

describe('a store that is silent', () => {
  async function silent(): Promise<{ world: World; store: ScriptedStore }> {
    const { world, store } = await someWorld()
    store.on({ load: forever, replace: forever, delete: forever })
    await opened(world)
    await vi.advanceTimersByTimeAsync(500)
    expect(told(world)).toEqual(['store-down timeout'])
    store.calls.length = 0
    return { world, store }
  }

  it('costs the first visitors their patience, and from then on nobody: what they ask is not even sent', async () => {
    const { world, store } = await silent()
    for (let visit = 0; visit < 20; visit++) {
      const session = await world.open() // no time goes by
      expect(thrown(() => session.get('a'))).toMatchObject({ code: CODE, status: 503, applied: false, operation: 'load' })
    }
    expect(store.calls).toEqual([])
  })

  it('says what is going on, and what the store failed with last', async () => {
    const { world } = await silent()
    const error = (await world.open()).loadError as StoreError
    expect(error.message).toMatch(/is not responding.*work again as soon as it responds.*timeout\.operation/)
    expect(error.cause).toBeInstanceOf(StoreError)
  })

  it('is asked by and by, each time for as long as an operation may take, and is back with the first answer', async () => {
    const { world, store } = await silent()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(store.calls.length).toBeGreaterThan(20)
    expect(store.calls.length).toBeLessThan(30)
    store.on({})
    await vi.advanceTimersByTimeAsync(2250)
    expect(told(world)).toEqual(['store-down timeout', 'store-up answered'])
    expect(await world.read()).toEqual({ a: 1 })
    store.calls.length = 0
    await vi.advanceTimersByTimeAsync(10_000)
    expect(store.calls).toEqual([])
  })

  it('is never asked while a question is out', async () => {
    const { store } = await silent()
    let [out, most, asked] = [0, 0, 0]
    store.on({
      load: async (_next, { deadline = 0 }) => {
        asked += 1
        out += 1
        most = Math.max(most, out)
        await new Promise((resolve) => setTimeout(resolve, deadline - performance.now()))
        out -= 1
        throw new Error('nobody waits any more')
      },
    })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(most).toBe(1)
    expect(asked).toBeGreaterThan(20)
  })

  it('is back at once when it answers a question that is out, and nobody asks it again', async () => {
    const { world, store } = await silent()
    const answer = Promise.withResolvers<void>()
    store.on({ load: () => answer.promise })
    await vi.advanceTimersByTimeAsync(3000)
    store.calls.length = 0
    answer.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(told(world)).toEqual(['store-down timeout', 'store-up answered'])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(store.calls).toEqual([])
  })

  it('is back too when it answers what was asked long ago', async () => {
    const { world, store } = await someWorld()
    const late = Promise.withResolvers<void>()
    store.on({ load: () => late.promise })
    await opened(world)
    await vi.advanceTimersByTimeAsync(500)
    store.on({ load: forever })
    late.resolve()
    await vi.advanceTimersByTimeAsync(0)
    expect(told(world)).toEqual(['store-down timeout', 'store-up answered'])
  })

  it('a logout meanwhile is an honest 503, and the cookie stays', async () => {
    const { world } = await silent()
    const before = world.browser.cookie
    const visit = world.visit((session) => session.logout())
    const error = rejection(visit)
    await vi.advanceTimersByTimeAsync(200)
    expect(await error).toMatchObject({ code: CODE, status: 503, applied: false })
    expect(world.browser.cookie).toBe(before)
  })

  it('where timers stood still, a visitor is the question', async () => {
    const { world, store } = await silent()
    store.on({})
    const now = performance.now()
    vi.spyOn(performance, 'now').mockImplementation(() => now + 1500) // the process was frozen, as serverless ones are
    expect(await world.read()).toEqual({ a: 1 })
    expect(told(world)).toEqual(['store-down timeout', 'store-up answered'])
  })
})

describe('a store that fails at once', () => {
  it('is away after one visitor, and back soon: it is asked at short intervals at first', async () => {
    const { world, store } = await someWorld()
    store.on({ load: lostRequest })
    await world.open()
    await vi.advanceTimersByTimeAsync(0)
    expect(told(world)).toEqual(['store-down store-error'])
    store.on({})
    await vi.advanceTimersByTimeAsync(25)
    expect(told(world)).toEqual(['store-down store-error', 'store-up answered'])
  })

  it('once, and answers when it is asked again, is not away', async () => {
    const { world, store } = await someWorld()
    let failures = 2
    store.on({
      load: () => {
        if (failures-- > 0) throw new Error('the connection was reset')
      },
    })
    expect((await world.open()).loadError).toBeDefined()
    await vi.advanceTimersByTimeAsync(5000)
    expect(told(world)).toEqual([])
  })
})

describe('what costs no other visitor anything', () => {
  it.each<[string, Script]>([
    ['a row that is locked', forever],
    ['a session that the server refuses', lostRequest],
  ])('%s: others are served all the while', async (_name, script) => {
    const { world, store } = await someWorld()
    const [poisoned] = await world.onlyRow()
    const other = world.browser.copy()
    other.cookie = undefined
    await world.visit((session) => session.set('a', 2), { browser: other })
    const stuck = (next: () => Promise<any>, operation: Keyed): unknown => (operation.key === poisoned ? script(next, operation) : next())
    store.on({ load: stuck, replace: stuck })
    for (let round = 0; round < 5; round++) {
      expect((await opened(world)).loadError).toMatchObject({ code: CODE })
      expect(await world.read(other)).toEqual({ a: 2 })
    }
    expect(told(world)).toEqual([])
  })

  it('a store that reads but does not write: reads are served, writes fail as they do', async () => {
    const { world, store } = await someWorld()
    store.on({
      replace: () => {
        throw new StoreError('replace', new Error('read-only'), { applied: false })
      },
    })
    for (let round = 0; round < 5; round++) {
      const failed = rejection(world.visit((session) => session.set('a', 2)))
      await vi.advanceTimersByTimeAsync(50)
      expect(await failed).toMatchObject({ code: CODE, applied: false })
      expect(await world.read()).toEqual({ a: 1 })
    }
    expect(told(world)).toEqual([])
  })

  it('an answer to anybody while the question is out', async () => {
    const { world, store } = await someWorld()
    let asked = 0
    store.on({ load: (next, { key }) => (key.startsWith('nobody') || asked++ === 0 ? forever() : next()) })
    await opened(world)
    await world.read()
    await vi.advanceTimersByTimeAsync(500)
    expect(told(world)).toEqual([])
  })
})

describe('what waits for the store', () => {
  it('is bounded: one too many fails at once, and was not sent', async () => {
    const { world, store } = await someWorld()
    store.on({ load: forever })
    store.calls.length = 0
    const waiting = Array.from({ length: 10_000 }, () => world.open())
    const one = await world.open()
    expect(one.loadError).toMatchObject({
      code: CODE,
      applied: false,
      message: expect.stringContaining('wait for the session store already'),
    })
    expect(store.calls.length).toBe(10_000)
    await vi.advanceTimersByTimeAsync(2000)
    await Promise.all(waiting)
    store.on({})
    await vi.advanceTimersByTimeAsync(2250)
    expect(await world.read()).toEqual({ a: 1 })
  })

  it('behind the write of one session, too', async () => {
    const { world, store } = await someWorld()
    store.on({ replace: forever })
    const sessions = await Promise.all(Array.from({ length: 1002 }, () => world.open()))
    for (const session of sessions) session.increment('n')
    const outcomes = sessions.map((session) => rejection(world.sessions.commit(session, { status: 200 })))
    expect(await outcomes.at(-1)).toMatchObject({ code: CODE, applied: false, message: expect.stringContaining('1000 requests') })
    await vi.advanceTimersByTimeAsync(6000)
    await Promise.all(outcomes)
  })
})
