import { describe, expect, it } from 'vitest'
import { withSession } from '../../src/adapters/web.ts'
import { createSessions, type Session, type Sessions } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { race, seed } from '../../src/testing/testing.ts'

interface Data {
  userId: string
  cart: string[]
}

/** A library that reads everything first and writes everything last, with callbacks. */
class LastWriterWins {
  readonly rows = new Map<string, string>()

  get(id: string, done: (error: unknown, data: { cart?: string[]; user?: string } | undefined) => void): void {
    const text = this.rows.get(id)
    setImmediate(() => done(undefined, text === undefined ? undefined : JSON.parse(text)))
  }

  set(id: string, data: object, done: () => void): void {
    this.rows.set(id, JSON.stringify(data))
    setImmediate(done)
  }

  destroy(id: string, done: () => void): void {
    this.rows.delete(id)
    setImmediate(done)
  }

  /** Is not asynchronous, as `createSession` of express-session. */
  createSession(): string {
    return 'made'
  }
}

const store = new LastWriterWins()
const get = (id: string): Promise<{ cart?: string[]; user?: string }> =>
  new Promise((resolve) => store.get(id, (_, data) => resolve(data ?? {})))
const set = (id: string, data: object): Promise<void> => new Promise((resolve) => store.set(id, data, resolve))
const add = (sku: string) => async (): Promise<void> => {
  const data = await get('1')
  expect(store.createSession()).toBe('made')
  await set('1', { ...data, cart: [...(data.cart ?? []), sku] })
}
const logOut = (): Promise<void> => new Promise((resolve) => store.destroy('1', resolve))
const begin = (): void => void store.rows.set('1', '{"user":"ada"}')
const outcome = (): Promise<object> => get('1')

/** Two managers on one store, as in two processes. */
function managers(): readonly [Sessions<Data>, Sessions<Data>, MemoryStore] {
  const memory = new MemoryStore()
  return [createSessions<Data>({ store: memory }), createSessions<Data>({ store: memory }), memory]
}

function handler(sessions: Sessions<Data>, handle: (session: Session<Data>) => void) {
  const serve = withSession(sessions, (_request: Request, session) => {
    handle(session)
    return new Response('done')
  })
  return ({ cookie }: { cookie: string }): Promise<Response> => serve(new Request('https://shop.example/', { headers: { cookie } }))
}

describe('race', () => {
  it('finds the orders in which a library with get and set loses an item', async () => {
    const report = await race(add('bread'), add('milk'), { store, begin, outcome })
    expect(report).toMatchObject({ interleavings: 6, complete: true })
    expect(report.lost).toHaveLength(4)
    expect(report.lost).toContainEqual({
      calls: ['A get', 'B get', 'A set', 'B set'],
      outcome: { user: 'ada', cart: ['milk'] },
      expected: [
        { user: 'ada', cart: ['bread', 'milk'] },
        { user: 'ada', cart: ['milk', 'bread'] },
      ],
    })
    expect(String(report)).toContain('4 of 6 interleavings lost a change\n')
  })

  it('finds the order in which a slow request undoes a logout', async () => {
    const { lost } = await race(add('bread'), logOut, { store, begin, outcome })
    expect(lost.map(({ calls }) => calls.join())).toEqual(['A get,B destroy,A set'])
  })

  it('finds nothing for requests that do not write the same', async () => {
    const { lost, interleavings } = await race(outcome, add('milk'), { store, begin, outcome })
    expect([lost, interleavings]).toEqual([[], 3])
  })

  it('restores the methods of the store', async () => {
    await race(outcome, add('milk'), { store, begin, outcome })
    expect(Object.keys(store)).toEqual(['rows'])
  })

  it('stops at the limit, and says so', async () => {
    const report = await race(add('bread'), add('milk'), { store, begin, outcome, limit: 2 })
    expect(report).toMatchObject({ interleavings: 2, complete: false })
    expect(String(report)).toContain('not all')
  })

  it('counts a request that failed as one that may have had no effect', async () => {
    const fails = (status: number) => async (): Promise<{ status: number }> => {
      const data = await get('1')
      if (status === 200) await set('1', data)
      return { status }
    }
    const report = await race(fails(409), add('milk'), { store, begin, outcome })
    expect(report.lost).toEqual([])
    expect((await race(fails(200), add('milk'), { store, begin, outcome })).lost).not.toEqual([])
  })

  it('rejects if a request waits for something else, and if the store has no known method', async () => {
    await expect(race(outcome, outcome, { store: {}, begin, outcome })).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    await expect(race(outcome, outcome, { begin, outcome } as never)).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })

  it.each<[string, () => Promise<unknown>, string]>([
    ['the requests change nothing', outcome, 'succeeded'],
    ['the requests fail', () => Promise.reject(new Error('no server')), 'failed (Error: no server)'],
    ['the requests are refused', () => Promise.resolve({ statusCode: 404 }), 'had the status 404'],
  ])('rejects where %s, because it would never find a loss', async (_, request, what) => {
    await expect(race(request, request, { store, begin, outcome })).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining(`Request A ${what}, request B ${what}.`),
    })
  })

  it('finds a lost item from an empty session', async () => {
    const [sessions, , memory] = managers()
    const add = (sku: string) => handler(sessions, (session) => session.set('cart', [...session.get('cart', []), sku]))
    const { lost } = await race(add('bread'), add('milk'), {
      store: memory,
      begin: () => seed(sessions, {}),
      outcome: async ({ session }) => {
        await session.reload()
        return session.get('cart')
      },
    })
    expect(lost.length).toBeGreaterThan(0)
  })

  it('finds nothing here: no item is lost', { timeout: 30_000 }, async () => {
    const [one, another, memory] = managers()
    const push = (sessions: Sessions<Data>, sku: string) => handler(sessions, (session) => void session.push('cart', sku))
    const report = await race(push(one, 'bread'), push(another, 'milk'), {
      store: memory,
      begin: () => seed(one, { cart: [] }),
      outcome: async ({ session }) => {
        await session.reload()
        return session.get('cart')
      },
    })
    expect(report.interleavings).toBeGreaterThanOrEqual(6)
    expect(String(report)).toBe(`0 of ${report.interleavings} interleavings lost a change`)
  })

  it('finds nothing in one process, where writes of a session wait for each other', { timeout: 30_000 }, async () => {
    const [sessions, , memory] = managers()
    const push = (sku: string) => handler(sessions, (session) => void session.push('cart', sku))
    const begin = () => seed(sessions, { cart: [] })
    const outcome = async ({ session }: { session: Session<Data> }) => {
      await session.reload()
      return session.get('cart')
    }
    expect((await race(push('bread'), push('milk'), { store: memory, begin, outcome })).lost).toEqual([])
  })

  it('finds nothing here: no logout is undone', { timeout: 30_000 }, async () => {
    const [one, another, memory] = managers()
    const push = handler(one, (session) => void session.push('cart', 'bread'))
    const logout = handler(another, (session) => session.logout())
    const report = await race(push, logout, {
      store: memory,
      begin: () => seed(one, { userId: 'ada', cart: [] }),
      outcome: async ({ session }) => {
        await session.reload()
        return session.toObject()
      },
    })
    expect(report.lost).toEqual([])
  })
})
