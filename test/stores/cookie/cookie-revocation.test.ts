import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { DAY, MINUTE, rejection, thrown } from '../../core/fixture.ts'
import { incoming } from '../../incoming.ts'
import { ScriptedStore } from '../../stories/harness/scripted-store.ts'
import { CookieWorld, rowsOf } from './cookie-fixture.ts'

function worldWith(): { readonly world: CookieWorld; readonly memory: MemoryStore; readonly store: ScriptedStore } {
  const memory = new MemoryStore()
  const store = new ScriptedStore(memory)
  return { world: new CookieWorld({ revocation: store }), memory, store }
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let round = 0; round < 1000 && !(await condition()); round += 1) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(await condition()).toBe(true)
}

const down = (): never => {
  throw new Error('down')
}

describe('a store that remembers what ended', () => {
  it('has no row for sessions that are merely used', async () => {
    const { world, memory } = worldWith()
    for (let round = 0; round < 5; round += 1) await world.visit((session) => session.set('round', round))
    expect([await world.read(), await rowsOf(memory)]).toEqual([{ round: 4 }, 0])
  })

  it('makes a logout final, for every copy there is', async () => {
    const { world, memory } = worldWith()
    await world.visit((session) => session.set('cart', ['bread']))
    const old = world.jar.copy()
    await world.visit((session) => session.set('cart', ['bread', 'milk']))
    const copy = world.jar.copy()
    await world.visit((session) => session.logout())
    expect([await world.read(old), await world.read(copy), await rowsOf(memory)]).toEqual([{}, {}, 1])
    const { session, finish } = await world.begin(copy)
    session.set('new', 1)
    await finish()
    expect([await world.read(copy), await world.read(old)]).toEqual([{ new: 1 }, {}])
  })

  it('tells a request that is still at work that its session ended: nothing comes back', async () => {
    const { world } = worldWith()
    await world.visit((session) => session.login('ada'))
    const slow = await world.begin(world.jar.copy())
    await world.visit((session) => session.logout())
    slow.session.set('cart', ['bread'])
    expect(await rejection(slow.finish())).toMatchObject({ code: 'ERR_SESSION_ENDED', status: 409 })
    expect(await world.read()).toEqual({})
  })

  it('ends what was born meanwhile of the session that is flushed', async () => {
    const { world } = worldWith()
    await world.visit((session) => session.set('a', 1))
    const logout = await world.begin(world.jar.copy())
    await world.visit((session) => session.cycleId())
    expect(await world.read()).toEqual({ a: 1 })
    logout.session.logout()
    await logout.finish()
    expect(await world.read()).toEqual({})
  })

  it.each<[string, (session: { login(userId: string): void; cycleId(): void }) => void]>([
    ['login', (session) => session.login('ada')],
    ['cycleId', (session) => session.cycleId()],
  ])('%s leaves one living id', async (_, renew) => {
    const { world } = worldWith()
    await world.visit((session) => session.set('a', 1))
    const thief = world.jar.copy()
    const { session: before } = await world.begin()
    await world.visit(renew)
    expect([(await world.read())['a'], await world.read(thief)]).toEqual([1, {}])
    expect((await world.begin()).session.handle).toBe(before.handle)
    const late = await world.begin(thief)
    late.session.set('b', 2)
    expect((await rejection(late.finish())).code).toBe('ERR_SESSION_ENDED')
    world.clock.advance(2 * MINUTE) // from now on the old cookie is nobody's, and cannot end the session either
    await world.visit((session) => session.flush(), thief)
    expect((await world.read())['a']).toBe(1)
  })

  it('of several that renew at once one succeeds, the others are told', async () => {
    const { world } = worldWith()
    await world.visit((session) => session.set('a', 1))
    const requests = await Promise.all(Array.from({ length: 5 }, () => world.begin(world.jar.copy())))
    for (const { session } of requests) session.cycleId()
    const outcomes = await Promise.allSettled(requests.map(({ finish }) => finish(world.jar)))
    const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code as string] : []))
    expect(failed).toEqual(Array.from({ length: 4 }, () => 'ERR_SESSION_ENDED'))
    expect(await world.read()).toEqual({ a: 1 })
  })

  it('ends a session by its handle, from anywhere', async () => {
    const { world } = worldWith()
    await world.visit((session) => session.login('ada'))
    const { session } = await world.begin()
    const elsewhere = world.sessions
    expect(await elsewhere.revoke(session.handle ?? '')).toBe(true)
    expect([await elsewhere.revoke(session.handle ?? ''), await world.read(), await elsewhere.revoke('no handle')]).toEqual([
      false,
      {},
      false,
    ])
  })

  it('still refuses what it cannot tell: the sessions of a user', async () => {
    const { world } = worldWith()
    expect((await rejection(world.sessions.users.revoke('ada'))).code).toBe('ERR_SESSION_CONFIG')
  })

  it('remembers for as long as any copy could live, and then no longer', async () => {
    const memory = new MemoryStore()
    const world = new CookieWorld({ revocation: memory })
    await world.visit((session) => session.set('a', 1))
    const copies = [world.jar.copy()]
    for (let day = 0; day < 29; day += 1) {
      world.clock.advance(DAY)
      await world.visit((session) => session.set('a', day))
      copies.push(world.jar.copy())
    }
    await world.visit((session) => session.logout())
    for (let day = 0; day < 40; day += 1) {
      for (const copy of copies) expect(await world.read(copy)).toEqual({})
      world.clock.advance(DAY)
    }
    expect([await rowsOf(memory), await world.sessions.clearExpired(), await rowsOf(memory)]).toEqual([1, 1, 0])
  })

  it('a forged cookie ends nobody’s session', async () => {
    const { world, memory } = worldWith()
    await world.visit((session) => session.set('a', 1))
    const forged = world.jar.copy()
    for (const [name, value] of forged.cookies) forged.cookies.set(name, `${value.slice(0, -30)}${'A'.repeat(30)}`)
    await world.visit((session) => session.flush(), forged)
    expect([await world.read(), await rowsOf(memory)]).toEqual([{ a: 1 }, 0])
  })

  it('garbage does not reach it', async () => {
    const { world, store } = worldWith()
    let asked = 0
    store.script = () => void (asked += 1)
    for (const header of ['__Host-sid=x', `__Host-sid=1${'A'.repeat(300)}`, '__Host-sid=a.3; __Host-sid.1=b'])
      expect((await world.sessions.open(incoming(header))).size).toBe(0)
    expect(asked).toBe(0)
  })

  it('that does not answer is a 503, never somebody who is still logged in', async () => {
    const { world, store } = worldWith()
    await world.visit((session) => session.login('ada'))
    const before = world.jar.header
    store.script = down
    const { session } = await world.begin()
    const error = thrown(() => session.userId)
    expect(error).toMatchObject({ code: 'ERR_SESSION_STORE', status: 503, operation: 'load' })
    const logout = await world.begin()
    logout.session.logout()
    store.script = (operation) => {
      throw new StoreError(operation, new Error('down'), { applied: false })
    }
    expect((await rejection(logout.finish())).code).toBe('ERR_SESSION_STORE')
    expect(world.sessions.headers(logout.session).getSetCookie()).toEqual([])
    store.script = () => undefined
    await until(() =>
      world.read().then(
        () => true,
        () => false,
      ),
    )
    expect([world.jar.header, await world.read()]).toEqual([before, { userId: 'ada' }])
  })

  it('that is away is asked no more on behalf of visitors, until it is back', async () => {
    const { world, store } = worldWith()
    await world.visit((session) => session.set('a', 1))
    const told = (type: string): boolean => world.events.some((event) => event.type === type)
    const failure = async () => {
      const { session } = await world.begin()
      return thrown(() => session.get('a'))
    }
    store.script = down
    expect((await failure()).code).toBe('ERR_SESSION_STORE')
    await until(() => told('store-down'))
    expect((await failure()).message).toContain('is not responding')
    store.script = () => undefined
    await until(() => told('store-up'))
    expect(await world.read()).toEqual({ a: 1 })
  })

  it.each(['create', 'replace'] as const)(
    'a login whose %s was heard and not answered is recognised when it is sent again',
    async (operation) => {
      const { world, store, memory } = worldWith()
      await world.visit((session) => session.set('a', 1))
      if (operation === 'replace') await world.visit((session) => session.cycleId())
      let lost = false
      const { create, replace } = memory
      Object.assign(memory, {
        [operation]: async (...args: never[]) => {
          const answer = await ({ create, replace }[operation] as (...all: never[]) => Promise<unknown>).apply(memory, args)
          if (lost) return answer
          lost = true
          throw new Error('the connection died')
        },
      })
      await world.visit((session) => session.login('ada'))
      expect([lost, await world.read()]).toEqual([true, { a: 1, userId: 'ada' }])
      expect(store.capabilities.compareAndSwap).toBe(true)
    },
  )

  it('may be the store of other sessions too', async () => {
    const store = new SqliteStore(':memory:')
    const world = new CookieWorld({ revocation: store })
    await world.visit((session) => session.login('ada'))
    const copy = world.jar.copy()
    await world.visit((session) => session.logout())
    expect(await world.read(copy)).toEqual({})
    await world.sessions.close()
    expect(await rowsOf(store)).toBe(1) // what was given stays open
    await store.close()
  })
})
