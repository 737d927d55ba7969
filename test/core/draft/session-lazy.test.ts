import { describe, expect, it } from 'vitest'
import { NotLoadedError } from '../../../src/index.ts'
import { rejection, thrown, World, worldWith } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

describe('lazy', () => {
  it('nothing is loaded before load; whatever tells of the state throws NotLoadedError with the line to add', async () => {
    const world = await worldWith({ a: 1, list: [] }, { lazy: true })
    const session = await world.open()
    expect(world.events).toEqual([])
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
      const error = thrown(reader)
      expect(error, String(reader)).toBeInstanceOf(NotLoadedError)
      expect(error.message).toContain('await session.load()')
    }
    expect((await rejection(session.claim('a'))).code).toBe('ERR_SESSION_NOT_LOADED')
  })

  it('load reads it, once', async () => {
    const world = await worldWith({ a: 1 }, { lazy: true })
    await world.visit(async (session) => {
      await session.load()
      await session.load()
      expect([session.get('a'), session.isNew]).toEqual([1, false])
    })
    expect(world.types()).toEqual(['loaded', 'unchanged'])
  })

  it('a request that does nothing with it costs nothing at all', async () => {
    const world = await worldWith({ a: 1 }, { lazy: true }, (memory) => new ScriptedStore(memory))
    ;(world.store as ScriptedStore).calls.length = 0
    await world.visit(() => undefined)
    expect((world.store as ScriptedStore).calls).toEqual([])
  })

  it('set, assign, clear, login, flash and cycleId work without; they are laid on the newest state', async () => {
    const world = await worldWith({ a: 1, b: 1 }, { lazy: true })
    await world.visit((session) => session.assign({ b: 2, c: 3 }))
    expect((await world.sessions.load(world.browser.id as string)).toObject()).toEqual({ a: 1, b: 2, c: 3 })
    await world.visit((session) => session.login(7))
    expect((await world.sessions.load(world.browser.id as string)).toObject()).toEqual({ a: 1, b: 2, c: 3, userId: 7 })
    await world.visit((session) => {
      session.clear()
      session.set('d', 4)
    })
    expect((await world.sessions.load(world.browser.id as string)).toObject()).toEqual({ d: 4 })
  })

  it('flush works without, and loads nothing', async () => {
    const world = await worldWith({ a: 1 }, { lazy: true }, (memory) => new ScriptedStore(memory))
    ;(world.store as ScriptedStore).calls.length = 0
    const { headers } = await world.visit((session) => session.flush())
    expect([(await world.rows()).length, headers.getSetCookie().length]).toEqual([0, 1])
    expect((world.store as ScriptedStore).calls).toEqual(['delete'])
  })

  it('a login over another user’s session that was never loaded ends that one', async () => {
    const world = new World({ lazy: true })
    await world.visit((session) => {
      session.set('private', 1)
      session.login(1)
    })
    await world.visit((session) => session.login(2))
    expect((await world.sessions.load(world.browser.id as string)).toObject()).toEqual({ userId: 2 })
    expect((await world.rows()).length).toBe(1)
  })

  it('a write under an id that was just renewed is gone, loaded or not', async () => {
    const world = await worldWith({ a: 1 }, { lazy: true })
    const old = world.browser.copy()
    await world.visit((session) => session.cycleId())
    expect((await rejection(world.visit((session) => void session.set('b', 1), { browser: old }))).code).toBe('ERR_SESSION_ENDED')
  })

  it('without a cookie there is nothing to load: it reads as empty', async () => {
    const world = new World({ lazy: true })
    await world.visit(async (session) => {
      expect(session.get('a')).toBeUndefined()
      await session.load()
      session.set('a', 1)
    })
    expect((await world.rows()).length).toBe(1)
  })

  it('load rejects with StoreError when the store fails, and can be tried again', async () => {
    const world = await worldWith({ a: 1 }, { lazy: true }, (memory) => new ScriptedStore(memory))
    const session = await world.open()
    const store = world.store as ScriptedStore
    store.on({
      load: () => {
        throw new Error('down')
      },
    })
    expect((await rejection(session.load())).code).toBe('ERR_SESSION_STORE')
    store.on({})
    await world.back()
    await session.load()
    expect(session.get('a')).toBe(1)
  })
})
