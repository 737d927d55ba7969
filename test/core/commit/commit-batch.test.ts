import { describe, expect, it } from 'vitest'
import type { Session } from '../../../src/index.ts'
import { incoming } from '../../incoming.ts'
import { rejection, World, worldWith } from '../fixture.ts'
import { forever, lostAnswer, lostRequest, real, ScriptedStore } from '../scripted-store.ts'

/** A world with a store whose writes take a while, so that commits have to wait for each other. */
async function busy(
  properties: Record<string, unknown>,
  options: { operation?: `${number}ms`; request?: `${number}ms` } = {},
): Promise<{ world: World; store: ScriptedStore; writes: () => number }> {
  const world = await worldWith(
    properties,
    { timeout: { operation: options.operation ?? '2s', request: options.request ?? '5s' } },
    (memory) => new ScriptedStore(memory),
  )
  const store = world.store as ScriptedStore
  store.on({
    replace: async (next) => {
      await real(5)
      return next()
    },
  })
  store.calls.length = 0
  return { world, store, writes: () => store.calls.filter((call) => call === 'replace').length }
}

async function together(world: World, changes: readonly ((session: Session<any>) => unknown)[]): Promise<PromiseSettledResult<Headers>[]> {
  const sessions = await Promise.all(changes.map(() => world.open(world.browser.copy())))
  return Promise.allSettled(
    sessions.map((session, index) => {
      changes[index]?.(session)
      return world.sessions.commit(session, { status: 200 })
    }),
  )
}

const codes = (outcomes: readonly PromiseSettledResult<unknown>[]): string[] =>
  outcomes.map((outcome) =>
    outcome.status === 'fulfilled'
      ? 'ok'
      : String((outcome.reason as { code?: string; message?: string }).code ?? (outcome.reason as Error).message),
  )

