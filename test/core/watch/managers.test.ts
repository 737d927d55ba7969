// Watches of managers whose sessions have other profiles or stores.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createAdmin } from '../../../src/admin/admin.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { Site } from '../../django/site.ts'
import { CookieFixture } from '../../stores/cookie/cookie-fixture.ts'
import { loggedIn, pass, settle, useFakeTimers, watch } from './watch-fixture.ts'

const POLL = 30_000

beforeAll(async () => void (await import('../../../src/core/watch/watchers.ts')))
beforeEach(useFakeTimers)
afterEach(() => void vi.useRealTimers())

describe('a watch of a session in a sealed cookie', () => {
  it('with `revocation` ends with a logout, at once in this process and at the next check in another', async () => {
    const revocation = new SqliteStore(':memory:')
    const app = new CookieFixture({ revocation })
    await app.request((session) => session.login('ada'))
    const other = app.newManager({ revocation })
    const ends = [
      await watch(app.sessions, (await app.openRequest()).session),
      await watch(other, (await app.openRequest(app.jar, other)).session),
    ]
    await pass(POLL)
    expect(ends).toEqual([[], []])
    await app.request((session) => session.logout(), app.jar.copy())
    await settle()
    expect(ends[0]).toEqual(['ended'])
    await pass(POLL)
    expect(ends[1]).toEqual(['ended'])
  })

  it('without it ends only when it expires', async () => {
    const app = new CookieFixture({}, { idle: '1h' })
    await app.request((session) => session.login('ada'))
    const ends = await watch(app.sessions, (await app.openRequest()).session)
    await app.request((session) => session.logout(), app.jar.copy())
    await pass(POLL)
    expect(ends).toEqual([])
    app.clock.advance(3_600_000)
    await pass(1000)
    expect(ends).toEqual(['expired'])
  })
})

describe('a watch of a session of Django', () => {
  it('ends when its row is gone: after a logout, and under its new key', async () => {
    const site = new Site()
    await site.request((session) => void session.set('cart', ['bread']))
    const first = await watch(site.sessions, await site.open())
    await pass(POLL)
    expect(first).toEqual([])
    await site.request((session) => session.cycleId())
    await settle()
    expect(first).toEqual(['ended'])
    const second = await watch(site.sessions, await site.open())
    await site.request((session) => session.logout())
    await settle()
    expect(second).toEqual(['ended'])
  })
})

it('a watch ends at once when an administrator revokes the session in this process', async () => {
  const { app, session } = await loggedIn()
  const ends = await watch(app.sessions, session)
  await createAdmin({ sessions: app.sessions, operator: 'eve' }).revokeUser('ada')
  await settle()
  expect(ends).toEqual(['ended'])
})
