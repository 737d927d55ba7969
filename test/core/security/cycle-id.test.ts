import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/core/base/errors.ts'
import { createSessions, type Duration, type Store } from '../../../src/index.ts'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { SECRET } from '../../stores/cookie/cookie-secret.ts'
import { appWith, MINUTE, rejection, type TestApp, thrown } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

const INTERVAL = 15 * MINUTE

// The tests that run on every store are in test/core/attacks/cycle-id.ts.
describe('the option `cycleId`', () => {
  async function dueApp(wrap?: (store: MemoryStore) => Store): Promise<TestApp> {
    const app = await appWith({ cart: [1] }, { cycleId: '15m', timeout: { request: '100ms' } }, wrap)
    app.clock.advance(INTERVAL)
    return app
  }

  it('replaces an id that is used when it is 15 minutes old, and no younger one', async () => {
    const app = await appWith({ cart: [1] }, { cycleId: '15m' })
    const { id } = app.browser
    app.clock.advance(INTERVAL - 1)
    await app.request((session) => session.get('cart'))
    expect(app.browser.id).toBe(id)
    app.clock.advance(1)
    app.clearEvents()
    await app.request((session) => session.get('cart'))
    expect(app.browser.id).not.toBe(id)
    expect(app.eventTypes()).toEqual(['loaded', 'saved', 'id-cycled', 'cookie-set'])
    const { seenAt, createdAt } = await app.row()
    expect(seenAt - createdAt).toBe(INTERVAL)
  })

  it('replaces none without the option', async () => {
    const app = await appWith({ cart: [1] })
    const { id } = app.browser
    app.clock.advance(20 * INTERVAL)
    await app.request((session) => void session.increment('n'))
    expect(app.browser.id).toBe(id)
  })

  it('does it with one write, together with the changes of the request', async () => {
    const app = await dueApp()
    app.clearEvents()
    await app.request((session) => void session.increment('n'))
    expect(app.eventReasons('saved')).toEqual(['new-id'])
    expect(await app.read()).toEqual({ cart: [1], n: 1 })
  })

  it.each<[string, (app: TestApp) => Promise<unknown>]>([
    ['did not use the session', (app) => app.request(() => undefined)],
    ['got an error', (app) => app.request((session) => session.get('cart'), { status: 500 })],
    [
      'does not count as activity',
      async (app) => {
        const request = { secure: true, loopback: false, header: (name: string) => (name === 'cookie' ? app.browser.cookie : undefined) }
        const session = await app.sessions.open(request, { touch: false })
        session.get('cart')
        await app.sessions.commit(session, { status: 200 })
      },
    ],
    [
      'is speculative',
      async (app) => {
        const header = (name: string): string | undefined => (name === 'cookie' ? app.browser.cookie : undefined)
        const session = await app.sessions.open({ secure: true, loopback: false, isQuiet: true, header })
        session.get('cart')
        await app.sessions.commit(session, { status: 200 })
      },
    ],
    [
      'has no response, such as a job',
      async (app) => {
        const session = await app.sessions.load(String(app.browser.id))
        session.increment('n')
        await session.save()
        expect(session.id).toBe(app.browser.id)
      },
    ],
  ])('replaces no id for a request that %s', async (_name, request) => {
    const app = await dueApp()
    const { id } = app.browser
    app.clearEvents()
    await request(app)
    expect(app.browser.id).toBe(id)
    expect(app.eventReasons('id-cycled')).toEqual([])
    expect(await app.read()).toMatchObject({ cart: [1] })
  })

  it('a claim that finds nothing replaces the id, and returns nothing', async () => {
    const app = await dueApp()
    const { id } = app.browser
    await app.request(async (session) => {
      session.get('cart')
      expect(await session.claim('coupon')).toBeUndefined()
    })
    expect(app.browser.id).not.toBe(id)
    expect(await app.read()).toEqual({ cart: [1] })
  })

  it('a request whose session ends before its id is replaced keeps what it read, and can save nothing', async () => {
    const app = await dueApp()
    const slow = await app.open(app.browser.copy())
    expect(slow.get('cart')).toEqual([1])
    await app.request((session) => session.flush())
    await slow.save()
    expect(slow.get('cart')).toEqual([1])
    slow.increment('n')
    expect((await rejection(app.sessions.commit(slow, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
    expect(await app.read(app.browser)).toEqual({})
  })

  it('a store that fails, or does not report the outcome, does not fail a request that reads', async () => {
    for (const failure of ['refused', 'lost'] as const) {
      const app = await dueApp((memory) => new ScriptedStore(memory))
      const scripted = app.store as ScriptedStore
      scripted.on({
        replace: async (next) => {
          if (failure === 'lost') await next()
          throw new StoreError('replace', failure, failure === 'lost' ? {} : { applied: false })
        },
      })
      app.clearEvents()
      expect((await app.request((session) => session.get('cart'))).result).toEqual([1])
      scripted.on({})
      app.clock.advance(3 * MINUTE)
      expect((await app.request((session) => session.get('cart'))).result).toEqual([1])
      expect(await app.read()).toEqual({ cart: [1] })
    }
  })

  it.each<[string, Duration, RegExp]>([
    ['shorter than 5 minutes', '4m', /at least '5m'/],
    ['longer than `absolute`', '31d', /`absolute`/],
    ['not a duration', 'often' as Duration, /cycleId/],
  ])('%s is a ConfigError', (_name, cycleId, message) => {
    const error = thrown(() => createSessions({ store: new MemoryStore(), cycleId }))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringMatching(message)])
  })

  it.each<[string, () => Store]>([
    ['a CookieStore', () => new CookieStore({ secrets: SECRET })],
    ['a CookieStore with `revocation`', () => new CookieStore({ secrets: SECRET, revocation: new SqliteStore(':memory:') })],
  ])('is refused with %s, where requests in flight would be logged out', (_name, open) => {
    const error = thrown(() => createSessions({ store: open(), cycleId: '15m' }))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining('`cycleId`')])
  })
})
