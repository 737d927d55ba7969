import { describe, expect, it } from 'vitest'
import type { Replace } from '../../../src/core/store/store.ts'
import { StoreError } from '../../../src/index.ts'
import { rejection, worldWith } from '../fixture.ts'
import { hangsAfter, resent, scripted } from '../scripted-requests.ts'
import { forever, lostAnswer, lostRequest, real, type Script, ScriptedStore, times } from '../scripted-store.ts'

describe('a replace', () => {
  const survived: [string, Script][] = [
    ['whose answer was lost', times(1, lostAnswer)],
    ['whose answer was lost twice', times(2, lostAnswer)],
    ['that never got there', times(1, lostRequest)],
    ['that never got there, twice', times(2, lostRequest)],
    ['that hangs after its effect', times(1, hangsAfter)],
    ['that hangs without effect', times(1, forever)],
    ['that a client library sent twice', times(1, resent)],
    [
      'that fails surely at first',
      times(2, () => {
        throw new StoreError('replace', 'busy', { applied: false })
      }),
    ],
  ]
  it.each(survived)('%s takes effect exactly once', async (_name, script) => {
    const { world, store } = await scripted({ n: 0 })
    store.on({ replace: script })
    await world.visit((session) => session.increment('n'))
    store.on({})
    expect(await world.read()).toEqual({ n: 1 })
  })

  it('that arrives late, after it was sent again, has no effect', async () => {
    const { world, store } = await scripted({ n: 0 })
    let arrived: unknown
    store.on({
      replace: times(1, (next) => {
        void real(60)
          .then(next)
          .then((answer) => (arrived = answer))
        throw new Error('the connection was lost')
      }),
    })
    await world.visit((session) => session.increment('n'))
    await real(80)
    expect(arrived).toMatchObject({ ok: false })
    expect(await world.read()).toEqual({ n: 1 })
  })

  it('that arrives late, while it is looked for, is found', async () => {
    const { world, store } = await scripted({ n: 0 })
    let sent = false
    store.on({
      replace: (next) => {
        if (sent) return undefined
        sent = true
        void real(5).then(next)
        throw new Error('the connection was lost')
      },
      load: async (next) => {
        await real(10)
        return next()
      },
    })
    const session = await world.open()
    session.increment('n')
    await world.sessions.commit(session, { status: 200 })
    store.on({})
    expect(await world.read()).toEqual({ n: 1 })
  })

  it('whose answer was lost and that others wrote over is recognised by its mark', async () => {
    const { world, store } = await scripted({ n: 0 })
    store.on({
      replace: times(1, async (next) => {
        await next()
        store.on({})
        const manager = world.manager()
        for (let round = 0; round < 3; round++) {
          const other = await world.open(world.browser, manager)
          other.increment('n', 10)
          await manager.commit(other, { status: 200 })
        }
        throw new Error('the connection was lost')
      }),
    })
    await world.visit((session) => session.increment('n'))
    expect(await world.read()).toEqual({ n: 31 })
  })

  it('that was lost while 32 other managers wrote is unknown', async () => {
    const { world, store } = await scripted({ n: 0 })
    store.on({
      replace: times(1, async (next) => {
        await next()
        store.on({})
        for (let round = 0; round < 32; round++) {
          const manager = world.manager()
          const other = await world.open(world.browser, manager)
          other.increment('others')
          await manager.commit(other, { status: 200 })
        }
        throw new Error('the connection was lost')
      }),
    })
    const session = await world.open()
    session.increment('n')
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(await world.read()).toEqual({ n: 1, others: 32 })
  })

  it('that was applied longer ago than the request timeout, and whose mark is gone, is unknown and never a conflict', async () => {
    const world = await worldWith({ n: 0 }, { timeout: { operation: '150ms', request: '30ms' } }, (memory) => new ScriptedStore(memory))
    const store = world.store as ScriptedStore
    store.on({ replace: times(1, hangsAfter) })
    const session = await world.open()
    session.increment('n')
    const failed = rejection(world.sessions.commit(session, { status: 200 }))
    await real(10)
    world.clock.advance(1000)
    const manager = world.manager({ timeout: { operation: '150ms', request: '30ms' } })
    const other = await world.open(world.browser, manager)
    other.set('x', 1)
    await manager.commit(other, { status: 200 })
    expect((await failed).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(await world.read()).toEqual({ n: 1, x: 1 })
  })

  it('that was lost, on a row that is missing now, is unknown', async () => {
    const { world, store } = await scripted({ n: 0 })
    const [key] = await world.onlyRow()
    store.on({
      replace: times(1, async (next) => {
        await next()
        await world.memory.delete({ key })
        throw new Error('lost')
      }),
    })
    const session = await world.open()
    session.increment('n')
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect((await world.rows()).length).toBe(0)
  })

  it('that never answers, on a store that cannot be read, is unknown at the deadline', async () => {
    const { world, store } = await scripted({ n: 0 })
    const session = await world.open()
    session.increment('n')
    store.on({ replace: forever, load: forever })
    expect(await rejection(world.sessions.commit(session, { status: 200 }))).toMatchObject({
      code: 'ERR_SESSION_COMMIT_UNKNOWN',
      status: 503,
    })
  })

  it('that surely failed again and again is StoreError, and nothing was applied', async () => {
    const { world, store } = await scripted({ n: 0 })
    const session = await world.open()
    session.increment('n')
    store.on({
      replace: () => {
        throw new StoreError('replace', 'full', { applied: false })
      },
    })
    expect(await rejection(world.sessions.commit(session, { status: 200 }))).toMatchObject({
      code: 'ERR_SESSION_STORE',
      operation: 'replace',
      applied: false,
      status: 503,
    })
    expect(store.calls).not.toContain('delete')
    store.on({})
    expect(await world.read()).toEqual({ n: 0 })
  })

  it('repeats under the same nonce', async () => {
    const { world, store } = await scripted({ n: 0 })
    const versions: string[] = []
    let failures = 2
    store.on({
      replace: (_next, operation) => {
        versions.push((operation as Replace).entry.version)
        failures -= 1
        if (failures >= 0) throw new Error('lost')
      },
    })
    await world.visit((session) => session.increment('n'))
    expect([versions.length, new Set(versions).size]).toEqual([3, 1])
  })
})
