import { describe, expect, it, vi } from 'vitest'
import type { SessionEvent } from '../../../src/index.ts'
import { Browser, HOUR, rejection, World, worldWith } from '../fixture.ts'
import { forever, ScriptedStore } from '../scripted-store.ts'

describe('events', () => {
  it('there is one with a reason for every decision', async () => {
    const world = await worldWith({ a: 1 }, { timeout: { operation: '20ms', request: '60ms' } }, (memory) => new ScriptedStore(memory))
    const store = world.store as ScriptedStore
    const told = async (work: () => unknown): Promise<string[]> => {
      world.forgetEvents()
      await work()
      return world.events.map(({ type, reason }) => `${type}:${reason}`)
    }
    const anonymous = (): { browser: Browser } => ({ browser: new Browser() })
    const conflict = async (): Promise<void> => {
      const [first, second] = [await world.open(), await world.open()]
      first.set('a', 2)
      second.set('a', 3)
      await world.sessions.commit(first, { status: 200 })
      await world.sessions.commit(second, { status: 200 })
    }
    expect(await told(() => world.visit(() => undefined, anonymous()))).toEqual(['absent:no-cookie', 'unchanged:not-used'])
    expect(await told(() => world.visit(() => undefined, { browser: new Browser('__Host-sid=x') }))).toEqual([
      'absent:malformed-cookie',
      'unchanged:not-used',
    ])
    const two = ['A', 'B'].map((letter) => `__Host-sid=${letter.repeat(16)}.${letter.repeat(32)}`)
    expect(await told(() => world.visit(() => undefined, { browser: new Browser(two.join('; ')) }))).toEqual([
      'absent:two-cookies',
      'unchanged:not-used',
    ])
    expect(await told(() => world.visit(() => undefined, { browser: new Browser(two[0]) }))).toEqual([
      'absent:unknown-or-expired',
      'unchanged:not-used',
    ])
    expect(await told(() => world.visit((session) => session.get('a')))).toEqual(['loaded:found', 'unchanged:read-only'])
    expect(await told(() => world.visit((session) => session.cycleId(), anonymous()))).toEqual([
      'absent:no-cookie',
      'unchanged:nothing-to-save',
    ])
    expect(await told(() => world.visit((session) => session.set('a', 1), anonymous()))).toEqual([
      'absent:no-cookie',
      'created:changed',
      'cookie-set:new-id',
    ])
    expect(await told(() => world.visit((session) => session.login(1), anonymous()))).toEqual([
      'absent:no-cookie',
      'created:login',
      'cookie-set:new-id',
    ])
    expect(await told(() => world.visit((session) => session.set('a', 1)))).toEqual(['loaded:found', 'saved:changed'])
    expect(await told(() => world.visit((session) => session.set('b', 1).claim('a')))).toEqual([
      'loaded:found',
      'saved:claimed',
      'saved:changed',
    ])
    expect(await told(conflict)).toEqual([
      'loaded:found',
      'loaded:found',
      'saved:changed',
      'saved:changed',
      'merged:changed-meanwhile',
      'overwritten:set-by-both',
    ])
    expect(await told(() => world.visit((session) => session.set('a', 1), { status: 500 }))).toEqual([
      'loaded:found',
      'unchanged:failed-response',
    ])
    world.clock.advance(2 * HOUR)
    expect(await told(() => world.visit((session) => session.get('a')))).toEqual(['loaded:found', 'touched:idle'])
    world.clock.advance(2 * HOUR)
    store.on({ touch: forever })
    expect(await told(() => world.visit((session) => session.get('a')))).toEqual(['loaded:found', 'touch-refused:store-error'])
    store.on({ load: forever })
    expect(await told(() => world.visit(() => undefined))).toEqual(['load-failed:store-error', 'unchanged:not-used'])
    store.on({})
    expect(await told(() => world.visit((session) => session.cycleId()))).toEqual(['loaded:found', 'saved:new-id', 'cookie-set:new-id'])
    const old = world.browser.copy()
    expect(await told(() => world.visit((session) => session.login(1)))).toEqual(['loaded:found', 'saved:login', 'cookie-set:new-id'])
    expect(await told(() => rejection(world.visit((session) => session.set('a', 1), { browser: old.copy() })))).toEqual([
      'absent:other-id',
      'found-ended:ended',
      'commit-failed:ERR_SESSION_ENDED',
    ])
    expect(await told(() => world.visit((session) => session.login(2)))).toEqual([
      'loaded:found',
      'ended:other-user',
      'created:login',
      'cookie-set:new-id',
    ])
    expect(await told(() => world.visit((session) => session.flush()))).toEqual(['loaded:found', 'ended:flush', 'cookie-deleted:flush'])
  })

  it('carry a handle that is the key of the row', async () => {
    const world = await worldWith({ a: 1 })
    const [key] = await world.onlyRow()
    await world.visit((session) => void session.set('a', 2))
    expect(world.events.map(({ handle }) => handle)).toEqual([key, key])
  })

  it('never carry an id, a cookie, a secret or data', async () => {
    const world = new World({ timeout: { operation: '20ms', request: '60ms' } }, (memory) => new ScriptedStore(memory))
    const canary = 'c4n4ry'
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const cookies = new Set<string>()
    const visit = async (handler: Parameters<typeof world.visit>[0], options: Parameters<typeof world.visit>[1] = {}): Promise<void> => {
      cookies.add((options.browser ?? world.browser).cookie ?? '')
      await world.visit(handler, options).catch(() => undefined)
      cookies.add((options.browser ?? world.browser).cookie ?? '')
    }
    await visit((session) => session.set('a', canary).flash('x', canary))
    await visit((session) => session.login(canary))
    const stale = world.browser.copy()
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
    ;(world.store as ScriptedStore).on({
      replace: () => {
        throw new Error(canary)
      },
      load: () => {
        throw new Error(canary)
      },
    })
    await visit((session) => session.set('a', canary))
    ;(world.store as ScriptedStore).on({})
    await world.back()
    await world.sessions.users.revoke(`${canary}2`)
    await visit((session) => session.flush())
    const told = JSON.stringify(world.events)
    expect(told).not.toContain(canary)
    for (const cookie of [...cookies].filter((each) => each !== '')) {
      const [family = '', secret = ''] = cookie.slice(cookie.indexOf('=') + 1).split('.')
      expect(told).not.toContain(family)
      expect(told).not.toContain(secret)
    }
    expect(world.events.length).toBeGreaterThan(20)
    expect(log).not.toHaveBeenCalled()
  })

  it('to a listener that throws do no harm: the session ends all the same, and the error is reported', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const onEvent = (_event: SessionEvent): void => {
      throw new Error('listener')
    }
    const world = new World({ onEvent })
    await world.visit((session) => void session.set('a', 1))
    await world.visit((session) => session.flush())
    expect([(await world.rows()).length, world.browser.cookie]).toEqual([0, undefined])
    expect(log).toHaveBeenCalled()
  })
})

describe('errors', () => {
  it('never carry an id or a cookie', async () => {
    const world = await worldWith({ a: 1 })
    const id = world.browser.id ?? ''
    const session = await world.open()
    session.set('a', 2)
    await world.visit((other) => other.flush())
    const error = await rejection(world.sessions.commit(session, { status: 200 }))
    expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain(id.slice(17))
  })
})
