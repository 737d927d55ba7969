import { EventEmitter } from 'node:events'
import { createClient, createClientPool, createCluster } from 'redis'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RedisStore } from '../../src/stores/redis.ts'
import { NOW } from '../../src/testing/sample.ts'

describe('a client of `redis` that was never connected', () => {
  it.each([
    ['client', createClient()],
    ['pool', createClientPool()],
    ['cluster', createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] })],
  ])('is reported with the remedy: %s', async (_, client) => {
    const store = new RedisStore({ client })
    for (const failure of [store.load({ key: 'a', now: NOW }), store.delete({ key: 'a' })])
      await expect(failure).rejects.toMatchObject({
        code: 'ERR_SESSION_STORE',
        applied: false,
        message: expect.stringContaining('was never connected. Call `await client.connect()` before the first request.'),
      })
  })
})

/** A client of `redis` that reconnects when the test says so. */
class FakeClient extends EventEmitter {
  isOpen = true
  isReady = true
  sendCommand = async (): Promise<null> => null
  connect = async (): Promise<void> => undefined
  destroy = (): void => undefined

  lose(): void {
    this.isReady = false
    this.emit('error', new Error('Socket closed unexpectedly'))
  }

  recover(): void {
    this.isReady = true
    this.emit('connect')
    this.emit('ready')
  }
}

describe('a client of `redis` that lost its connection', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  async function loadWithout(probe: boolean): Promise<{ readonly client: FakeClient; readonly outcome: () => string }> {
    const client = new FakeClient()
    const store = new RedisStore({ client: client as never })
    client.lose()
    let outcome = 'pending'
    store.load({ key: 'a', now: NOW, probe, deadline: performance.now() + 2000 }).then(
      () => (outcome = 'loaded'),
      (error: { readonly code: string }) => (outcome = error.code),
    )
    await vi.advanceTimersByTimeAsync(40)
    return { client, outcome: () => outcome }
  }

  it('delays a request by 50 ms, however long the client waits to connect again', async () => {
    const { outcome } = await loadWithout(false)
    expect(outcome()).toBe('pending')
    await vi.advanceTimersByTimeAsync(20)
    expect(outcome()).toBe('ERR_SESSION_STORE')
  })

  it('serves a request when the connection is back in time', async () => {
    const { client, outcome } = await loadWithout(false)
    client.recover()
    await vi.advanceTimersByTimeAsync(0)
    expect(outcome()).toBe('loaded')
  })

  it('keeps a probe waiting, so that the end of the outage is noticed at once', async () => {
    const { client, outcome } = await loadWithout(true)
    await vi.advanceTimersByTimeAsync(900)
    expect(outcome()).toBe('pending')
    client.recover()
    await vi.advanceTimersByTimeAsync(0)
    expect(outcome()).toBe('loaded')
  })
})
