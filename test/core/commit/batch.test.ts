import { describe, expect, it } from 'vitest'
import type { Session } from '../../../src/index.ts'
import { appWith, catchRejection, type TestApp } from '../fixture.ts'
import { failAfterEffect, failBeforeEffect, neverSettles, ScriptedStore, sleep } from '../scripted-store.ts'

/** Creates an app whose store takes 5 ms per write, so that commits wait for each other. */
async function createSlowApp(
  properties: Record<string, unknown>,
  options: { operation?: `${number}ms`; request?: `${number}ms` } = {},
): Promise<{ app: TestApp; store: ScriptedStore; writes: () => number }> {
  const app = await appWith(
    properties,
    { timeout: { operation: options.operation ?? '2s', request: options.request ?? '5s' } },
    (memory) => new ScriptedStore(memory),
  )
  const store = app.store as ScriptedStore
  store.on({
    replace: async (next) => {
      await sleep(5)
      return next()
    },
  })
  store.calls.length = 0
  return { app, store, writes: () => store.calls.filter((call) => call === 'replace').length }
}

type Change = (session: Session<any>) => unknown

async function commitAll(app: TestApp, changes: readonly Change[]): Promise<PromiseSettledResult<Headers>[]> {
  const sessions = await Promise.all(changes.map(() => app.open(app.browser.copy())))
  return Promise.allSettled(
    sessions.map((session, index) => {
      changes[index]?.(session)
      return app.sessions.commit(session, { status: 200 })
    }),
  )
}

