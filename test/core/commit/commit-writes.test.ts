import { describe, expect, it } from 'vitest'
import type { Session, Sessions } from '../../../src/index.ts'
import { rejection, type World, worldWith } from '../fixture.ts'
import { forever, ScriptedStore } from '../scripted-store.ts'

/** A session of another process on the same row. */
function elsewhere(world: World, sessions: Sessions<any> = world.manager()): Promise<Session<any>> {
  return world.open(world.browser.copy(), sessions)
}

describe('what is written', () => {
  it('an uncontended change is one load and one write', async () => {
    const world = await worldWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    const store = world.store as ScriptedStore
    store.calls.length = 0
    await world.visit((session) => {
      session.set('a', 2).set('b', 3).delete('c')
      session.increment('n')
    })
    expect(store.calls).toEqual(['load', 'replace'])
  })

  it('a new session is one write, an anonymous one none', async () => {
    const world = await worldWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    const store = world.store as ScriptedStore
    store.calls.length = 0
    world.browser.cookie = undefined
    await world.visit((session) => [session.get('a'), session.userId, session.size])
    expect(store.calls).toEqual([])
    await world.visit((session) => void session.set('a', 1))
    expect(store.calls).toEqual(['create'])
  })

  it('an id that no id can be costs no I/O', async () => {
    const world = await worldWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    const store = world.store as ScriptedStore
    store.calls.length = 0
    for (const value of ['', 'junk', 'a'.repeat(49), `${'A'.repeat(16)}.${'B'.repeat(33)}`, `${'A'.repeat(16)}.${'B'.repeat(31)}=`]) {
      world.browser.cookie = `__Host-sid=${value}`
      await world.visit((session) => session.get('a'))
    }
    expect(store.calls).toEqual([])
  })

  it('untouched properties are carried over as text', async () => {
    const world = await worldWith({ a: 1 })
    await world.plant('{"price":1.0,"big":12345678901234567890,"name":"\\u00e9","z":{ "b":1, "a":2 },"a":1}')
    await world.visit((session) => void session.set('a', 2))
    const { payload } = await world.row()
    for (const text of ['"price":1.0', '"big":12345678901234567890', '"name":"\\u00e9"', '"z":{ "b":1, "a":2 }', '"a":2'])
      expect(payload).toContain(text)
    expect(JSON.parse(payload)).toEqual({ price: 1, big: Number('12345678901234567890'), name: 'é', z: { b: 1, a: 2 }, a: 2 })
  })

  it('every write has a version of its own, and leaves its mark in commits, out of reach of clear', async () => {
    const world = await worldWith({ a: 1 })
    const first = await world.row()
    await world.visit((session) => session.clear())
    const second = await world.row()
    expect(second.version).not.toBe(first.version)
    expect(second.commits).toContain(second.version)
    expect(second.commits.split(' ')).toEqual(['0', expect.stringMatching(/:2$/)])
    expect(second.payload).toBe('{}')
  })

  it('keeps the receipts of other managers, however much time passes', async () => {
    const world = await worldWith({ a: 1 }, { timeout: { request: '5s' } })
    const manager = world.manager()
    const first = (await world.row()).version
    world.clock.advance(3_600_000)
    const later = await elsewhere(world, manager)
    later.set('b', 1)
    await manager.commit(later, { status: 200 })
    expect((await world.row()).commits).toContain(first)
  })

  it('userId of the entry is the text of the property', async () => {
    const world = await worldWith({ userId: 7 })
    expect((await world.row()).userId).toBe('7')
    await world.visit((session) => void session.set('userId', 'é"x'))
    expect((await world.row()).userId).toBe('é"x')
    await world.visit((session) => void session.delete('userId'))
    expect((await world.row()).userId).toBeUndefined()
  })
})

describe('delete-then-create', () => {
  it('creates nothing when the delete fails', async () => {
    const world = await worldWith({ userId: 1 }, { timeout: { operation: '20ms', request: '60ms' } }, (memory) => new ScriptedStore(memory))
    const store = world.store as ScriptedStore
    for (const change of [(session: Session<any>) => session.login(2), (session: Session<any>) => [session.flush(), session.set('a', 1)]]) {
      const session = await world.open()
      change(session)
      store.calls.length = 0
      store.on({
        delete: () => {
          throw new Error('down')
        },
      })
      expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
      expect(store.calls).not.toContain('create')
      expect(world.sessions.headers(session).getSetCookie()).toEqual([])
      store.on({})
      expect(await world.read()).toEqual({ userId: 1 })
    }
  })

  it('with a create that fails has ended the old session all the same, and says so to the browser', async () => {
    const world = await worldWith({ a: 1 }, { timeout: { operation: '20ms', request: '60ms' } }, (memory) => new ScriptedStore(memory))
    const store = world.store as ScriptedStore
    const session = await world.open()
    session.flush()
    session.set('b', 1)
    store.on({ create: forever })
    await rejection(world.sessions.commit(session, { status: 200 }))
    expect((await world.rows()).length).toBe(0)
    expect(world.sessions.headers(session).getSetCookie()).toEqual([expect.stringContaining('__Host-sid=;')])
  })
})
