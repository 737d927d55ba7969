import { describe, expect, it } from 'vitest'
import { adapterOf, createSessions } from '../../../src/core/manager/sessions.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { appWith, Browser, catchError, catchRejection, TestApp } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

describe('sessions outside of requests', () => {
  it('create returns a session that save gives a row and an id', async () => {
    const app = new TestApp()
    const session = app.sessions.create()
    session.set('a', 1)
    expect(session.id).toBeUndefined()
    await session.save()
    expect(await app.read(new Browser(`__Host-sid=${session.id}`))).toEqual({ a: 1 })
  })

  it('load opens the session of an id for saving by hand', async () => {
    const app = await appWith({ a: 1 })
    const session = await app.sessions.load(app.browser.id as string)
    expect([session.get('a'), session.isNew]).toEqual([1, false])
    session.set('b', 2)
    await session.save()
    expect(await app.read()).toEqual({ a: 1, b: 2 })
  })

  it('load of an unknown id returns an empty session whose save rejects, so no unreachable row is created', async () => {
    const app = await appWith({ a: 1 })
    for (const id of ['', 'junk', `${'A'.repeat(16)}.${'B'.repeat(32)}`]) {
      const session = await app.sessions.load(id)
      expect([session.size, session.isNew, session.id]).toEqual([0, true, undefined])
      session.set('report', 'ready')
      expect((await catchRejection(session.save())).code).toBe('ERR_SESSION_ENDED')
    }
    expect((await app.rows()).length).toBe(1)
  })

  it('load rejects with StoreError if the store fails', async () => {
    const app = await appWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    ;(app.store as ScriptedStore).on({
      load: () => {
        throw new Error('down')
      },
    })
    expect((await catchRejection(app.sessions.load(app.browser.id as string))).code).toBe('ERR_SESSION_STORE')
  })

  it('of returns the session of a request, and names the missing middleware if there is none', async () => {
    const app = new TestApp()
    const [request, session] = [{}, await app.open()]
    adapterOf(app.sessions).bind(request, session)
    expect(app.sessions.of(request)).toBe(session)
    const error = catchError(() => app.sessions.of({}))
    expect(error.code).toBe('ERR_SESSION_CONFIG')
    expect(error.message).toContain('middleware')
    expect(catchError(() => app.createManager().of(request)).code).toBe('ERR_SESSION_CONFIG')
  })

  it('commit refuses a session of another manager', async () => {
    const app = new TestApp()
    const session = await app.open()
    expect(catchError(() => app.createManager().commit(session, { status: 200 })).code).toBe('ERR_SESSION_CONFIG')
  })

  it('close closes the store and can be called twice', async () => {
    const app = new TestApp()
    await app.sessions.close()
    await app.sessions.close()
  })

  it('close keeps the store open until the last manager that uses it is closed', async () => {
    const store = new SqliteStore(':memory:')
    const [front, admin] = [createSessions({ store }), createSessions({ store, as: 'admin', cookie: { name: 'admin' } })]
    await front.close()
    await front.close()
    const session = admin.create()
    session.set('a', 1)
    await session.save()
    await admin.close()
    await expect(session.reload()).rejects.toThrow('The store is closed')
  })

  it('a manager whose creation failed does not keep the store open', async () => {
    const store = new SqliteStore(':memory:')
    expect(catchError(() => createSessions({ store, random: () => new Uint8Array(1) })).code).toBe('ERR_SESSION_CONFIG')
    const sessions = createSessions({ store })
    await sessions.close()
    await expect(store.load({ key: 'a', now: 0 })).rejects.toThrow('The store is closed')
  })
})
