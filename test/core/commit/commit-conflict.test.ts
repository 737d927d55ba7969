import { describe, expect, it } from 'vitest'
import type { Session, Sessions } from '../../../src/index.ts'
import { MINUTE, rejection, START, type World, worldWith } from '../fixture.ts'
import { real, ScriptedStore, times } from '../scripted-store.ts'

/** A session of another process on the same row. */
function elsewhere(world: World, sessions: Sessions<any> = world.manager()): Promise<Session<any>> {
  return world.open(world.browser.copy(), sessions)
}

describe('a request whose state was changed by another process meanwhile', () => {
  it('lays its changes on the newest state: different properties are all kept', async () => {
    const world = await worldWith({ a: 1, b: 1, c: 1 })
    const [here, manager] = [await world.open(), world.manager()]
    const there = await elsewhere(world, manager)
    here.set('a', 'here').delete('b')
    there.set('c', 'there').set('d', 'there')
    await manager.commit(there, { status: 200 })
    await world.sessions.commit(here, { status: 200 })
    expect(await world.read()).toEqual({ a: 'here', c: 'there', d: 'there' })
    expect(world.types().filter((type) => type === 'merged' || type === 'overwritten')).toEqual(['merged'])
  })

  it('a deletion stays deleted when the other writes another property, in either order', async () => {
    for (const order of [0, 1]) {
      const world = await worldWith({ darkMode: true, cart: [] })
      const deletes = await world.open()
      const writes = await world.open()
      deletes.delete('darkMode')
      writes.push('cart', 1)
      for (const session of order === 0 ? [deletes, writes] : [writes, deletes]) await world.sessions.commit(session, { status: 200 })
      expect(await world.read()).toEqual({ cart: [1] })
    }
  })

  it('on the same property the last committed wins, and an event says so', async () => {
    const world = await worldWith({ theme: 'light' })
    const [first, second] = [await world.open(), await world.open()]
    first.set('theme', 'first')
    second.set('theme', 'second')
    await world.sessions.commit(second, { status: 200 })
    await world.sessions.commit(first, { status: 200 })
    expect(await world.read()).toEqual({ theme: 'first' })
    expect(world.events.filter(({ type }) => type === 'overwritten')).toEqual([
      expect.objectContaining({ property: 'theme', reason: 'set-by-both' }),
    ])
  })

  it('clear removes every property that is there when it commits', async () => {
    const world = await worldWith({ a: 1 })
    const clears = await world.open()
    clears.clear()
    clears.set('mine', 1)
    await world.visit((other) => void other.set('theirs', 1))
    await world.sessions.commit(clears, { status: 200 })
    expect(await world.read()).toEqual({ mine: 1 })
  })

  it('the expiry is reckoned anew from the merged state', async () => {
    const world = await worldWith({ a: 1 })
    const session = await world.open()
    session.set('b', 1)
    await world.visit((other) => other.setExpiry('1h'))
    world.clock.advance(MINUTE)
    await world.sessions.commit(session, { status: 200 })
    expect((await world.row()).expiresAt).toBe(START + 61 * MINUTE)
  })

  it('under another id meanwhile is gone, whatever it changed', async () => {
    const world = await worldWith({ a: 1 })
    const session = await world.open()
    session.set('b', 1)
    await world.visit((other) => other.cycleId())
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
    expect(await world.read()).toEqual({ a: 1 })
  })

  it('tries again as often as it takes, and all increments of ten processes count', async () => {
    const world = await worldWith({ n: 0 })
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const manager = world.manager()
        for (let round = 0; round < 10; round++) {
          const session = await elsewhere(world, manager)
          session.increment('n')
          await manager.commit(session, { status: 200 })
        }
      }),
    )
    expect(await world.read()).toEqual({ n: 100 })
  })

  it('gives up with BusyError at its deadline when others keep winning; nothing of it is saved', async () => {
    const world = await worldWith({ n: 0 }, { timeout: { operation: '50ms', request: '80ms' } }, (memory) => new ScriptedStore(memory))
    const session = await world.open()
    session.set('mine', 1)
    let version = 0
    const store = world.store as ScriptedStore
    store.on({
      replace: async (next) => {
        const current = await world.row()
        await world.plant(current.payload)
        version += 1
        return next()
      },
    })
    expect(await rejection(world.sessions.commit(session, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_BUSY', status: 503 })
    expect(version).toBeGreaterThan(2)
    store.on({})
    expect(await world.read()).toEqual({ n: 0 })
  })

  it('meets an unreadable payload that another writer left: nothing is overwritten', async () => {
    const world = await worldWith({ n: 0 })
    const session = await world.open()
    session.set('mine', 1)
    await world.plant('no json at all')
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_STORE')
    expect((await world.row()).payload).toBe('no json at all')
  })
})

describe('a session that is opened twice in one process', () => {
  it('a commit that follows another’s first byte sees its changes', async () => {
    const world = await worldWith({ n: 0 })
    for (let round = 1; round <= 20; round++) {
      await world.visit((session) => session.increment('n'))
      expect(await world.read()).toEqual({ n: round })
    }
  })

  it('waits behind a slow write only as long as that takes', async () => {
    const world = await worldWith({ n: 0 }, {}, (memory) => new ScriptedStore(memory))
    const store = world.store as ScriptedStore
    store.on({
      replace: times(1, async (next) => {
        await real(30)
        return next()
      }),
    })
    const sessions = await Promise.all([world.open(), world.open(), world.open()])
    for (const session of sessions) session.increment('n')
    await Promise.all(sessions.map((session) => world.sessions.commit(session, { status: 200 })))
    expect(await world.read()).toEqual({ n: 3 })
    expect(store.calls.filter((call) => call === 'replace').length).toBe(2)
  })
})
