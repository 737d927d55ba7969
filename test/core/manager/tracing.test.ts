import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StoreError } from '../../../src/core/base/errors.ts'
import type { Trace } from '../../../src/core/base/tracing.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { appWith, catchRejection, TestApp } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

type Message = Trace & Record<string, unknown>

const CHANNELS = ['load', 'commit', 'store'] as const
const messages: Message[] = []
const subscribers = CHANNELS.map((name) => ({
  channel: tracingChannel(`sojourn.${name}`),
  handlers: {
    start: (message: unknown) => (message as Message)['outcome'] === undefined,
    end: () => undefined,
    asyncStart: () => undefined,
    asyncEnd: (message: unknown) => void messages.push({ ...(message as Message), channel: name }),
    error: () => undefined,
  },
}))

beforeEach(() => {
  messages.length = 0
  for (const { channel, handlers } of subscribers) channel.subscribe(handlers)
})

afterEach(() => {
  for (const { channel, handlers } of subscribers) channel.unsubscribe(handlers)
})

describe('the tracing channels', () => {
  it('report a request that changes its session, from the inside out', async () => {
    const app = await appWith({ n: 1 })
    messages.length = 0
    const { session } = await app.request((opened) => opened.increment('n'))
    const { handle } = session
    expect(messages).toEqual([
      { channel: 'store', manager: 'session', operation: 'load', store: 'MemoryStore', outcome: 'done', result: undefined },
      { channel: 'load', manager: 'session', handle, outcome: 'found', result: undefined },
      { channel: 'store', manager: 'session', operation: 'replace', store: 'MemoryStore', outcome: 'done', result: undefined },
      { channel: 'commit', manager: 'session', previousHandle: handle, handle, outcome: 'saved', result: undefined },
    ])
  })

  it('publish neither an id nor a value', async () => {
    const app = await appWith({ card: 'value-4111' })
    const { session } = await app.request(async (opened) => {
      opened.set('card', 'value-4222')
      await opened.claim('card')
      opened.login('user-ada')
    })
    await app.sessions.users.list('user-ada')
    const texts = JSON.stringify(messages)
    expect(messages.length).toBeGreaterThan(6)
    expect(texts).not.toMatch(/value-|user-ada/)
    for (const part of session.id?.split('.').slice(1) ?? []) expect(texts).not.toContain(part)
  })

  it.each<[outcome: string, change: (app: TestApp) => Promise<unknown>]>([
    ['created', (app) => app.request((session) => session.set('a', 1), { browser: app.browser.copy() })],
    ['unchanged', (app) => app.request((session) => session.get('a'))],
    ['ended', (app) => app.request((session) => session.flush())],
    ['claimed', async (app) => (await app.open()).claim('a')],
    ['unchanged', (app) => app.request((session) => session.set('a', 1), { status: 500 })],
  ])('report the outcome %s', async (outcome, change) => {
    const app = outcome === 'created' ? new TestApp() : await appWith({ a: 1 })
    messages.length = 0
    await change(app)
    expect(messages.filter(({ channel }) => channel === 'commit').map((message) => message['outcome'])).toEqual([outcome])
  })

  it('report a session that does not exist, and one that ended during the request', async () => {
    const app = await appWith({ a: 1 })
    const session = await app.open()
    await app.request((other) => other.flush(), { browser: app.browser.copy() })
    messages.length = 0
    await session.reload()
    await app.open()
    expect(messages.filter(({ channel }) => channel === 'load').map((message) => message['outcome'])).toEqual(['ended', 'absent'])
  })

  it('report a conflict of two writers as stale', async () => {
    const app = await appWith({ n: 0 })
    const elsewhere = app.createManager()
    const other = await app.open(app.browser, elsewhere)
    await app.request((session) => session.increment('n'))
    messages.length = 0
    await other.set('m', 1).save()
    const outcomes = messages.filter(({ operation }) => operation === 'replace').map((message) => message['outcome'])
    expect(outcomes).toEqual(['stale', 'done'])
  })

  it('contain the error of a failed operation', async () => {
    const app = await appWith({ n: 0 }, {}, (memory) => new ScriptedStore(memory))
    const session = await app.open()
    ;(app.store as ScriptedStore).on({
      replace() {
        throw new StoreError('replace', new Error('the disk is full'), { remedy: 'Free some space.' })
      },
    })
    messages.length = 0
    const error = await catchRejection(session.set('n', 1).save())
    const commit = messages.find(({ channel }) => channel === 'commit')
    expect(commit).toMatchObject({ error, outcome: 'saved' })
    expect(commit).not.toHaveProperty('handle')
  })

  it('name the manager by its option `as`', async () => {
    await new TestApp({ as: 'adminSession', cookie: { name: 'admin' } }).request((session) => session.set('a', 1))
    expect(new Set(messages.map(({ manager }) => manager))).toEqual(new Set(['adminSession']))
  })

  it('run the operation in the context that a subscriber of `start` sets', async () => {
    const context = new AsyncLocalStorage<string>()
    const seen: (string | undefined)[] = []
    class Store extends MemoryStore {
      override load(...args: Parameters<MemoryStore['load']>): ReturnType<MemoryStore['load']> {
        seen.push(context.getStore())
        return super.load(...args)
      }
    }
    const app = new TestApp({ store: new Store() })
    await app.request((session) => session.set('a', 1))
    const start = (message: unknown): void => {
      ;(message as Trace).runIn = (run) => context.run('in the span', run)
    }
    subscribe('tracing:sojourn.load:start', start)
    await app.open()
    unsubscribe('tracing:sojourn.load:start', start)
    await app.open()
    expect(seen).toEqual(['in the span', undefined])
  })
})

