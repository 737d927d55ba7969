import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConfigError, createSessions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { HOUR, MINUTE, thrown, World } from '../fixture.ts'

const SWEEP = { clearExpired: '10m', idle: '1h' } as const

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** Its sweeps wait for a gate, and it counts them. */
class SlowStore extends MemoryStore {
  begun = 0
  atOnce = 0
  most = 0
  gate: Promise<void> = Promise.resolve()

  override async *clearExpired(options: Parameters<MemoryStore['clearExpired']>[0]): AsyncGenerator<{ deleted: number }, void> {
    this.begun += 1
    this.most = Math.max(this.most, (this.atOnce += 1))
    try {
      await this.gate
      yield* super.clearExpired(options)
    } finally {
      this.atOnce -= 1
    }
  }
}

function swept(world: World): string[] {
  return world.events.filter(({ type }) => type.startsWith('cle')).map(({ type }) => type)
}

describe('option sweep', () => {
  it('clears what expired, again and again, at no fixed time', async () => {
    const world = new World(SWEEP)
    await world.visit((session) => void session.set('a', 1))
    world.clock.advance(2 * HOUR)
    expect((await world.rows()).length).toBe(1)
    await vi.advanceTimersByTimeAsync(12.5 * MINUTE)
    expect((await world.rows()).length).toBe(0)
    expect(world.events.find(({ type }) => type === 'cleared')).toEqual({ type: 'cleared', reason: 'interval', count: 1 })
    await vi.advanceTimersByTimeAsync(100 * MINUTE)
    expect(swept(world).length).toBeGreaterThanOrEqual(8)
    expect(swept(world).length).toBeLessThanOrEqual(16)
    await world.sessions.close()
  })

  it('is off unless it is asked for', async () => {
    const world = new World({ idle: '1h' })
    await vi.advanceTimersByTimeAsync(24 * HOUR)
    expect([swept(world), vi.getTimerCount()]).toEqual([[], 0])
  })

  it('never overlaps itself, however long it takes', async () => {
    const gate = Promise.withResolvers<void>()
    const store = new SlowStore()
    store.gate = gate.promise
    const world = new World({ ...SWEEP, store })
    await vi.advanceTimersByTimeAsync(5 * HOUR)
    expect([store.begun, store.most]).toEqual([1, 1])
    gate.resolve()
    await vi.advanceTimersByTimeAsync(5 * HOUR)
    expect(store.begun).toBeGreaterThan(5)
    expect(store.most).toBe(1)
    await world.sessions.close()
  })

  it('goes on when the store failed, and tells of it', async () => {
    const store = new SlowStore()
    store.gate = Promise.reject(new Error('down'))
    store.gate.catch(() => undefined)
    const world = new World({ ...SWEEP, store })
    await vi.advanceTimersByTimeAsync(12.5 * MINUTE)
    expect(swept(world)).toEqual(['clear-failed'])
    store.gate = Promise.resolve()
    await vi.advanceTimersByTimeAsync(12.5 * MINUTE)
    expect(swept(world)).toContain('cleared')
    await world.sessions.close()
  })

  it('ends with close, which waits for the batch under way', async () => {
    const gate = Promise.withResolvers<void>()
    const store = new SlowStore()
    store.gate = gate.promise
    const world = new World({ ...SWEEP, store })
    await vi.advanceTimersByTimeAsync(12.5 * MINUTE)
    let closed = false
    const closing = world.sessions.close().then(() => (closed = true))
    await vi.advanceTimersByTimeAsync(0)
    expect(closed).toBe(false)
    gate.resolve()
    await closing
    expect(vi.getTimerCount()).toBe(0)
    await vi.advanceTimersByTimeAsync(5 * HOUR)
    expect(store.begun).toBe(1)
  })

  it('keeps no process alive', () => {
    vi.useRealTimers()
    const unref = vi.spyOn(Object.getPrototypeOf(setTimeout(() => undefined, 0)) as { unref(): unknown }, 'unref')
    const sessions = createSessions({ store: new MemoryStore(), clearExpired: '1h' })
    expect(unref).toHaveBeenCalledOnce()
    return sessions.close()
  })

  it('is refused where there is nothing to clear, where no timer outlives a request, and where it makes no sense', () => {
    const { load, create, replace, touch, delete: remove, capabilities } = new MemoryStore()
    const store = { load, create, replace, touch, delete: remove, capabilities }
    expect(thrown(() => createSessions({ store, clearExpired: '10m' }))).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining('expires its sessions by itself'),
    })
    for (const sweep of [0, '1s', '30d', 'often']) {
      const error = thrown(() => createSessions({ store: new MemoryStore(), clearExpired: sweep as never }))
      expect(error).toBeInstanceOf(ConfigError)
      expect(error.message).toContain('`clearExpired`')
    }
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const error = thrown(() => createSessions({ store: new MemoryStore(), clearExpired: '10m' }))
    vi.unstubAllGlobals()
    expect(error.message).toContain('Cron Trigger')
  })
})
