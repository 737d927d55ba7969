import { describe, expect, it } from 'vitest'
import type { Session, Sessions } from '../../../src/index.ts'
import { appWith, catchRejection, MINUTE, START, type TestApp } from '../fixture.ts'
import { firstCalls, ScriptedStore, sleep } from '../scripted-store.ts'

/** Opens the session as another process would. */
function openElsewhere(app: TestApp, sessions: Sessions<any> = app.createManager()): Promise<Session<any>> {
  return app.open(app.browser.copy(), sessions)
}

describe('a commit after another process changed the session', () => {
  it('applies its changes to the newest state and keeps changes of other properties', async () => {
    const app = await appWith({ a: 1, b: 1, c: 1 })
    const [here, manager] = [await app.open(), app.createManager()]
    const there = await openElsewhere(app, manager)
    here.set('a', 'here').delete('b')
    there.set('c', 'there').set('d', 'there')
    await manager.commit(there, { status: 200 })
    await app.sessions.commit(here, { status: 200 })
    expect(await app.read()).toEqual({ a: 'here', c: 'there', d: 'there' })
    expect(app.eventTypes().filter((type) => type === 'merged' || type === 'overwritten')).toEqual(['merged'])
  })

  it('keeps a deletion when the other request writes another property, in either order', async () => {
    for (const order of [0, 1]) {
      const app = await appWith({ darkMode: true, cart: [] })
      const deletes = await app.open()
      const writes = await app.open()
      deletes.delete('darkMode')
      writes.push('cart', 1)
      for (const session of order === 0 ? [deletes, writes] : [writes, deletes]) await app.sessions.commit(session, { status: 200 })
      expect(await app.read()).toEqual({ cart: [1] })
    }
  })

  it('keeps the last change of one property and emits overwritten', async () => {
    const app = await appWith({ theme: 'light' })
    const [first, second] = [await app.open(), await app.open()]
    first.set('theme', 'first')
    second.set('theme', 'second')
    await app.sessions.commit(second, { status: 200 })
    await app.sessions.commit(first, { status: 200 })
    expect(await app.read()).toEqual({ theme: 'first' })
    expect(app.events.filter(({ type }) => type === 'overwritten')).toEqual([
      expect.objectContaining({ property: 'theme', reason: 'set-by-both' }),
    ])
  })

  it('clears every property that is present when it commits', async () => {
    const app = await appWith({ a: 1 })
    const clears = await app.open()
    clears.clear()
    clears.set('mine', 1)
    await app.request((other) => void other.set('theirs', 1))
    await app.sessions.commit(clears, { status: 200 })
    expect(await app.read()).toEqual({ mine: 1 })
  })

  it('computes the expiry from the merged state', async () => {
    const app = await appWith({ a: 1 })
    const session = await app.open()
    session.set('b', 1)
    await app.request((other) => other.setExpiry('1h'))
    app.clock.advance(MINUTE)
    await app.sessions.commit(session, { status: 200 })
    expect((await app.row()).expiresAt).toBe(START + 61 * MINUTE)
  })

  it('rejects with SessionEndedError if the id was renewed', async () => {
    const app = await appWith({ a: 1 })
    const session = await app.open()
    session.set('b', 1)
    await app.request((other) => other.cycleId())
    expect((await catchRejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
    expect(await app.read()).toEqual({ a: 1 })
  })

  it('retries until it succeeds, so all increments of ten processes count', async () => {
    const app = await appWith({ n: 0 })
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const manager = app.createManager()
        for (let round = 0; round < 10; round++) {
          const session = await openElsewhere(app, manager)
          session.increment('n')
          await manager.commit(session, { status: 200 })
        }
      }),
    )
    expect(await app.read()).toEqual({ n: 100 })
  })

  it('rejects with BusyError at its deadline and saves nothing', async () => {
    const app = await appWith({ n: 0 }, { timeout: { operation: '50ms', request: '80ms' } }, (memory) => new ScriptedStore(memory))
    const session = await app.open()
    session.set('mine', 1)
    let version = 0
    const store = app.store as ScriptedStore
    store.on({
      replace: async (next) => {
        const current = await app.row()
        await app.replacePayload(current.payload)
        version += 1
        return next()
      },
    })
    expect(await catchRejection(app.sessions.commit(session, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_BUSY', status: 503 })
    expect(version).toBeGreaterThan(2)
    store.on({})
    expect(await app.read()).toEqual({ n: 0 })
  })

  it('rejects a request that waited for another one with BusyError too', async () => {
    const app = await appWith({ n: 0 }, { timeout: { operation: '50ms', request: '80ms' } }, (memory) => new ScriptedStore(memory))
    const [first, second] = await Promise.all([app.open(), app.open()])
    first.set('first', 1)
    second.set('second', 1)
    const store = app.store as ScriptedStore
    store.on({
      replace: async (next) => {
        await app.replacePayload((await app.row()).payload)
        return next()
      },
    })
    const ended = catchRejection(app.sessions.commit(first, { status: 200 }))
    await sleep(30) // its deadline is later, so it is written after the first one
    expect((await catchRejection(app.sessions.commit(second, { status: 200 }))).code).toBe('ERR_SESSION_BUSY')
    expect((await ended).code).toBe('ERR_SESSION_BUSY')
    store.on({})
    expect(await app.read()).toEqual({ n: 0 })
  })

  it('does not overwrite an unreadable payload', async () => {
    const app = await appWith({ n: 0 })
    const session = await app.open()
    session.set('mine', 1)
    await app.replacePayload('no json at all')
    expect((await catchRejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_STORE')
    expect((await app.row()).payload).toBe('no json at all')
  })
})

describe('a session that is opened twice in one process', () => {
  it('reads the changes of a commit whose response has started', async () => {
    const app = await appWith({ n: 0 })
    for (let round = 1; round <= 20; round++) {
      await app.request((session) => session.increment('n'))
      expect(await app.read()).toEqual({ n: round })
    }
  })

  it('writes all waiting commits together after a slow write', async () => {
    const app = await appWith({ n: 0 }, {}, (memory) => new ScriptedStore(memory))
    const store = app.store as ScriptedStore
    store.on({
      replace: firstCalls(1, async (next) => {
        await sleep(30)
        return next()
      }),
    })
    const sessions = await Promise.all([app.open(), app.open(), app.open()])
    for (const session of sessions) session.increment('n')
    await Promise.all(sessions.map((session) => app.sessions.commit(session, { status: 200 })))
    expect(await app.read()).toEqual({ n: 3 })
    expect(store.calls.filter((call) => call === 'replace').length).toBe(2)
  })
})