describe('the channel sojourn.event', () => {
  it('has every event with its manager, also without the option `onEvent`', async () => {
    const published: unknown[] = []
    const listener = (message: unknown): void => void published.push(message)
    subscribe('sojourn.event', listener)
    const app = new TestApp({ onEvent: (event) => app.events.push(event) })
    await app.request((session) => session.set('a', 1))
    const before = published.length
    await new TestApp({ onEvent: undefined as never }).request((session) => session.set('a', 1))
    unsubscribe('sojourn.event', listener)
    expect(published.slice(0, before)).toEqual(app.events.map((event) => ({ manager: 'session', event })))
    expect(published.length).toBe(2 * before)
  })
})

describe('other runtimes', () => {
  const { getBuiltinModule } = process

  afterEach(() => {
    process.getBuiltinModule = getBuiltinModule
  })

  /** Stores and loads a session with a new copy of the package. */
  async function useSession(): Promise<void> {
    vi.resetModules()
    const { createSessions } = await import('../../../src/index.ts')
    const sessions = createSessions<{ a: number }>({ store: new MemoryStore() })
    const session = sessions.create()
    await session.set('a', 1).save()
    expect((await sessions.load(session.id ?? '')).get('a')).toBe(1)
  }

  it('without diagnostics channels have sessions and no traces', async () => {
    process.getBuiltinModule = undefined as never
    await useSession()
    expect(messages).toEqual([])
  })

  it('whose tracing channels do not say whether they have subscribers, such as Bun, have traces', async () => {
    const { channel, tracingChannel: original } = getBuiltinModule('node:diagnostics_channel')
    const withoutProperty = (name: string): object => {
      const { start, asyncEnd, error, tracePromise } = original(name)
      return { start, asyncEnd, error, tracePromise: tracePromise.bind(original(name)) }
    }
    process.getBuiltinModule = (() => ({ channel, tracingChannel: withoutProperty })) as never
    await useSession()
    expect(messages.map((message) => message['channel'])).toEqual(['store', 'commit', 'store', 'load'])
  })
})
