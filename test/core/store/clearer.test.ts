import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Store } from '../../../src/index.ts'
import { ConfigError, createSessions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { catchError, HOUR, MINUTE, TestApp } from '../fixture.ts'

const OPTIONS = { clearExpired: '10m', idle: '1h' } as const

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** A store whose clearExpired waits for a gate and counts its calls. */
class SlowStore extends MemoryStore {
  started = 0
  running = 0
  maxRunning = 0
  gate: Promise<void> = Promise.resolve()

  override async *clearExpired(options: Parameters<MemoryStore['clearExpired']>[0]): AsyncGenerator<{ deleted: number }, void> {
    this.started += 1
    this.maxRunning = Math.max(this.maxRunning, (this.running += 1))
    try {
      await this.gate
      yield* super.clearExpired(options)
    } finally {
      this.running -= 1
    }
  }
}

function clearEvents(app: TestApp): string[] {
  return app.events.filter(({ type }) => type.startsWith('cle')).map(({ type }) => type)
}

describe('option clearExpired', () => {
  it('deletes expired sessions repeatedly at random intervals', async () => {
    const app = new TestApp(OPTIONS)
    await app.request((session) => void session.set('a', 1))
    app.clock.advance(2 * HOUR)
    expect((await app.rows()).length).toBe(1)
    await vi.advanceTimersByTimeAsync(12.5 * MINUTE)
    expect((await app.rows()).length).toBe(0)
    expect(app.events.find(({ type }) => type === 'cleared')).toEqual({ type: 'cleared', reason: 'interval', count: 1 })
    await vi.advanceTimersByTimeAsync(100 * MINUTE)
    expect(clearEvents(app).length).toBeGreaterThanOrEqual(8)
    expect(clearEvents(app).length).toBeLessThanOrEqual(16)
    await app.sessions.close()
  })

  it('clears about every hour by default', async () => {
    const app = new TestApp({ idle: '1h' })
    await vi.advanceTimersByTimeAsync(24 * HOUR)
    expect(clearEvents(app).length).toBeGreaterThanOrEqual(19)
    expect(clearEvents(app).length).toBeLessThanOrEqual(32)
    await app.sessions.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is turned off by false', async () => {
    const app = new TestApp({ idle: '1h', clearExpired: false })
    await vi.advanceTimersByTimeAsync(24 * HOUR)
    expect([clearEvents(app), vi.getTimerCount()]).toEqual([[], 0])
  })

  it('does nothing by default where the store expires sessions by itself', async () => {
    const app = new TestApp({}, (memory) => {
      const store: Store = Object.create(memory)
      return Object.assign(store, { clearExpired: undefined })
    })
    await vi.advanceTimersByTimeAsync(24 * HOUR)
    expect([clearEvents(app), vi.getTimerCount()]).toEqual([[], 0])
  })

  it('never runs twice at the same time', async () => {
    const gate = Promise.withResolvers<void>()
    const store = new SlowStore()
    store.gate = gate.promise
    const app = new TestApp({ ...OPTIONS, store })
    await vi.advanceTimersByTimeAsync(5 * HOUR)
    expect([store.started, store.maxRunning]).toEqual([1, 1])
    gate.resolve()
    await vi.advanceTimersByTimeAsync(5 * HOUR)
    expect(store.started).toBeGreaterThan(5)
    expect(store.maxRunning).toBe(1)
    await app.sessions.close()
  })

  it('continues after a failure of the store and emits clear-failed', async () => {
    const store = new SlowStore()
    store.gate = Promise.reject(new Error('down'))
    store.gate.catch(() => undefined)
    const app = new TestApp({ ...OPTIONS, store })
    await vi.advanceTimersByTimeAsync(12.5 * MINUTE)
    expect(clearEvents(app)).toEqual(['clear-failed'])
    store.gate = Promise.resolve()
    await vi.advanceTimersByTimeAsync(12.5 * MINUTE)
    expect(clearEvents(app)).toContain('cleared')
    await app.sessions.close()
  })

  it('stops with close, which waits for the batch in progress', async () => {
    const gate = Promise.withResolvers<void>()
    const store = new SlowStore()
    store.gate = gate.promise
    const app = new TestApp({ ...OPTIONS, store })
    await vi.advanceTimersByTimeAsync(12.5 * MINUTE)
    let closed = false
    const closing = app.sessions.close().then(() => (closed = true))
    await vi.advanceTimersByTimeAsync(0)
    expect(closed).toBe(false)
    gate.resolve()
    await closing
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(5 * HOUR)
    expect(store.started).toBe(1)
  })

  it('does not keep the process alive', () => {
    vi.useRealTimers()
    const unref = vi.spyOn(Object.getPrototypeOf(setTimeout(() => undefined, 0)) as { unref(): unknown }, 'unref')
    const sessions = createSessions({ store: new MemoryStore(), clearExpired: '1h' })
    expect(unref).toHaveBeenCalledOnce()
    return sessions.close()
  })

  it('is rejected if the store expires sessions itself, on Workers, and for an invalid duration', () => {
    const { load, create, replace, touch, delete: remove, capabilities } = new MemoryStore()
    const store = { load, create, replace, touch, delete: remove, capabilities }
    expect(catchError(() => createSessions({ store, clearExpired: '10m' }))).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining('expires its sessions by itself'),
    })
    for (const clearExpired of [0, '1s', '30d', 'often']) {
      const error = catchError(() => createSessions({ store: new MemoryStore(), clearExpired: clearExpired as never }))
      expect(error).toBeInstanceOf(ConfigError)
      expect(error.message).toContain('`clearExpired`')
    }
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const error = catchError(() => createSessions({ store: new MemoryStore(), clearExpired: '10m' }))
    vi.unstubAllGlobals()
    expect(error.message).toContain('Cron Trigger')
  })
})
