import { describe, expect, it, vi } from 'vitest'
import { NotLoadedError } from '../../../src/index.ts'
import { appWith, catchError, catchRejection, TestApp } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

describe('lazy', () => {
  it('throws NotLoadedError with the missing call for every read before load', async () => {
    const app = await appWith({ a: 1, list: [] }, { lazy: true })
    const session = await app.open()
    expect(app.events).toEqual([])
    const readers = [
      () => session.get('a'),
      () => session.has('a'),
      () => session.delete('a'),
      () => session.pop('a'),
      () => session.setDefault('a', 1),
      () => session.update('a', () => 1),
      () => session.increment('a'),
      () => session.push('list', 1),
      () => session.userId,
      () => session.expiresAt,
      () => session.endsWithBrowser,
      () => session.isNew,
      () => session.flashed('x'),
      () => session.size,
      () => [...session],
      () => session.toObject(),
      () => session.data['a'],
      () => 'a' in session.data,
      () => JSON.stringify(session),
    ]
    for (const reader of readers) {
      const error = catchError(reader)
      expect(error, String(reader)).toBeInstanceOf(NotLoadedError)
      expect(error.message).toContain('await session.load()')
    }
    expect((await catchRejection(session.claim('a'))).code).toBe('ERR_SESSION_NOT_LOADED')
  })

  it('load reads the session once', async () => {
    const app = await appWith({ a: 1 }, { lazy: true })
    await app.request(async (session) => {
      await session.load()
      await session.load()
      expect([session.get('a'), session.isNew]).toEqual([1, false])
    })
    expect(app.eventTypes()).toEqual(['loaded', 'unchanged'])
  })

  it('costs no store call if the session is not used', async () => {
    const app = await appWith({ a: 1 }, { lazy: true }, (memory) => new ScriptedStore(memory))
    ;(app.store as ScriptedStore).calls.length = 0
    await app.request(() => undefined)
    expect((app.store as ScriptedStore).calls).toEqual([])
  })

  it('set, assign, clear, login, flash and cycleId work without load and apply to the newest state', async () => {
    const app = await appWith({ a: 1, b: 1 }, { lazy: true })
    await app.request((session) => session.assign({ b: 2, c: 3 }))
    expect((await app.sessions.load(app.browser.id as string)).toObject()).toEqual({ a: 1, b: 2, c: 3 })
    await app.request((session) => session.login(7))
    expect((await app.sessions.load(app.browser.id as string)).toObject()).toEqual({ a: 1, b: 2, c: 3, userId: 7 })
    await app.request((session) => {
      session.clear()
      session.set('d', 4)
    })
    expect((await app.sessions.load(app.browser.id as string)).toObject()).toEqual({ d: 4 })
  })

  it('flush works without load', async () => {
    const app = await appWith({ a: 1 }, { lazy: true }, (memory) => new ScriptedStore(memory))
    ;(app.store as ScriptedStore).calls.length = 0
    const { headers } = await app.request((session) => session.flush())
    expect([(await app.rows()).length, headers.getSetCookie().length]).toEqual([0, 1])
    expect((app.store as ScriptedStore).calls).toEqual(['delete'])
  })

  it('login ends the session of another user that was not loaded', async () => {
    const app = new TestApp({ lazy: true })
    await app.request((session) => {
      session.set('private', 1)
      session.login(1)
    })
    await app.request((session) => session.login(2))
    expect((await app.sessions.load(app.browser.id as string)).toObject()).toEqual({ userId: 2 })
    expect((await app.rows()).length).toBe(1)
  })

  it('a write under a renewed id rejects with SessionEndedError', async () => {
    const app = await appWith({ a: 1 }, { lazy: true })
    const old = app.browser.copy()
    await app.request((session) => session.cycleId())
    expect((await catchRejection(app.request((session) => void session.set('b', 1), { browser: old }))).code).toBe('ERR_SESSION_ENDED')
  })

  it('reads an empty session without a cookie', async () => {
    const app = new TestApp({ lazy: true })
    await app.request(async (session) => {
      expect(session.get('a')).toBeUndefined()
      await session.load()
      session.set('a', 1)
    })
    expect((await app.rows()).length).toBe(1)
  })

  it('load rejects with StoreError if the store fails, and can be retried', async () => {
    const app = await appWith({ a: 1 }, { lazy: true }, (memory) => new ScriptedStore(memory))
    const session = await app.open()
    const store = app.store as ScriptedStore
    store.on({
      load: () => {
        throw new Error('down')
      },
    })
    expect((await catchRejection(session.load())).code).toBe('ERR_SESSION_STORE')
    await vi.waitUntil(() => app.eventTypes().includes('store-down'))
    store.on({})
    await app.waitForStore()
    await session.load()
    expect(session.get('a')).toBe(1)
  })
})