describe('commits of one session that wait in one process', () => {
  it('50 requests that set 50 properties leave 50, in few writes', async () => {
    const { world, writes } = await busy({ a: 1 })
    const outcomes = await together(
      world,
      Array.from({ length: 50 }, (_, index) => (session) => session.set(`p${index}`, index)),
    )
    expect(new Set(codes(outcomes))).toEqual(new Set(['ok']))
    expect(Object.keys(await world.read()).length).toBe(51)
    expect(writes()).toBeLessThan(10)
  })

  it('200 increments give 200, in far fewer writes', async () => {
    const { world, writes } = await busy({ n: 0 })
    await together(
      world,
      Array.from({ length: 200 }, () => (session) => session.increment('n')),
    )
    expect(await world.read()).toEqual({ n: 200 })
    expect(writes()).toBeLessThan(20)
  })

  it('merge in the order they came: of the same property the last one stands', async () => {
    const { world } = await busy({ log: [] })
    await together(
      world,
      Array.from({ length: 10 }, (_, index) => (session) => {
        session.push('log', index)
        session.set('last', index)
      }),
    )
    expect(await world.read()).toEqual({ log: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], last: 9 })
  })

  it('each claim sees what its predecessors left', async () => {
    const { world } = await busy({ coupon: 1, n: 0 })
    const sessions = await Promise.all(Array.from({ length: 30 }, () => world.open()))
    const claimed = await Promise.all(
      sessions.map((session, index) => {
        if (index % 3 === 0) session.increment('n')
        return index % 3 === 0 ? session.save().then(() => undefined) : session.claim('coupon')
      }),
    )
    expect(claimed.filter((value) => value !== undefined)).toEqual([1])
    expect(await world.read()).toEqual({ n: 10 })
  })

  it('a request whose function fails is left out and fails alone; the others are saved', async () => {
    const { world } = await busy({ stock: 3 })
    const buy = (session: Session<any>): unknown =>
      session.update('stock', (stock: number) => {
        if (stock < 1) throw new Error('sold out')
        return stock - 1
      })
    const outcomes = await together(world, [(session) => session.set('first', 1), buy, buy, buy, buy, (session) => session.set('last', 1)])
    expect(codes(outcomes).sort()).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'sold out'].sort())
    expect(await world.read()).toEqual({ stock: 0, first: 1, last: 1 })
  })

  it('a request whose function fails only in company is judged again, alone, on the committed state', async () => {
    const { world } = await busy({ n: 0, limit: true })
    const outcomes = await together(world, [
      (session) => session.set('slow', 1),
      (session) => session.set('n', 100),
      (session) =>
        session.update('n', (n: number) => {
          if (n >= 100) throw new Error('too much')
          return n + 1
        }),
      (session) => session.set('n', 5),
    ])
    expect(codes(outcomes)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect((await world.read())['n']).toBe(6)
  })

  it('a request that makes the session too large fails alone', async () => {
    const { world } = await busy({ a: 1 })
    const small = await worldWith({ a: 1 }, { maxSize: 1000 }, (memory) => new ScriptedStore(memory))
    ;(small.store as ScriptedStore).on({
      replace: async (next) => {
        await real(5)
        return next()
      },
    })
    const outcomes = await together(small, [
      (session) => session.set('x', 1),
      (session) => session.set('big', 'x'.repeat(2000)),
      (session) => session.set('y', 1),
    ])
    expect(codes(outcomes)).toEqual(['ok', 'ERR_SESSION_TOO_LARGE', 'ok'])
    expect(await small.read()).toEqual({ a: 1, x: 1, y: 1 })
    expect(await world.read()).toEqual({ a: 1 })
  })

  it.each<[string, (session: Session<any>) => unknown]>([
    ['a login', (session) => session.login(7)],
    ['a cycle', (session) => session.cycleId()],
    ['another user', (session) => session.set('userId', 8)],
    ['another kind of cookie', (session) => session.setExpiry('browser')],
  ])('nothing merges past %s: what waited behind it is gone', async (_name, renew) => {
    const { world } = await busy({ a: 1 })
    const outcomes = await together(world, [
      (session) => session.set('first', 1),
      (session) => session.set('before', 1),
      renew,
      (session) => session.set('after', 1),
      (session) => session.login(9),
    ])
    expect(codes(outcomes)).toEqual(['ok', 'ok', 'ok', 'ERR_SESSION_ENDED', 'ok'])
    world.browser.obey((outcomes[2] as PromiseFulfilledResult<Headers>).value)
    const read = await world.read()
    expect(read).toMatchObject({ a: 1, first: 1, before: 1 })
    expect(read).not.toHaveProperty('after')
    const anew = world.browser.copy()
    anew.obey((outcomes[4] as PromiseFulfilledResult<Headers>).value)
    expect(await world.read(anew)).toEqual({ userId: 9 })
  })

  it('nothing merges past a flush: what waited is gone, and no row comes back', async () => {
    const { world } = await busy({ a: 1 })
    const outcomes = await together(world, [
      (session) => session.set('first', 1),
      (session) => session.flush(),
      (session) => session.set('after', 1),
      (session) => session.increment('n'),
    ])
    expect(codes(outcomes).slice(1)).toEqual(['ok', 'ERR_SESSION_ENDED', 'ERR_SESSION_ENDED'])
    expect((await world.rows()).length).toBe(0)
  })

  it('an unknown outcome is the outcome of all that travelled together; none is applied twice', async () => {
    const { world, store } = await busy({ n: 0 }, { operation: '20ms', request: '80ms' })
    const sessions = await Promise.all(Array.from({ length: 5 }, () => world.open()))
    for (const session of sessions) session.increment('n')
    store.on({ replace: lostAnswer, load: lostRequest })
    const outcomes = await Promise.allSettled(sessions.map((session) => world.sessions.commit(session, { status: 200 })))
    store.on({})
    await world.back()
    expect(codes(outcomes).filter((code) => code === 'ok')).toEqual([])
    const applied = (await world.read())['n'] as number
    const conflicts = codes(outcomes).filter((code) => code === 'ERR_SESSION_BUSY').length
    expect(applied).toBeLessThanOrEqual(5 - conflicts)
  })

  it('a lost answer is found out for all that travelled together', async () => {
    const { world, store } = await busy({ n: 0 })
    let lose = 2
    store.on({
      replace: async (next) => {
        await real(2)
        const answer: unknown = await next()
        lose -= 1
        if (lose >= 0) throw new Error('lost')
        return answer
      },
    })
    const outcomes = await together(
      world,
      Array.from({ length: 20 }, () => (session) => session.increment('n')),
    )
    expect(new Set(codes(outcomes))).toEqual(new Set(['ok']))
    expect(await world.read()).toEqual({ n: 20 })
  })

  it('each waits no longer than its own deadline', async () => {
    const { world, store } = await busy({ n: 0 }, { operation: '1000ms', request: '60ms' })
    store.on({
      replace: async (next) => {
        await real(300)
        return next()
      },
    })
    const [first, second] = await Promise.all([world.open(), world.open()])
    first.set('first', 1)
    const slow = rejection(world.sessions.commit(first, { status: 200 }))
    await real(10)
    second.set('second', 1)
    const error = await rejection(world.sessions.commit(second, { status: 200 }))
    expect(['ERR_SESSION_BUSY', 'ERR_SESSION_COMMIT_UNKNOWN']).toContain(error.code)
    expect((await slow).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(await world.read()).toEqual({ n: 0 })
    await real(500)
    expect(await world.read()).toEqual({ n: 0, first: 1 })
  })

  it('one session’s trouble is not another’s', async () => {
    const { world, store } = await busy({ a: 1 }, { operation: '50ms', request: '100ms' })
    const [stuck] = await world.onlyRow()
    const other = world.browser.copy()
    other.cookie = undefined
    await world.visit((session) => void session.set('b', 1), { browser: other })
    store.on({ replace: (_next, { key }) => (key === stuck ? forever() : undefined) })
    const trouble = await world.open()
    trouble.set('a', 2)
    const failed = rejection(world.sessions.commit(trouble, { status: 200 }))
    await world.visit((session) => void session.set('b', 2), { browser: other })
    expect(await world.read(other)).toEqual({ b: 2 })
    expect((await failed).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
  })

  it('a commit that fails leaves the way free for the next', async () => {
    const { world, store } = await busy({ n: 0 }, { operation: '20ms', request: '60ms' })
    store.on({ replace: forever })
    const session = await world.open()
    session.increment('n')
    await rejection(world.sessions.commit(session, { status: 200 }))
    store.on({})
    await world.visit((next) => next.increment('n'))
    expect(await world.read()).toEqual({ n: 1 })
  })
})

describe('the generator of random numbers', () => {
  it('that fails lets the request fail; no id is issued and nothing is written', async () => {
    const { world } = await busy({ a: 1 })
    let broken = false
    const manager = world.manager({
      random: (size) => {
        if (broken) throw new Error('no entropy')
        return crypto.getRandomValues(new Uint8Array(size))
      },
    })
    const changes: ((session: Session<any>) => unknown)[] = [
      (session) => session.set('b', 1),
      (session) => session.cycleId(),
      (session) => session.login(1),
    ]
    const before = await world.rows()
    for (const cookie of [world.browser.cookie, undefined]) {
      for (const change of changes.slice(0, cookie === undefined ? 1 : 3)) {
        broken = false
        const session = await manager.open(incoming(cookie))
        change(session)
        broken = true
        await expect(manager.commit(session, { status: 200 })).rejects.toThrow()
        expect(manager.headers(session).getSetCookie()).toEqual([])
      }
    }
    expect(await world.rows()).toEqual(before)
  })

  it.each<[string, (size: number) => Uint8Array]>([
    ['too few bytes', (size) => new Uint8Array(size - 1)],
    ['always the same bytes', (size) => new Uint8Array(size)],
    ['something else', () => 'bytes' as unknown as Uint8Array],
  ])('that gives %s is refused when the manager is made', (_name, random) => {
    expect(() => new World({ random })).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
  })
})
