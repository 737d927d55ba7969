import { describe, expect, it, vi } from 'vitest'
import type { SessionEvent } from '../../../src/index.ts'
import { appWith, Browser, catchRejection, HOUR, TestApp } from '../fixture.ts'
import { neverSettles, ScriptedStore } from '../scripted-store.ts'

describe('events', () => {
  it('are emitted with a reason for every decision', async () => {
    const app = await appWith({ a: 1 }, { timeout: { operation: '20ms', request: '60ms' } }, (memory) => new ScriptedStore(memory))
    const store = app.store as ScriptedStore
    const record = async (work: () => unknown): Promise<string[]> => {
      app.clearEvents()
      await work()
      return app.events.map(({ type, reason }) => `${type}:${reason}`)
    }
    const anonymous = (): { browser: Browser } => ({ browser: new Browser() })
    const conflict = async (): Promise<void> => {
      const [first, second] = [await app.open(), await app.open()]
      first.set('a', 2)
      second.set('a', 3)
      await app.sessions.commit(first, { status: 200 })
      await app.sessions.commit(second, { status: 200 })
    }
    expect(await record(() => app.request(() => undefined, anonymous()))).toEqual(['absent:no-cookie', 'unchanged:not-used'])
    expect(await record(() => app.request(() => undefined, { browser: new Browser('__Host-sid=x') }))).toEqual([
      'absent:malformed-cookie',
      'unchanged:not-used',
    ])
    const two = ['A', 'B'].map((letter) => `__Host-sid=${letter.repeat(16)}.${letter.repeat(32)}`)
    expect(await record(() => app.request(() => undefined, { browser: new Browser(two.join('; ')) }))).toEqual([
      'absent:unknown-or-expired',
      'unchanged:not-used',
    ])
    expect(await record(() => app.request(() => undefined, { browser: new Browser(two[0]) }))).toEqual([
      'absent:unknown-or-expired',
      'unchanged:not-used',
    ])
    expect(await record(() => app.request((session) => session.get('a')))).toEqual(['loaded:found', 'unchanged:read-only'])
    expect(await record(() => app.request((session) => session.cycleId(), anonymous()))).toEqual([
      'absent:no-cookie',
      'unchanged:nothing-to-save',
    ])
    expect(await record(() => app.request((session) => session.set('a', 1), anonymous()))).toEqual([
      'absent:no-cookie',
      'created:changed',
      'cookie-set:new-id',
    ])
    expect(await record(() => app.request((session) => session.login(1), anonymous()))).toEqual([
      'absent:no-cookie',
      'created:login',
      'cookie-set:new-id',
    ])
    expect(await record(() => app.request((session) => session.set('a', 1)))).toEqual(['loaded:found', 'saved:changed'])
    expect(await record(() => app.request((session) => session.set('b', 1).claim('a')))).toEqual([
      'loaded:found',
      'saved:claimed',
      'saved:changed',
    ])
    expect(await record(conflict)).toEqual([
      'loaded:found',
      'loaded:found',
      'saved:changed',
      'saved:changed',
      'merged:changed-concurrently',
      'overwritten:set-by-both',
    ])
    expect(await record(() => app.request((session) => session.set('a', 1), { status: 500 }))).toEqual([
      'loaded:found',
      'unchanged:failed-response',
    ])
    app.clock.advance(2 * HOUR)
    expect(await record(() => app.request((session) => session.get('a')))).toEqual(['loaded:found', 'touched:idle'])
    app.clock.advance(2 * HOUR)
    store.on({ touch: neverSettles })
    expect(await record(() => app.request((session) => session.get('a')))).toEqual(['loaded:found', 'touch-refused:store-error'])
    store.on({ load: neverSettles })
    expect(await record(() => app.request(() => undefined))).toEqual(['load-failed:store-error', 'unchanged:not-used'])
    store.on({})
    expect(await record(() => app.request((session) => session.cycleId()))).toEqual([
      'loaded:found',
      'saved:new-id',
      'id-cycled:requested',
      'cookie-set:new-id',
    ])
    const old = app.browser.copy()
    expect(await record(() => app.request((session) => session.login(1)))).toEqual(['loaded:found', 'saved:login', 'cookie-set:new-id'])
    expect(await record(() => app.request((session) => session.reauthenticate()))).toEqual([
      'loaded:found',
      'saved:new-id',
      'reauthenticated:same-user',
      'cookie-set:new-id',
    ])
    expect(await record(() => catchRejection(app.request((session) => session.set('a', 1), { browser: old.copy() })))).toEqual([
      'absent:other-id',
      'found-ended:ended',
      'commit-failed:ERR_SESSION_ENDED',
    ])
    expect(await record(() => app.request((session) => session.login(2)))).toEqual([
      'loaded:found',
      'ended:other-user',
      'created:login',
      'cookie-set:new-id',
    ])
    expect(await record(() => app.request((session) => session.flush()))).toEqual(['loaded:found', 'ended:flush', 'cookie-deleted:flush'])
  })

  it('contain the handle, which is the key of the row', async () => {
    const app = await appWith({ a: 1 })
    const [key] = await app.onlyRow()
    await app.request((session) => void session.set('a', 2))
    expect(app.events.map(({ handle }) => handle)).toEqual([key, key])
  })

  it('never contain an id, a cookie, a secret or data', async () => {
    const app = new TestApp({ timeout: { operation: '20ms', request: '60ms' } }, (memory) => new ScriptedStore(memory))
    const canary = 'c4n4ry'
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const cookies = new Set<string>()
    const visit = async (handler: Parameters<typeof app.request>[0], options: Parameters<typeof app.request>[1] = {}): Promise<void> => {
      cookies.add((options.browser ?? app.browser).cookie ?? '')
      await app.request(handler, options).catch(() => undefined)
      cookies.add((options.browser ?? app.browser).cookie ?? '')
    }
    await visit((session) => session.set('a', canary).flash('x', canary))
    await visit((session) => session.login(canary))
    const stale = app.browser.copy()
    await visit((session) => [session.get('a'), session.flashed('x'), session.update('a', (a: string) => a + canary)])
    await visit((session) => session.cycleId())
    await visit((session) => session.set('a', canary), { browser: stale })
    await visit((session) => session.login(`${canary}2`))
    await visit((session) =>
      session.update('a', () => {
        throw new Error(canary)
      }),
    )
    await visit((session) => session.claim('a'))
    ;(app.store as ScriptedStore).on({
      replace: () => {
        throw new Error(canary)
      },
      load: () => {
        throw new Error(canary)
      },
    })
    await visit((session) => session.set('a', canary))
    ;(app.store as ScriptedStore).on({})
    await app.waitForStore()
    await app.sessions.users.revoke(`${canary}2`)
    await visit((session) => session.flush())
    const text = JSON.stringify(app.events)
    expect(text).not.toContain(canary)
    for (const cookie of [...cookies].filter((each) => each !== '')) {
      const [family = '', secret = ''] = cookie.slice(cookie.indexOf('=') + 1).split('.')
      expect(text).not.toContain(family)
      expect(text).not.toContain(secret)
    }
    expect(app.events.length).toBeGreaterThan(20)
    expect(log).not.toHaveBeenCalled()
  })

  it('do not fail the request if the listener throws, and the error is logged', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const onEvent = (_event: SessionEvent): void => {
      throw new Error('listener')
    }
    const app = new TestApp({ onEvent })
    await app.request((session) => void session.set('a', 1))
    await app.request((session) => session.flush())
    expect([(await app.rows()).length, app.browser.cookie]).toEqual([0, undefined])
    expect(log).toHaveBeenCalled()
  })
})

describe('errors', () => {
  it('never contain an id or a cookie', async () => {
    const app = await appWith({ a: 1 })
    const id = app.browser.id ?? ''
    const session = await app.open()
    session.set('a', 2)
    await app.request((other) => other.flush())
    const error = await catchRejection(app.sessions.commit(session, { status: 200 }))
    expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain(id.slice(17))
  })
})
