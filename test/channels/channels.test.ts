import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Channel, createChannel, type PubSub, type PubSubHandlers } from '../../src/channels/channels.ts'
import { createSessions, type Sessions } from '../../src/index.ts'
import { CachedStore } from '../../src/stores/cached.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { catchError, type TestApp } from '../core/fixture.ts'
import { anotherProcess, CountingStore, loggedIn, pass, settle, useFakeTimers, watch } from '../core/watch/watch-fixture.ts'

/** A service that carries texts between processes. */
class Service {
  readonly texts: string[] = []
  readonly subscribers = new Set<PubSubHandlers>()
  isDown = false
  closed = 0

  /** The service as one process uses it. */
  pubSub(): PubSub {
    let own: PubSubHandlers | undefined
    return {
      publish: async (text) => this.publish(text),
      subscribe: async (handlers) => {
        if (this.isDown) throw new Error('down')
        this.subscribers.add((own = handlers))
      },
      close: async () => {
        this.closed += 1
        if (own !== undefined) this.subscribers.delete(own)
      },
    }
  }

  publish(text: string): void {
    if (this.isDown) throw new Error('down')
    this.texts.push(text)
    for (const { onMessage } of this.subscribers) onMessage(text)
  }

  interrupt(): void {
    this.isDown = true
    for (const { onDisconnect } of this.subscribers) onDisconnect()
    this.subscribers.clear()
  }
}

beforeAll(async () => void (await import('../../src/core/watch/watchers.ts')))
beforeEach(useFakeTimers)
afterEach(() => void vi.useRealTimers())

/** A manager for each of two processes on the same rows, with a channel between them. */
async function twoProcesses(service: Service = new Service()): Promise<{ app: TestApp; other: Sessions<any>; counting: CountingStore }> {
  const channel = createChannel(service.pubSub())
  const { app } = await loggedIn({ channel })
  const counting = new CountingStore()
  const other = anotherProcess(app, { store: counting.over(app.store), channel: createChannel(service.pubSub()) })
  await pass(1000)
  return { app, other, counting }
}

describe('createSessions({ channel })', () => {
  it.each<[string, string, (app: TestApp) => unknown]>([
    ['a logout', 'ended', (app) => app.request((session) => session.logout())],
    ['users.revoke()', 'ended', (app) => app.sessions.users.revoke('ada')],
    ['a login', 'new-id', (app) => app.request((session) => session.login('ada'))],
    ['the removal of the user', 'other-user', (app) => app.request((session) => void session.delete('userId'))],
  ])('ends watches in other processes at once after %s', async (_, reason, end) => {
    const { app, other } = await twoProcesses()
    const ends = await watch(other, await app.open(app.browser, other))
    await end(app)
    await settle()
    expect(ends).toEqual([reason])
  })

  it('publishes nothing but ends and new ids, and no id', async () => {
    const service = new Service()
    const { app } = await twoProcesses(service)
    service.texts.length = 0
    await app.request((session) => void session.set('a', 1))
    await app.request((session) => session.get('a'))
    expect(service.texts.filter((text) => !text.includes('heartbeat'))).toEqual([])
    await app.request((session) => session.cycleId())
    await app.request((session) => session.logout())
    await settle()
    const { length } = service.texts.filter((text) => text.includes('"ended"'))
    expect(length).toBe(2)
    for (const text of service.texts) expect(text).not.toContain(app.browser.id ?? '.')
  })

  it('costs one load for a forged message, which ends nothing', async () => {
    const service = new Service()
    const { app, other, counting } = await twoProcesses(service)
    const session = await app.open(app.browser, other)
    const ends = await watch(other, session)
    counting.loads = 0
    service.publish(JSON.stringify(['forged', 'ended', session.handle]))
    await settle()
    expect([counting.loads, ends]).toEqual([1, []])
    for (const text of ['', '{', 'null', '[]', '["x"]', '["x","ended",7]', '["x","heartbeat","7"]', '["x","other","y"]', '[7,"ended","y"]'])
      service.publish(text)
    await settle()
    expect([counting.loads, ends]).toEqual([1, []])
  })

  it('ends watches at the next check while the channel is interrupted, and at once when it works again', async () => {
    const service = new Service()
    const { app, other } = await twoProcesses(service)
    const ends = await watch(other, await app.open(app.browser, other))
    service.interrupt()
    await app.sessions.users.revoke('ada')
    await settle()
    expect(ends).toEqual([])
    await pass(30_000)
    expect(ends).toEqual(['ended'])
    service.isDown = false
    await pass(1000)
    await app.request((session) => session.login('grace'))
    const again = await watch(other, await app.open(app.browser, other))
    await app.sessions.users.revoke('grace')
    await settle()
    expect(again).toEqual(['ended'])
  })

  it('checks all sessions within 30 seconds when the channel works again, because messages were missed', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5) // the hourly checks are at half past
    const service = new Service()
    const { app, other } = await twoProcesses(service)
    const ends = await watch(other, await app.open(app.browser, other), { poll: '1h' })
    await pass(3_600_000)
    service.interrupt()
    await app.sessions.users.revoke('ada')
    await pass(60_000)
    expect(ends).toEqual([])
    service.isDown = false
    await pass(31_000)
    expect(ends).toEqual(['ended'])
  })

  it('does not wait for the channel', async () => {
    const never = new Promise<never>(() => undefined)
    const channel = createChannel({ publish: () => never, subscribe: () => never, close: () => never })
    const { app } = await loggedIn({ channel })
    await app.request((session) => session.logout())
    expect(await app.rows()).toEqual([])
  })
})