/** As `commitAll`; each commit begins when those before it wait for their write, also a login. */
async function commitInOrder(app: TestApp, changes: readonly Change[]): Promise<PromiseSettledResult<Headers>[]> {
  const sessions = await Promise.all(changes.map(() => app.open(app.browser.copy())))
  const outcomes: Promise<PromiseSettledResult<Headers>[]>[] = []
  for (const [index, session] of sessions.entries()) {
    changes[index]?.(session)
    outcomes.push(Promise.allSettled([app.sessions.commit(session, { status: 200 })]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return (await Promise.all(outcomes)).flat()
}

const codes = (outcomes: readonly PromiseSettledResult<unknown>[]): string[] =>
  outcomes.map((outcome) =>
    outcome.status === 'fulfilled'
      ? 'ok'
      : String((outcome.reason as { code?: string; message?: string }).code ?? (outcome.reason as Error).message),
  )

describe('commits of one session that wait in one process', () => {
  it('write 50 properties of 50 requests with few writes', async () => {
    const { app, writes } = await createSlowApp({ a: 1 })
    const outcomes = await commitAll(
      app,
      Array.from({ length: 50 }, (_, index) => (session) => session.set(`p${index}`, index)),
    )
    expect(new Set(codes(outcomes))).toEqual(new Set(['ok']))
    expect(Object.keys(await app.read()).length).toBe(51)
    expect(writes()).toBeLessThan(10)
  })

  it('apply 200 increments with far fewer writes', async () => {
    const { app, writes } = await createSlowApp({ n: 0 })
    await commitAll(
      app,
      Array.from({ length: 200 }, () => (session) => session.increment('n')),
    )
    expect(await app.read()).toEqual({ n: 200 })
    expect(writes()).toBeLessThan(20)
  })

  it('are applied in order of arrival, so the last change of a property is kept', async () => {
    const { app } = await createSlowApp({ log: [] })
    await commitAll(
      app,
      Array.from({ length: 10 }, (_, index) => (session) => {
        session.push('log', index)
        session.set('last', index)
      }),
    )
    expect(await app.read()).toEqual({ log: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], last: 9 })
  })

  it('give each claim the state after its predecessors', async () => {
    const { app } = await createSlowApp({ coupon: 1, n: 0 })
    const sessions = await Promise.all(Array.from({ length: 30 }, () => app.open()))
    const claimed = await Promise.all(
      sessions.map((session, index) => {
        if (index % 3 === 0) session.increment('n')
        return index % 3 === 0 ? session.save().then(() => undefined) : session.claim('coupon')
      }),
    )
    expect(claimed.filter((value) => value !== undefined)).toEqual([1])
    expect(await app.read()).toEqual({ n: 10 })
  })

  it('reject only the request whose function throws, and save the others', async () => {
    const { app } = await createSlowApp({ stock: 3 })
    const buy = (session: Session<any>): unknown =>
      session.update('stock', (stock: number) => {
        if (stock < 1) throw new Error('sold out')
        return stock - 1
      })
    const outcomes = await commitAll(app, [(session) => session.set('first', 1), buy, buy, buy, buy, (session) => session.set('last', 1)])
    expect(codes(outcomes).sort()).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'sold out'].sort())
    expect(await app.read()).toEqual({ stock: 0, first: 1, last: 1 })
  })

  it('run a request again alone, on the committed state, if its function throws only within the batch', async () => {
    const { app } = await createSlowApp({ n: 0, limit: true })
    const outcomes = await commitAll(app, [
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
    expect((await app.read())['n']).toBe(6)
  })

  it('reject only the request that makes the session too large', async () => {
    const { app } = await createSlowApp({ a: 1 })
    const small = await appWith({ a: 1 }, { maxSize: 1000 }, (memory) => new ScriptedStore(memory))
    ;(small.store as ScriptedStore).on({
      replace: async (next) => {
        await sleep(5)
        return next()
      },
    })
    const outcomes = await commitAll(small, [
      (session) => session.set('x', 1),
      (session) => session.set('big', 'x'.repeat(2000)),
      (session) => session.set('y', 1),
    ])
    expect(codes(outcomes)).toEqual(['ok', 'ERR_SESSION_TOO_LARGE', 'ok'])
    expect(await small.read()).toEqual({ a: 1, x: 1, y: 1 })
    expect(await app.read()).toEqual({ a: 1 })
  })

  it.each<[string, (session: Session<any>) => unknown]>([
    ['a login', (session) => session.login(7)],
    ['cycleId', (session) => session.cycleId()],
    ['a change of user', (session) => session.set('userId', 8)],
    ['a change of the kind of cookie', (session) => session.setExpiry('browser')],
  ])('reject with SessionEndedError after %s', async (_name, renew) => {
    const { app } = await createSlowApp({ a: 1 })
    const outcomes = await commitInOrder(app, [
      (session) => session.set('first', 1),
      (session) => session.set('before', 1),
      renew,
      (session) => session.set('after', 1),
      (session) => session.login(9),
    ])
    expect(codes(outcomes)).toEqual(['ok', 'ok', 'ok', 'ERR_SESSION_ENDED', 'ok'])
    app.browser.applyCookies((outcomes[2] as PromiseFulfilledResult<Headers>).value)
    const read = await app.read()
    expect(read).toMatchObject({ a: 1, first: 1, before: 1 })
    expect(read).not.toHaveProperty('after')
    const renewed = app.browser.copy()
    renewed.applyCookies((outcomes[4] as PromiseFulfilledResult<Headers>).value)
    expect(await app.read(renewed)).toEqual({ userId: 9 })
  })

  it('reject with SessionEndedError after a flush and create no row', async () => {
    const { app } = await createSlowApp({ a: 1 })
    const outcomes = await commitAll(app, [
      (session) => session.set('first', 1),
      (session) => session.flush(),
      (session) => session.set('after', 1),
      (session) => session.increment('n'),
    ])
    expect(codes(outcomes).slice(1)).toEqual(['ok', 'ERR_SESSION_ENDED', 'ERR_SESSION_ENDED'])
    expect((await app.rows()).length).toBe(0)
  })

  it('share an unknown outcome, and apply no change twice', async () => {
    const { app, store } = await createSlowApp({ n: 0 }, { operation: '20ms', request: '80ms' })
    const sessions = await Promise.all(Array.from({ length: 5 }, () => app.open()))
    for (const session of sessions) session.increment('n')
    store.on({ replace: failAfterEffect, load: failBeforeEffect })
    const outcomes = await Promise.allSettled(sessions.map((session) => app.sessions.commit(session, { status: 200 })))
    store.on({})
    await app.waitForStore()
    expect(codes(outcomes).filter((code) => code === 'ok')).toEqual([])
    const applied = (await app.read())['n'] as number
    const conflicts = codes(outcomes).filter((code) => code === 'ERR_SESSION_BUSY').length
    expect(applied).toBeLessThanOrEqual(5 - conflicts)
  })

  it('share the outcome of a write whose response was lost', async () => {
    const { app, store } = await createSlowApp({ n: 0 })
    let responsesToLose = 2
    store.on({
      replace: async (next) => {
        await sleep(2)
        const result: unknown = await next()
        responsesToLose -= 1
        if (responsesToLose >= 0) throw new Error('lost')
        return result
      },
    })
    const outcomes = await commitAll(
      app,
      Array.from({ length: 20 }, () => (session) => session.increment('n')),
    )
    expect(new Set(codes(outcomes))).toEqual(new Set(['ok']))
    expect(await app.read()).toEqual({ n: 20 })
  })

  it('reject at their deadlines', async () => {
    const { app, store } = await createSlowApp({ n: 0 }, { operation: '1000ms', request: '60ms' })
    store.on({
      replace: async (next) => {
        await sleep(300)
        return next()
      },
    })
    const [first, second] = await Promise.all([app.open(), app.open()])
    first.set('first', 1)
    const slow = catchRejection(app.sessions.commit(first, { status: 200 }))
    await sleep(10)
    second.set('second', 1)
    const error = await catchRejection(app.sessions.commit(second, { status: 200 }))
    expect(['ERR_SESSION_BUSY', 'ERR_SESSION_COMMIT_UNKNOWN']).toContain(error.code)
    expect((await slow).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(await app.read()).toEqual({ n: 0 })
    await sleep(500)
    expect(await app.read()).toEqual({ n: 0, first: 1 })
  })

  it('do not wait for the commits of another session', async () => {
    const { app, store } = await createSlowApp({ a: 1 }, { operation: '50ms', request: '100ms' })
    const [blockedKey] = await app.onlyRow()
    const other = app.browser.copy()
    other.cookie = undefined
    await app.request((session) => void session.set('b', 1), { browser: other })
    store.on({ replace: (_next, { key }) => (key === blockedKey ? neverSettles() : undefined) })
    const blocked = await app.open()
    blocked.set('a', 2)
    const failed = catchRejection(app.sessions.commit(blocked, { status: 200 }))
    await app.request((session) => void session.set('b', 2), { browser: other })
    expect(await app.read(other)).toEqual({ b: 2 })
    expect((await failed).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
  })

  it('do not block later commits when they fail', async () => {
    const { app, store } = await createSlowApp({ n: 0 }, { operation: '20ms', request: '60ms' })
    store.on({ replace: neverSettles })
    const session = await app.open()
    session.increment('n')
    await catchRejection(app.sessions.commit(session, { status: 200 }))
    store.on({})
    await app.request((next) => next.increment('n'))
    expect(await app.read()).toEqual({ n: 1 })
  })
})
