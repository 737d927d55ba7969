import { describe, expect, it } from 'vitest'
import { createAdmin } from '../../src/admin/admin.ts'
import type { Store } from '../../src/core/store/store.ts'
import { createSessions } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { sampleEntry } from '../../src/testing/sample.ts'
import { Browser, DAY, TestApp } from '../core/fixture.ts'
import { delegate } from './delegate.ts'

describe('stats', () => {
  it('counts sessions by size, age, user and property', async () => {
    const app = new TestApp()
    const add = (properties: Record<string, unknown>, user?: string): Promise<unknown> =>
      app.request((session) => (user === undefined ? session.assign(properties) : (session.assign(properties), session.login(user))), {
        browser: new Browser(),
      })
    await add({ expired: 1 })
    app.clock.advance(14 * DAY)
    await add({ cart: 'x'.repeat(2000) }, 'u1')
    app.clock.advance(2 * DAY)
    await add({ cart: 'x' }, 'u1')
    await add({ theme: 'dark' }, 'u2')
    await add({ theme: 'dark' })
    const stats = await createAdmin({ sessions: app.sessions, operator: 'alice' }).stats()
    expect(stats).toMatchObject({ alive: 4, expired: 1, loggedIn: 3, unreadable: 0, writes: 4 })
    expect(stats.users).toEqual([
      { userId: 'u1', sessions: 2 },
      { userId: 'u2', sessions: 1 },
    ])
    expect(stats.properties.map(({ name, sessions, largest }) => [name, sessions, largest])).toEqual([
      ['cart', 2, 2002],
      ['userId', 3, 4],
      ['theme', 2, 6],
    ])
    expect(stats.largest.map(({ size }) => size)).toEqual(stats.largest.map(({ size }) => size).sort((one, other) => other - one))
    expect(stats.size).toBe(stats.largest.reduce((sum, { size }) => sum + size, 0))
    const filled = (bars: typeof stats.sizes): unknown[] =>
      bars.filter(({ sessions }) => sessions > 0).map(({ upTo, sessions }) => [upTo, sessions])
    expect(filled(stats.sizes)).toEqual([
      [256, 3],
      [4096, 1],
    ])
    expect(filled(stats.ages)).toEqual([
      [60_000, 3],
      [7 * DAY, 1],
    ])
    expect(filled(stats.idle)).toEqual(filled(stats.ages))
  })

  it('finds the users with the most sessions among more users than it counts', async () => {
    const store = new MemoryStore()
    const expiresAt = Date.now() + DAY
    const add = (n: number, userId: string): Promise<unknown> =>
      store.create({ key: `k${n}`, entry: sampleEntry({ payload: `{\t"userId":"${userId}"\n}`, userId, expiresAt, commits: '' }) })
    for (let n = 0; n < 3000; n += 1) await add(n, n % 3 === 0 ? 'robot' : `user ${n}`)
    const sessions = createSessions({ store, clearExpired: false })
    const { users, loggedIn } = await createAdmin({ sessions, operator: 'alice' }).stats()
    expect(loggedIn).toBe(3000)
    expect(users[0]?.userId).toBe('robot')
    expect(users[0]?.sessions).toBeLessThanOrEqual(1000)
  })
})

describe('paging', () => {
  /**
   * A store with this many rows of this size, which counts the rows of each page, and fails if no
   * turn of the event loop passed between two pages.
   */
  async function pagedStore(count: number, size: number): Promise<{ readonly store: Store; readonly pages: number[] }> {
    const memory = new MemoryStore()
    const [createdAt, expiresAt] = [Date.now(), Date.now() + DAY]
    const payload = `{\t"text":"${'x'.repeat(size)}"\n}`
    for (let n = 0; n < count; n += 1)
      await memory.create({ key: `k${n}`, entry: sampleEntry({ payload, createdAt, seenAt: createdAt, expiresAt }) })
    const pages: number[] = []
    let isSameTurn = false
    const list: Store['list'] = async (operation) => {
      if (isSameTurn) throw new Error('No turn of the event loop passed since the last page')
      isSameTurn = true
      setImmediate(() => (isSameTurn = false))
      const page = await memory.list(operation)
      pages.push(page.entries.length)
      return page
    }
    return { store: delegate(memory, { list }), pages }
  }

  it.each([
    [20_000, 10, 500],
    [3000, 2000, 300],
    [200, 60_000, 10],
  ])('reads %i sessions of %i characters in pages of bounded size, and lets other work run after each', async (count, size, most) => {
    const { store, pages } = await pagedStore(count, size)
    const admin = createAdmin({ sessions: createSessions({ store, clearExpired: false }), operator: 'alice' })
    const progress: number[] = []
    expect(await admin.count({}, { onProgress: (rows) => progress.push(rows) })).toBe(count)
    expect(Math.max(...pages)).toBeLessThanOrEqual(most)
    expect(pages.reduce((sum, rows) => sum + rows)).toBe(count)
    expect(progress).toEqual(pages.map((_, index) => pages.slice(0, index + 1).reduce((sum, rows) => sum + rows)))
  })

  it('ends after the current page when the signal is aborted', async () => {
    const { store, pages } = await pagedStore(2000, 10)
    const admin = createAdmin({ sessions: createSessions({ store, clearExpired: false }), operator: 'alice' })
    const abort = new AbortController()
    expect(await admin.count({}, { signal: abort.signal, onProgress: () => abort.abort() })).toBe(10)
    expect(pages).toEqual([10])
  })
})
