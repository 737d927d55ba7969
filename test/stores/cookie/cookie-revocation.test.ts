import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/index.ts'
import type { MemoryStore } from '../../../src/stores/memory.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { DAY, MINUTE, rejection, thrown } from '../../core/fixture.ts'
import { incoming } from '../../helpers/incoming.ts'
import { ScriptedStore } from '../../stories/harness/scripted-store.ts'
import { CookieFixture, countRows } from './cookie-fixture.ts'
import { revocationRows } from './revocation-rows.ts'

function newFixture(): { readonly fixture: CookieFixture; readonly memory: MemoryStore; readonly store: ScriptedStore } {
  const memory = revocationRows()
  const store = new ScriptedStore(memory)
  return { fixture: new CookieFixture({ revocation: store }), memory, store }
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let round = 0; round < 1000 && !(await condition()); round += 1) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(await condition()).toBe(true)
}

const down = (): never => {
  throw new Error('down')
}

describe('the store of the option `revocation`', () => {
  it('has no row for sessions that are only read and changed', async () => {
    const { fixture, memory } = newFixture()
    for (let round = 0; round < 5; round += 1) await fixture.request((session) => session.set('round', round))
    expect([await fixture.read(), await countRows(memory)]).toEqual([{ round: 4 }, 0])
  })

  it('makes a logout final for every copy of the cookie', async () => {
    const { fixture, memory } = newFixture()
    await fixture.request((session) => session.set('cart', ['bread']))
    const old = fixture.jar.copy()
    await fixture.request((session) => session.set('cart', ['bread', 'milk']))
    const copy = fixture.jar.copy()
    await fixture.request((session) => session.logout())
    expect([await fixture.read(old), await fixture.read(copy), await countRows(memory)]).toEqual([{}, {}, 1])
    const { session, finish } = await fixture.openRequest(copy)
    session.set('new', 1)
    await finish()
    expect([await fixture.read(copy), await fixture.read(old)]).toEqual([{ new: 1 }, {}])
  })

  it('makes a running request fail after a logout, so that no data comes back', async () => {
    const { fixture } = newFixture()
    await fixture.request((session) => session.login('ada'))
    const slow = await fixture.openRequest(fixture.jar.copy())
    await fixture.request((session) => session.logout())
    slow.session.set('cart', ['bread'])
    expect(await rejection(slow.finish())).toMatchObject({ code: 'ERR_SESSION_ENDED', status: 409 })
    expect(await fixture.read()).toEqual({})
  })

  it('ends a session whose id was renewed during the request that flushes it', async () => {
    const { fixture } = newFixture()
    await fixture.request((session) => session.set('a', 1))
    const logout = await fixture.openRequest(fixture.jar.copy())
    await fixture.request((session) => session.cycleId())
    expect(await fixture.read()).toEqual({ a: 1 })
    logout.session.logout()
    await logout.finish()
    expect(await fixture.read()).toEqual({})
  })

  it.each<[string, (session: { login(userId: string): void; cycleId(): void }) => void]>([
    ['login', (session) => session.login('ada')],
    ['cycleId', (session) => session.cycleId()],
  ])('%s leaves one current id', async (_, renew) => {
    const { fixture } = newFixture()
    await fixture.request((session) => session.set('a', 1))
    const thief = fixture.jar.copy()
    const { session: before } = await fixture.openRequest()
    await fixture.request(renew)
    expect([(await fixture.read())['a'], await fixture.read(thief)]).toEqual([1, {}])
    expect((await fixture.openRequest()).session.handle).toBe(before.handle)
    const late = await fixture.openRequest(thief)
    late.session.set('b', 2)
    expect((await rejection(late.finish())).code).toBe('ERR_SESSION_ENDED')
    fixture.clock.advance(2 * MINUTE) // from now on the old cookie cannot end the session either
    await fixture.request((session) => session.flush(), thief)
    expect((await fixture.read())['a']).toBe(1)
  })

  it('lets one of several concurrent renewals succeed and the others fail', async () => {
    const { fixture } = newFixture()
    await fixture.request((session) => session.set('a', 1))
    const requests = await Promise.all(Array.from({ length: 5 }, () => fixture.openRequest(fixture.jar.copy())))
    for (const { session } of requests) session.cycleId()
    const outcomes = await Promise.allSettled(requests.map(({ finish }) => finish(fixture.jar)))
    const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code as string] : []))
    expect(failed).toEqual(Array.from({ length: 4 }, () => 'ERR_SESSION_ENDED'))
    expect(await fixture.read()).toEqual({ a: 1 })
  })

  it('ends a session by its handle, from anywhere', async () => {
    const { fixture } = newFixture()
    await fixture.request((session) => session.login('ada'))
    const { session } = await fixture.openRequest()
    const elsewhere = fixture.sessions
    expect(await elsewhere.revoke(session.handle ?? '')).toBe(true)
    expect([await elsewhere.revoke(session.handle ?? ''), await fixture.read(), await elsewhere.revoke('no handle')]).toEqual([
      false,
      {},
      false,
    ])
  })

  it('does not support revoking the sessions of a user', async () => {
    const { fixture } = newFixture()
    expect((await rejection(fixture.sessions.users.revoke('ada'))).code).toBe('ERR_SESSION_CONFIG')
  })

  it('keeps a row until every copy has expired', async () => {
    const memory = revocationRows()
    const fixture = new CookieFixture({ revocation: memory })
    await fixture.request((session) => session.set('a', 1))
    const copies = [fixture.jar.copy()]
    for (let day = 0; day < 29; day += 1) {
      fixture.clock.advance(DAY)
      await fixture.request((session) => session.set('a', day))
      copies.push(fixture.jar.copy())
    }
    await fixture.request((session) => session.logout())
    for (let day = 0; day < 40; day += 1) {
      for (const copy of copies) expect(await fixture.read(copy)).toEqual({})
      fixture.clock.advance(DAY)
    }
    expect([await countRows(memory), await fixture.sessions.clearExpired(), await countRows(memory)]).toEqual([1, 1, 0])
  })

  it('is not written by a forged cookie', async () => {
    const { fixture, memory } = newFixture()
    await fixture.request((session) => session.set('a', 1))
    const forged = fixture.jar.copy()
    for (const [name, value] of forged.cookies) forged.cookies.set(name, `${value.slice(0, -30)}${'A'.repeat(30)}`)
    await fixture.request((session) => session.flush(), forged)
    expect([await fixture.read(), await countRows(memory)]).toEqual([{ a: 1 }, 0])
  })

  it('is not read for malformed cookies', async () => {
    const { fixture, store } = newFixture()
    let reads = 0
    store.script = () => void (reads += 1)
    for (const header of ['__Host-sid=x', `__Host-sid=1${'A'.repeat(300)}`, '__Host-sid=a.3; __Host-sid.1=b'])
      expect((await fixture.sessions.open(incoming(header))).size).toBe(0)
    expect(reads).toBe(0)
  })

  it('makes requests fail with 503 when it fails, so that no revoked session is accepted', async () => {
    const { fixture, store } = newFixture()
    await fixture.request((session) => session.login('ada'))
    const before = fixture.jar.header
    store.script = down
    const { session } = await fixture.openRequest()
    const error = thrown(() => session.userId)
    expect(error).toMatchObject({ code: 'ERR_SESSION_STORE', status: 503, operation: 'load' })
    const logout = await fixture.openRequest()
    logout.session.logout()
    store.script = (operation) => {
      throw new StoreError(operation, new Error('down'), { applied: false })
    }
    expect((await rejection(logout.finish())).code).toBe('ERR_SESSION_STORE')
    expect(fixture.sessions.headers(logout.session).getSetCookie()).toEqual([])
    store.script = () => undefined
    await until(() =>
      fixture.read().then(
        () => true,
        () => false,
      ),
    )
    expect([fixture.jar.header, await fixture.read()]).toEqual([before, { userId: 'ada' }])
  })

  it('gets no requests while it is down', async () => {
    const { fixture, store } = newFixture()
    await fixture.request((session) => session.set('a', 1))
    const hasEvent = (type: string): boolean => fixture.events.some((event) => event.type === type)
    const failure = async () => {
      const { session } = await fixture.openRequest()
      return thrown(() => session.get('a'))
    }
    store.script = down
    expect((await failure()).code).toBe('ERR_SESSION_STORE')
    await until(() => hasEvent('store-down'))
    expect((await failure()).message).toContain('is not responding')
    store.script = () => undefined
    await until(() => hasEvent('store-up'))
    expect(await fixture.read()).toEqual({ a: 1 })
  })

  it.each(['create', 'replace'] as const)('accepts a repeated login whose %s had an effect and no reply', async (operation) => {
    const { fixture, store, memory } = newFixture()
    await fixture.request((session) => session.set('a', 1))
    if (operation === 'replace') await fixture.request((session) => session.cycleId())
    let lost = false
    const { create, replace } = memory
    Object.assign(memory, {
      [operation]: async (...args: never[]) => {
        const result = await ({ create, replace }[operation] as (...all: never[]) => Promise<unknown>).apply(memory, args)
        if (lost) return result
        lost = true
        throw new Error('the connection died')
      },
    })
    await fixture.request((session) => session.login('ada'))
    expect([lost, await fixture.read()]).toEqual([true, { a: 1, userId: 'ada' }])
    expect(store.capabilities.compareAndSwap).toBe(true)
  })

  it('may hold other sessions too', async () => {
    const store = new SqliteStore(':memory:')
    const fixture = new CookieFixture({ revocation: store })
    await fixture.request((session) => session.login('ada'))
    const copy = fixture.jar.copy()
    await fixture.request((session) => session.logout())
    expect(await fixture.read(copy)).toEqual({})
    await fixture.sessions.close()
    expect(await countRows(store)).toBe(1) // `close()` of the manager does not close it
    await store.close()
  })
})
