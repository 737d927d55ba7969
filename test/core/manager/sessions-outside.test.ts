import { describe, expect, it } from 'vitest'
import { adapterOf, createSessions } from '../../../src/core/manager/sessions.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { Browser, rejection, thrown, World, worldWith } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

describe('outside of requests', () => {
  it('create makes a session that save gives a row and an id', async () => {
    const world = new World()
    const session = world.sessions.create()
    session.set('a', 1)
    expect(session.id).toBeUndefined()
    await session.save()
    expect(await world.read(new Browser(`__Host-sid=${session.id}`))).toEqual({ a: 1 })
  })

  it('load opens the session of an id, to be saved by hand', async () => {
    const world = await worldWith({ a: 1 })
    const session = await world.sessions.load(world.browser.id as string)
    expect([session.get('a'), session.isNew]).toEqual([1, false])
    session.set('b', 2)
    await session.save()
    expect(await world.read()).toEqual({ a: 1, b: 2 })
  })

  it('load of an id that leads nowhere gives an empty session, and to save in it is SessionEndedError: no row that nobody owns', async () => {
    const world = await worldWith({ a: 1 })
    for (const id of ['', 'junk', `${'A'.repeat(16)}.${'B'.repeat(32)}`]) {
      const session = await world.sessions.load(id)
      expect([session.size, session.isNew, session.id]).toEqual([0, true, undefined])
      session.set('report', 'ready')
      expect((await rejection(session.save())).code).toBe('ERR_SESSION_ENDED')
    }
    expect((await world.rows()).length).toBe(1)
  })

  it('load rejects with StoreError when the store fails', async () => {
    const world = await worldWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    ;(world.store as ScriptedStore).on({
      load: () => {
        throw new Error('down')
      },
    })
    expect((await rejection(world.sessions.load(world.browser.id as string))).code).toBe('ERR_SESSION_STORE')
  })

  it('of finds the session bound to a request, and names the missing middleware otherwise', async () => {
    const world = new World()
    const [request, session] = [{}, await world.open()]
    adapterOf(world.sessions).bind(request, session)
    expect(world.sessions.of(request)).toBe(session)
    const error = thrown(() => world.sessions.of({}))
    expect(error.code).toBe('ERR_SESSION_CONFIG')
    expect(error.message).toContain('middleware')
    expect(thrown(() => world.manager().of(request)).code).toBe('ERR_SESSION_CONFIG')
  })

  it('a session of another manager is refused', async () => {
    const world = new World()
    const session = await world.open()
    expect((await rejection(world.manager().commit(session, { status: 200 }))).code).toBe('ERR_SESSION_CONFIG')
  })

  it('close closes the store, and a second time does nothing', async () => {
    const world = new World()
    await world.sessions.close()
    await world.sessions.close()
  })

  it('close leaves the store to the other managers that use it, and the last one closes it', async () => {
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

  it('a manager that could not be made keeps no store open', async () => {
    const store = new SqliteStore(':memory:')
    expect(thrown(() => createSessions({ store, random: () => new Uint8Array(1) })).code).toBe('ERR_SESSION_CONFIG')
    const sessions = createSessions({ store })
    await sessions.close()
    await expect(store.load({ key: 'a', now: 0 })).rejects.toThrow('The store is closed')
  })
})
