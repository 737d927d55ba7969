import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/index.ts'
import { Browser, rejection, World, worldWith } from '../fixture.ts'
import { hangsAfter, resent, scripted, timeout } from '../scripted-requests.ts'
import { forever, lostAnswer, lostRequest, type Script, ScriptedStore, times } from '../scripted-store.ts'

describe('a create', () => {
  const survived: [string, Script][] = [
    ['whose answer was lost', times(1, lostAnswer)],
    ['that never got there', times(1, lostRequest)],
    ['that hangs after its effect', times(1, hangsAfter)],
    ['that hangs without effect', times(1, forever)],
    ['that a client library sent twice', times(1, resent)],
    [
      'that fails surely at first',
      times(1, () => {
        throw new StoreError('create', 'busy', { applied: false })
      }),
    ],
  ]
  it.each(survived)('%s makes one row, and the cookie leads to it', async (_name, script) => {
    const world = new World({ timeout }, (memory) => new ScriptedStore(memory))
    const store = world.store as ScriptedStore
    store.on({ create: script })
    await world.visit((session) => void session.set('a', 1))
    store.on({})
    expect([(await world.rows()).length, await world.read()]).toEqual([1, { a: 1 }])
  })

  it('that never answers, on a store that cannot be read, is unknown, and sends no cookie', async () => {
    const world = new World({ timeout }, (memory) => new ScriptedStore(memory))
    ;(world.store as ScriptedStore).on({ create: forever, load: forever })
    const session = await world.open()
    session.set('a', 1)
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(world.sessions.headers(session).getSetCookie()).toEqual([])
  })

  it('never adopts what another put under that id: the living session is unchanged, the new one gets another id', async () => {
    const world = await worldWith({ victim: true })
    const [before, family] = [await world.rows(), world.browser.id?.slice(0, 16) ?? '']
    const planned = [Buffer.from(family, 'base64url')]
    let drawn = 0
    const random = (size: number): Uint8Array => {
      drawn += 1
      return size === 12 && drawn > 3 && planned.length > 0 ? (planned.shift() as Uint8Array) : crypto.getRandomValues(new Uint8Array(size))
    }
    const manager = world.manager({ random })
    const browser = new Browser()
    const session = await world.open(browser, manager)
    session.set('mine', 1)
    browser.obey(await manager.commit(session, { status: 200 }))
    expect(await world.read()).toEqual({ victim: true })
    expect(await world.read(browser)).toEqual({ mine: 1 })
    expect((await world.rows()).length).toBe(before.length + 1)
  })

  it('on a store where every id is taken fails, and soon', async () => {
    const world = new World({ timeout }, (memory) => new ScriptedStore(memory))
    const store = world.store as ScriptedStore
    store.on({ create: () => (store.calls.length > 500 ? forever() : { ok: false, reason: 'taken' }) })
    const session = await world.open()
    session.set('a', 1)
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toMatch(/^ERR_SESSION_/)
    expect(store.calls.length).toBeLessThan(100)
  })
})

describe('a delete', () => {
  it.each<[string, Script]>([
    ['whose answer was lost', times(1, lostAnswer)],
    ['that never got there', times(2, lostRequest)],
    ['that hangs', times(1, forever)],
    [
      'that fails surely at first',
      times(1, () => {
        throw new StoreError('delete', 'busy', { applied: false })
      }),
    ],
  ])('%s is sent again', async (_name, script) => {
    const { world, store } = await scripted({ a: 1 })
    store.on({ delete: script })
    const { headers } = await world.visit((session) => session.flush())
    expect([(await world.rows()).length, headers.getSetCookie().length]).toEqual([0, 1])
  })

  it('that is never heard fails the request; the cookie stays', async () => {
    const { world, store } = await scripted({ a: 1 })
    store.on({ delete: forever })
    const session = await world.open()
    session.flush()
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(world.sessions.headers(session).getSetCookie()).toEqual([])
  })

  it('that surely fails is StoreError; the cookie stays', async () => {
    const { world, store } = await scripted({ a: 1 })
    store.on({
      delete: () => {
        throw new StoreError('delete', 'read-only', { applied: false })
      },
    })
    const session = await world.open()
    session.flush()
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_STORE')
    expect(world.sessions.headers(session).getSetCookie()).toEqual([])
  })
})
