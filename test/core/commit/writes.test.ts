import { describe, expect, it } from 'vitest'
import type { Session, Sessions } from '../../../src/index.ts'
import { appWith, catchRejection, type TestApp } from '../fixture.ts'
import { neverSettles, ScriptedStore } from '../scripted-store.ts'

/** Opens the session as another process would. */
function openElsewhere(app: TestApp, sessions: Sessions<any> = app.createManager()): Promise<Session<any>> {
  return app.open(app.browser.copy(), sessions)
}

describe('the writes of a commit', () => {
  it('are one load and one replace for a change without a conflict', async () => {
    const app = await appWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    const store = app.store as ScriptedStore
    store.calls.length = 0
    await app.request((session) => {
      session.set('a', 2).set('b', 3).delete('c')
      session.increment('n')
    })
    expect(store.calls).toEqual(['load', 'replace'])
  })

  it('are one create for a new session and none for an anonymous request', async () => {
    const app = await appWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    const store = app.store as ScriptedStore
    store.calls.length = 0
    app.browser.cookie = undefined
    await app.request((session) => [session.get('a'), session.userId, session.size])
    expect(store.calls).toEqual([])
    await app.request((session) => void session.set('a', 1))
    expect(store.calls).toEqual(['create'])
  })

  it('do not include any I/O for a malformed id', async () => {
    const app = await appWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    const store = app.store as ScriptedStore
    store.calls.length = 0
    for (const value of ['', 'junk', 'a'.repeat(49), `${'A'.repeat(16)}.${'B'.repeat(33)}`, `${'A'.repeat(16)}.${'B'.repeat(31)}=`]) {
      app.browser.cookie = `__Host-sid=${value}`
      await app.request((session) => session.get('a'))
    }
    expect(store.calls).toEqual([])
  })

  it('carry unchanged properties over as text', async () => {
    const app = await appWith({ a: 1 })
    await app.replacePayload('{"price":1.0,"big":12345678901234567890,"name":"\\u00e9","z":{ "b":1, "a":2 },"a":1}')
    await app.request((session) => void session.set('a', 2))
    const { payload } = await app.row()
    for (const text of ['"price":1.0', '"big":12345678901234567890', '"name":"\\u00e9"', '"z":{ "b":1, "a":2 }', '"a":2'])
      expect(payload).toContain(text)
    expect(JSON.parse(payload)).toEqual({ price: 1, big: Number('12345678901234567890'), name: 'é', z: { b: 1, a: 2 }, a: 2 })
  })

  it('have a new version each, and a receipt in commits that clear does not remove', async () => {
    const app = await appWith({ a: 1 })
    const first = await app.row()
    await app.request((session) => session.clear())
    const second = await app.row()
    expect(second.version).not.toBe(first.version)
    expect(second.commits).toContain(second.version)
    expect(second.commits.split(' ')).toEqual(['0', expect.stringMatching(/:2$/)])
    expect(second.payload).toBe('{}')
  })

  it('keep the receipts of other managers, however much time passes', async () => {
    const app = await appWith({ a: 1 }, { timeout: { request: '5s' } })
    const manager = app.createManager()
    const first = (await app.row()).version
    app.clock.advance(3_600_000)
    const later = await openElsewhere(app, manager)
    later.set('b', 1)
    await manager.commit(later, { status: 200 })
    expect((await app.row()).commits).toContain(first)
  })

  it('store the property userId as text in the entry', async () => {
    const app = await appWith({ userId: 7 })
    expect((await app.row()).userId).toBe('7')
    await app.request((session) => void session.set('userId', 'é"x'))
    expect((await app.row()).userId).toBe('é"x')
    await app.request((session) => void session.delete('userId'))
    expect((await app.row()).userId).toBeUndefined()
  })
})

describe('delete-then-create', () => {
  it('creates nothing if the delete fails', async () => {
    const app = await appWith({ userId: 1 }, { timeout: { operation: '20ms', request: '60ms' } }, (memory) => new ScriptedStore(memory))
    const store = app.store as ScriptedStore
    for (const change of [(session: Session<any>) => session.login(2), (session: Session<any>) => [session.flush(), session.set('a', 1)]]) {
      const session = await app.open()
      change(session)
      store.calls.length = 0
      store.on({
        delete: () => {
          throw new Error('down')
        },
      })
      expect((await catchRejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
      expect(store.calls).not.toContain('create')
      expect(app.sessions.headers(session).getSetCookie()).toEqual([])
      store.on({})
      expect(await app.read()).toEqual({ userId: 1 })
    }
  })

  it('ends the old session and deletes its cookie even if the create fails', async () => {
    const app = await appWith({ a: 1 }, { timeout: { operation: '20ms', request: '60ms' } }, (memory) => new ScriptedStore(memory))
    const store = app.store as ScriptedStore
    const session = await app.open()
    session.flush()
    session.set('b', 1)
    store.on({ create: neverSettles })
    await catchRejection(app.sessions.commit(session, { status: 200 }))
    expect((await app.rows()).length).toBe(0)
    expect(app.sessions.headers(session).getSetCookie()).toEqual([expect.stringContaining('__Host-sid=;')])
  })
})