describe('one channel', () => {
  it('serves several managers and caches of a process, and is closed by the last of them', async () => {
    const service = new Service()
    const channel = createChannel(service.pubSub())
    const rows = new MemoryStore()
    const cached = (): CachedStore => new CachedStore({ store: rows, cache: new MemoryStore(), maxStale: '1h', channel })
    const { app } = await loggedIn({ store: cached(), channel })
    const second = createSessions<any>({ store: cached(), channel, clearExpired: false, clock: app.clock.read })
    await pass(1000)
    expect(service.subscribers.size).toBe(1)
    const session = await app.open(app.browser, second)
    const ends = await watch(second, session)
    await app.sessions.users.revoke('ada')
    await settle()
    expect(ends).toEqual(['ended'])
    expect((await app.open(app.browser, second)).userId).toBeUndefined()
    await app.sessions.close()
    expect(service.closed).toBe(0)
    await second.close()
    expect(service.closed).toBe(1)
    await pass(5000)
    const { length } = service.texts
    await pass(5000)
    expect(service.texts.length).toBe(length)
  })

  it('of caches and managers does not make two processes load a session again and again', async () => {
    const service = new Service()
    const rows = new MemoryStore()
    const counting = new CountingStore()
    const make = (channel: Channel): CachedStore =>
      new CachedStore({ store: counting.over(rows), cache: new MemoryStore(), maxStale: '1h', channel })
    const [one, two] = [createChannel(service.pubSub()), createChannel(service.pubSub())]
    const { app } = await loggedIn({ store: make(one), channel: one })
    const other = app.createManager({ store: make(two), channel: two, clearExpired: false })
    await pass(1000)
    const ends = [await watch(app.sessions, await app.open()), await watch(other, await app.open(app.browser, other))]
    await pass(30_000)
    counting.loads = 0
    await pass(30_000)
    expect(counting.loads).toBeLessThanOrEqual(4)
    await app.sessions.users.revoke('ada')
    await settle()
    expect(ends).toEqual([['ended'], ['ended']])
  })

  it('can be used again after it was closed', async () => {
    const service = new Service()
    const channel = createChannel(service.pubSub())
    await channel.subscribe({ onMessage: () => undefined, onInterrupt: () => undefined }).close()
    const received: string[] = []
    channel.subscribe({ onMessage: (_kind, value) => received.push(value), onInterrupt: () => undefined })
    await pass(1000)
    service.publish(JSON.stringify(['other', 'changed', 'key']))
    expect(received).toEqual(['key'])
  })
})

it('createChannel and the option `channel` refuse what is no channel', () => {
  const service = new Service().pubSub()
  const store = new MemoryStore()
  for (const wrong of [undefined, {}, { publish: service.publish, subscribe: service.subscribe }])
    expect(catchError(() => createChannel(wrong as never))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  for (const channel of [service, {}, null, 'redis'] as never[])
    expect(catchError(() => createSessions({ store, channel }))).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining('`channel`'),
    })
})
